//! What this service is told by the standard: the playbooks, how articles are kept ([`knowledge`]), and what texts keep
//! to.

pub mod knowledge;
mod simulate;
mod texts;

use std::sync::Arc;

use support_chassis::standard::{Basis, Document, Effective, Place, Standard};
use support_proto::support::localisation::v1::{PlaybookStep, Playbooks};

use crate::domain::playbook::Step;
pub use texts::{MESSAGE_RULES, TextRules};

/// What staff say and ask.
///
/// That a message exists for every key is no rule of the document: catalogues change by themselves, so the same playbooks
/// would hold in one region and not in another. Who publishes is shown what would be said without words or not in the
/// reader's language, and a step without words still reaches its reader.
pub static PLAYBOOKS: Document<Playbooks> =
    Document::new(include_str!("../standard/playbooks.yaml")).simulated_by(simulate::simulate);

/// The steps of every conversation and those for `purpose`; none where there is no such purpose.
#[must_use]
pub fn steps<'d>(document: &'d Playbooks, purpose: Option<&'d str>) -> Option<Vec<Step<'d>>> {
    let own = match purpose {
        Some(name) => Some(document.purposes.get(name)?),
        None => None,
    };
    let always = document.always.iter().map(|(name, stated)| step(None, name, stated));
    let own = own
        .into_iter()
        .flat_map(|playbook| &playbook.steps)
        .map(|(name, stated)| step(purpose, name, stated));
    Some(always.chain(own).collect())
}

fn step<'d>(purpose: Option<&'d str>, name: &'d str, stated: &'d PlaybookStep) -> Step<'d> {
    Step {
        purpose,
        name,
        stage: stated.stage,
        order: stated.order,
        text: &stated.text,
        required: stated.required,
        product_lines: &stated.product_lines,
        channels: &stated.channels,
    }
}

/// What each place above a reader, and the reader's own, has made of the playbooks: it tells who added what.
#[derive(Debug)]
pub struct Origins {
    /// From the world down to the place.
    layers: Vec<(Place, Arc<Effective<Playbooks>>)>,
}

impl Origins {
    /// The layers of what holds.
    #[must_use]
    pub fn of(standard: &Standard<Playbooks>, held: &Arc<Effective<Playbooks>>) -> Self {
        let versions = held.basis.layers();
        let layers = versions
            .iter()
            .enumerate()
            .filter_map(|(last, version)| {
                let versions = &versions[..=last];
                // What holds at that place now is at hand. A version published meanwhile tells nothing of `held`, whose own
                // versions are then read anew.
                let now = standard.today(&version.place);
                let content = if now.basis.layers() == versions {
                    now
                } else {
                    standard.by_basis(&Basis::new(held.basis.document(), versions.to_vec()))?
                };
                Some((version.place.clone(), content))
            })
            .collect();
        Self { layers }
    }

    /// The place that has added what `is_in` looks for; none where the whole world has it.
    pub fn added_by(&self, is_in: impl Fn(&Playbooks) -> bool) -> Option<&Place> {
        self.layers
            .iter()
            .find(|(_, content)| is_in(content))
            .map(|(place, _)| place)
            .filter(|place| **place != Place::Global)
    }
}

/// Whether the document has the step.
#[must_use]
pub fn has_step(document: &Playbooks, step: &Step<'_>) -> bool {
    match step.purpose {
        None => document.always.contains_key(step.name),
        Some(purpose) => document
            .purposes
            .get(purpose)
            .is_some_and(|playbook| playbook.steps.contains_key(step.name)),
    }
}

#[cfg(test)]
mod tests;
