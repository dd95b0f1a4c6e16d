//! The words of sentences. They come from localisation; where it gives none in time, a sentence goes with its key and its values,
//! and whoever shows it can see that the words are missing. A decision never waits for words longer than a moment, and never fails
//! for want of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use support_chassis::client::Peer;
use support_chassis::error::from_peer;
use support_proto::support::localisation::v1::message_service_client::MessageServiceClient;
use support_proto::support::localisation::v1::{MessageCall, RenderMessagesRequest, RenderedText};
use support_proto::support::warranty::v1::Sentence;
use tokio::time::Instant;

/// How long a decision waits for words, for all of its sentences together.
const PATIENCE: Duration = Duration::from_millis(400);
/// How long words are kept; what is published meets readers after this.
const KEPT: Duration = Duration::from_mins(1);
/// How many sentences are kept: a chain has a score of them, most of which many devices share.
const CAPACITY: u64 = 20_000;
/// The most messages that localisation takes at once.
const AT_ONCE: usize = 500;
/// What is reported of a sentence that got no words.
pub const WORDS_DEGRADED: &str = "words";

/// A sentence as it is kept: by the language asked for, its key and its values.
type Asked = (Arc<str>, SentenceKey);
/// The key and the values of a sentence, written out.
type SentenceKey = Vec<u8>;

/// Where words come from.
#[derive(Debug, Clone)]
pub struct Words {
    localisation: Peer,
    kept: Cache<Asked, Arc<RenderedText>>,
}

impl Words {
    /// Words of `localisation`, asked in the service's own name: no word depends on who asks.
    #[must_use]
    pub fn new(localisation: &Peer) -> Self {
        Self {
            localisation: localisation.own(),
            kept: Cache::builder().max_capacity(CAPACITY).time_to_live(KEPT).build(),
        }
    }

    /// Writes the sentences out in the language `locale`; leaves them as they are where that is empty. Those that get no words
    /// say so in their degradations.
    pub async fn write(&self, locale: &str, sentences: Vec<&mut Sentence>) {
        if locale.is_empty() {
            return;
        }
        let locale: Arc<str> = locale.into();
        let asked: Vec<Asked> = sentences
            .iter()
            .map(|sentence| (Arc::clone(&locale), identity(sentence)))
            .collect();
        let mut known: HashMap<&Asked, Arc<RenderedText>> = HashMap::new();
        let mut missing: Vec<(&Asked, MessageCall)> = Vec::new();
        for (asked, sentence) in asked.iter().zip(&sentences) {
            match self.kept.get(asked) {
                Some(text) => drop(known.insert(asked, text)),
                None if missing.iter().any(|(one, _)| *one == asked) => {}
                None => missing.push((asked, call(sentence))),
            }
        }
        let deadline = Instant::now() + PATIENCE;
        for some in missing.chunks(AT_ONCE) {
            let Some(texts) = self.ask(&locale, some, deadline).await else {
                break;
            };
            for ((asked, _), text) in some.iter().zip(texts) {
                let text = Arc::new(text);
                // What is not well is asked for again: a message may have been published since.
                if text.degradations.is_empty() {
                    self.kept.insert((*asked).clone(), Arc::clone(&text));
                }
                known.insert(asked, text);
            }
        }
        for (asked, sentence) in asked.iter().zip(sentences) {
            match known.get(asked) {
                Some(text) => {
                    sentence.text.clone_from(&text.text);
                    sentence.locale.clone_from(&text.locale);
                    sentence.direction = text.direction;
                    sentence.degradations.clone_from(&text.degradations);
                    sentence.version = text.version;
                }
                None => sentence.degradations = vec![WORDS_DEGRADED.to_owned()],
            }
        }
    }

    /// The texts of these messages in their order; none where localisation does not give them in time.
    async fn ask(&self, locale: &str, some: &[(&Asked, MessageCall)], deadline: Instant) -> Option<Vec<RenderedText>> {
        let request = RenderMessagesRequest {
            languages: vec![locale.to_owned()],
            messages: some.iter().map(|(_, call)| call.clone()).collect(),
            ..RenderMessagesRequest::default()
        };
        let answer = MessageServiceClient::new(self.localisation.by(deadline))
            .render_messages(request)
            .await;
        match answer {
            Ok(answer) => Some(answer.into_inner().texts),
            Err(status) => {
                let error = from_peer("localisation", status);
                tracing::info!(%error, sentences = some.len(), "localisation gave no words for a decision");
                None
            }
        }
    }
}

fn call(sentence: &Sentence) -> MessageCall {
    MessageCall {
        key: sentence.key.clone(),
        arguments: sentence.arguments.clone(),
    }
}

/// What tells one sentence from another.
fn identity(sentence: &Sentence) -> SentenceKey {
    prost::Message::encode_to_vec(&call(sentence))
}
