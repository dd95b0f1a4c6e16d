//! Tells the story on the terminal.

use std::time::Instant;

use anyhow::Context as _;
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::Value;
use tonic::{Response, Status};

/// Texts longer than this are cut where they are shown, in characters.
const LONGEST_TEXT: usize = 120;
/// Lists longer than this are cut where they are shown.
const LONGEST_LIST: usize = 4;

/// Says what happens and shows the calls.
#[derive(Debug)]
pub(super) struct Narrator {
    brief: bool,
    steps: u32,
}

#[expect(clippy::print_stdout, reason = "this is the voice of a command")]
impl Narrator {
    pub(super) fn new(brief: bool) -> Self {
        Self { brief, steps: 0 }
    }

    /// The next step of the story.
    pub(super) fn step(&mut self, what: &str) {
        self.steps += 1;
        println!("\n{:>2}. {what}", self.steps);
    }

    /// Something worth saying within a step.
    pub(super) fn note(what: impl std::fmt::Display) {
        println!("    {what}");
    }

    /// A refusal that was to come, with its reason.
    pub(super) fn refused(who: &str, method: &str, status: &Status) {
        let reason = support_chassis::error::explain(status).reason;
        println!("    {who} → {method}: refused, {reason}: {}", status.message());
    }

    /// Sends a request, shows it and its answer, and gives the answer.
    pub(super) async fn call<Q, R>(
        &self,
        who: &str,
        method: &str,
        request: Q,
        send: impl AsyncFnOnce(Q) -> Result<Response<R>, Status>,
    ) -> anyhow::Result<R>
    where
        Q: Message + Name,
        R: Message + Name,
    {
        let shown = if self.brief { None } else { Some(json(&request)?) };
        let began = Instant::now();
        let answer = send(request)
            .await
            .map_err(|status| anyhow::anyhow!("{}: {}", status.code(), status.message()))
            .with_context(|| format!("{method}, called by {who}"))?
            .into_inner();
        let took = began.elapsed();
        if let Some(request) = shown {
            println!("    {who} → {method}\n{}", indented(&request));
            println!(
                "    ← after {:.1} ms\n{}",
                took.as_secs_f64() * 1000.0,
                indented(&json(&answer)?)
            );
        } else {
            println!("    {who} → {method} ({:.1} ms)", took.as_secs_f64() * 1000.0);
        }
        Ok(answer)
    }
}

/// A message as JSON for people: long texts and lists cut, credentials left out.
fn json<M: Message + Name>(message: &M) -> anyhow::Result<Value> {
    let kind = support_proto::descriptors()
        .get_message_by_name(&M::full_name())
        .with_context(|| format!("{} is not in the contract", M::full_name()))?;
    let dynamic = DynamicMessage::decode(kind, message.encode_to_vec().as_slice())?;
    let mut value = dynamic.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())?;
    tidy(&mut value);
    Ok(value)
}

fn tidy(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
                text.replace_range(end.., "…");
            }
        }
        Value::Array(list) => {
            let cut = list.len().saturating_sub(LONGEST_LIST);
            list.truncate(LONGEST_LIST);
            list.iter_mut().for_each(tidy);
            if cut > 0 {
                list.push(Value::String(format!("… and {cut} more")));
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                if ["sessionToken", "grantToken", "accessToken", "clientSecret"].contains(&name.as_str()) {
                    *field = Value::String("(kept from view)".to_owned());
                } else {
                    tidy(field);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn indented(value: &Value) -> String {
    let pretty = serde_json::to_string_pretty(value).unwrap_or_default();
    pretty
        .lines()
        .map(|line| format!("      {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use support_proto::support::identity::v1::CheckCodeResponse;

    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let answer = CheckCodeResponse {
            session_token: "secret-token".to_owned(),
            ..Default::default()
        };
        let shown = json(&answer).unwrap().to_string();
        assert!(
            shown.contains("kept from view") && !shown.contains("secret-token"),
            "{shown}"
        );
    }
}
