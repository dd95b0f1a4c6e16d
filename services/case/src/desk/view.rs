//! What a desk is shown: the steps, what became of them, and which comes next.

use std::collections::BTreeMap;

use support_proto::support::case::v1 as contract;
use support_proto::support::localisation::v1 as wire;
use time::OffsetDateTime;

use super::playbooks::Given;
use crate::api::present;
use crate::domain::case::Case;
use crate::domain::kinds::Channel;
use crate::domain::playbook::Mark;
use crate::domain::state::State;
use crate::wire::Mirrored as _;

/// What the case service itself knows of a conversation.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The case.
    pub case: Case,
    /// What became of its steps, the latest last.
    pub marks: Vec<Mark>,
    /// The channel of its last message; none where nothing was said.
    pub last_channel: Option<Channel>,
    /// When a repair was last ordered; none where none was.
    pub repair_time: Option<OffsetDateTime>,
}

impl Conversation {
    /// What the customer wants: that of the step marked last, or a repair where one was ordered since. None where nothing
    /// tells.
    #[must_use]
    pub fn purpose(&self) -> Option<String> {
        let marked = self
            .marks
            .iter()
            .rev()
            .find_map(|mark| Some((mark.at, mark.step.purpose()?.to_owned())));
        match (marked, self.repair_time) {
            (Some((at, purpose)), Some(repair)) if at > repair => Some(purpose),
            (_, Some(_)) => Some("repair".to_owned()),
            (marked, None) => marked.map(|(_, purpose)| purpose),
        }
    }

    /// The channel that it is held on, as far as the case can tell.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.last_channel.unwrap_or(self.case.concern.channel)
    }
}

/// The steps in the two languages of a conversation.
#[derive(Debug, Clone)]
pub struct Steps {
    /// In the agent's, to understand.
    pub instructions: Given,
    /// In the customer's, to say.
    pub words: Given,
}

/// What a desk is shown of a conversation about `purpose` on `channel`, with these steps.
#[must_use]
pub fn view(
    talk: &Conversation,
    purpose: &str,
    channel: Channel,
    steps: Option<&Steps>,
) -> contract::WatchPlaybookResponse {
    let state = talk.case.state();
    let steps = steps.filter(|_| state != State::Closed);
    let shown = steps.map(|steps| desk_steps(steps, &talk.marks)).unwrap_or_default();
    let next = shown
        .iter()
        .filter(|step| state != State::Resolved || step.stage() == wire::PlaybookStage::Close)
        .find(|step| step.mark.is_none());
    contract::WatchPlaybookResponse {
        case_id: talk.case.id.to_string(),
        case_state: state.to_wire().into(),
        purpose: purpose.to_owned(),
        channel: channel.to_wire().into(),
        customer_language: talk.case.concern.language.to_string(),
        stage: next.map(|step| step.stage).unwrap_or_default(),
        next_step: next.map(|step| step.step.clone()).unwrap_or_default(),
        basis: steps.map(|steps| steps.words.basis.clone()).unwrap_or_default(),
        is_stale: state != State::Closed
            && steps.is_none_or(|steps| steps.words.is_stale || steps.instructions.is_stale),
        language_mismatch: talk.case.language_mismatch(),
        steps: shown,
    }
}

fn desk_steps(steps: &Steps, marks: &[Mark]) -> Vec<contract::DeskStep> {
    let mut instructions: BTreeMap<&str, &wire::RenderedStep> = BTreeMap::new();
    for step in &steps.instructions.steps {
        instructions.insert(&step.step, step);
    }
    steps
        .words
        .steps
        .iter()
        .map(|step| contract::DeskStep {
            step: step.step.clone(),
            stage: step.stage,
            instruction: instructions.get(step.step.as_str()).and_then(|step| step.text.clone()),
            words: step.text.clone(),
            required: step.required,
            added_by: step.added_by.clone(),
            mark: marks
                .iter()
                .find(|mark| mark.step.as_str() == step.step)
                .map(present::mark),
        })
        .collect()
}

#[cfg(test)]
mod tests;
