//! One desk's stream of the playbook of a case. It ends at its deadline or when the server stops, which the server's layers see
//! to; the first answer of the next stream holds all that stands.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, stream};
use support_chassis::db::Db;
use support_chassis::vault::Vault;
use support_proto::support::case::v1 as contract;
use support_proto::support::localisation::v1 as wire;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tonic::Status;

use super::playbooks::{Playbooks, Subject};
use super::view::{Conversation, Steps, view};
use crate::domain::CaseId;
use crate::domain::kinds::Channel;
use crate::error::Error;
use crate::ops::{self, Viewer};
use crate::store::marks::Pulse;
use crate::wire::Mirrored as _;

/// What `WatchPlaybook` answers with.
pub type DeskStream = Pin<Box<dyn Stream<Item = Result<contract::WatchPlaybookResponse, Status>> + Send>>;

/// The steps are asked for again after so long, for what was published meanwhile.
const FRESH: Duration = Duration::from_mins(1);
/// The same, where localisation did not answer.
const RETRY: Duration = Duration::from_secs(2);

/// What a desk asks for. No `Debug`: it holds a person's name.
#[derive(Clone)]
pub struct Asked {
    /// The case.
    pub case: CaseId,
    /// What the agent reads, best first.
    pub languages: Vec<String>,
    /// What the customer wants; none to go by the case.
    pub purpose: Option<String>,
    /// The channel; none to go by the case.
    pub channel: Option<Channel>,
    /// The name that the agent goes by; empty where it is not told.
    pub agent_name: String,
}

/// One desk.
struct Desk {
    db: Db,
    vault: Vault,
    playbooks: Playbooks,
    viewer: Viewer,
    asked: Asked,
    pulse: watch::Receiver<Pulse>,
    /// The steps as they were last given, what for, and when to ask again.
    given: Option<(Subject, Subject, Instant, Option<Steps>)>,
    shown: Option<contract::WatchPlaybookResponse>,
}

/// Opens the stream.
///
/// # Errors
///
/// [`Error::CaseNotFound`], and the database's.
pub async fn open(
    (db, vault): (Db, Vault),
    playbooks: Playbooks,
    viewer: Viewer,
    asked: Asked,
    pulse: watch::Receiver<Pulse>,
) -> Result<DeskStream, Error> {
    let mut connection = db.read().await?;
    ops::get_case(&mut connection, &vault, &viewer, asked.case).await?;
    drop(connection);
    let desk = Desk {
        db,
        vault,
        playbooks,
        viewer,
        asked,
        pulse,
        given: None,
        shown: None,
    };
    Ok(Box::pin(stream::unfold(Some(desk), |desk| async {
        let mut desk = desk?;
        match desk.next().await {
            Ok(answer) => Some((Ok(answer), Some(desk))),
            Err(error) => Some((Err(error.into()), None)),
        }
    })))
}

impl Desk {
    /// The playbook, once it is another than was shown.
    async fn next(&mut self) -> Result<contract::WatchPlaybookResponse, Error> {
        loop {
            // Before the look: what changes during it is looked at again.
            self.pulse.mark_unchanged();
            let talk = {
                let mut connection = self.db.read().await?;
                ops::conversation(&mut connection, &self.vault, &self.viewer, self.asked.case).await?
            };
            let channel = self.asked.channel.unwrap_or_else(|| talk.channel());
            let purpose = self
                .asked
                .purpose
                .clone()
                .or_else(|| talk.purpose())
                .unwrap_or_default();
            let again = self.bring(&talk, &purpose, channel).await;
            let steps = self.given.as_ref().and_then(|(_, _, _, steps)| steps.as_ref());
            let answer = view(&talk, &purpose, channel, steps);
            if self.shown.as_ref() != Some(&answer) {
                self.shown = Some(answer.clone());
                return Ok(answer);
            }
            // Nobody else can end it: the sender lives as long as there are receivers.
            let _ = timeout_at(again, self.pulse.changed()).await;
        }
    }

    /// Asks for the steps where those at hand are for something else, or old. Gives when to ask again.
    async fn bring(&mut self, talk: &Conversation, purpose: &str, channel: Channel) -> Instant {
        let subject = |languages: Vec<String>| Subject {
            purpose: purpose.to_owned(),
            product_line: talk
                .case
                .concern
                .product_line
                .map(|line| line.to_wire().into())
                .unwrap_or_default(),
            channel: channel.to_wire().into(),
            place: talk
                .case
                .concern
                .country
                .map(|country| format!("country/{country}"))
                .unwrap_or_default(),
            languages,
        };
        let (to_read, to_say) = (subject(self.asked.languages.clone()), subject(customer_reads(talk)));
        if let Some((read, say, again, _)) = &self.given
            && (read, say) == (&to_read, &to_say)
            && Instant::now() < *again
        {
            return *again;
        }
        let names = [
            ("case_number", talk.case.number.to_string()),
            ("agent_name", self.asked.agent_name.clone()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| wire::Argument {
            name: name.to_owned(),
            text: Some(value),
            ..wire::Argument::default()
        })
        .collect::<Vec<_>>();
        let (instructions, words) = tokio::join!(
            self.playbooks.get(&to_read, &names),
            self.playbooks.get(&to_say, &names)
        );
        let steps = instructions
            .zip(words)
            .map(|(instructions, words)| Steps { instructions, words });
        let steps = self.better(&to_read, &to_say, steps);
        let is_fresh = steps
            .as_ref()
            .is_some_and(|steps| !steps.words.is_stale && !steps.instructions.is_stale);
        let again = Instant::now() + if is_fresh { FRESH } else { RETRY };
        self.given = Some((to_read, to_say, again, steps));
        again
    }

    /// What this desk had with the names in it is better than what is kept without, where it is for the same.
    fn better(&self, to_read: &Subject, to_say: &Subject, steps: Option<Steps>) -> Option<Steps> {
        let is_stale = steps
            .as_ref()
            .is_none_or(|steps| steps.words.is_stale || steps.instructions.is_stale);
        match &self.given {
            Some((read, say, _, Some(had))) if is_stale && (read, say) == (to_read, to_say) => {
                let mut had = had.clone();
                had.words.is_stale = true;
                had.instructions.is_stale = true;
                Some(had)
            }
            _ => steps,
        }
    }
}

/// The language to speak to the customer, then what else they read.
fn customer_reads(talk: &Conversation) -> Vec<String> {
    let concern = &talk.case.concern;
    let mut seen = BTreeSet::new();
    [&concern.language, &concern.speech.stated]
        .into_iter()
        .chain(&concern.speech.reads)
        .map(ToString::to_string)
        .filter(|tag| seen.insert(tag.clone()))
        .take(20)
        .collect()
}
