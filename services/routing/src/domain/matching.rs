//! Who fits which task.

use super::{AgentId, Book, Language, ProductLine, Step, TaskId};

/// What a task demands of an agent. Tasks with the same need can be taken by the same agents, refusals aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// One of these languages, each at this level or better; the customer's own first.
    pub languages: Vec<(Language, i16)>,
    /// The product line, at this level or better; none where no skill is needed.
    pub product_line: Option<(ProductLine, i16)>,
    /// How much room it takes.
    pub weight: i32,
}

impl Need {
    /// What is still asked after a step. Whoever fulfilled this need fulfils that one.
    #[must_use]
    pub fn relaxed(&self, step: &Step) -> Self {
        let mut languages = self.languages.clone();
        if let Some((_, level)) = languages.first_mut() {
            *level = step.language_level.min(*level);
        }
        for also in &step.languages {
            match languages.iter_mut().find(|(language, _)| language == also) {
                Some((_, level)) => *level = step.language_level.min(*level),
                None => languages.push((also.clone(), step.language_level)),
            }
        }
        let product_line = self
            .product_line
            .map(|(line, level)| (line, level.min(step.skill_level)))
            .filter(|(_, level)| *level > 0);
        Self {
            languages,
            product_line,
            weight: self.weight,
        }
    }
}

/// What an agent can do, whatever they hold just now. Agents with the same profile can take the same tasks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    pub(crate) languages: Vec<(Language, i16)>,
    pub(crate) skills: Vec<(ProductLine, i16)>,
}

impl Profile {
    /// Of these languages and product lines, and how well each is spoken and known.
    #[must_use]
    pub fn new(mut languages: Vec<(Language, i16)>, mut skills: Vec<(ProductLine, i16)>) -> Self {
        // One order, so that the same abilities are the same profile.
        languages.sort();
        skills.sort();
        Self { languages, skills }
    }

    /// Whether whoever has it is good enough.
    #[must_use]
    pub fn fulfils(&self, need: &Need) -> bool {
        let knows =
            |(line, level): (ProductLine, i16)| self.skills.iter().any(|(known, how)| *known == line && *how >= level);
        need.product_line.is_none_or(knows)
            && need.languages.iter().any(|(wanted, level)| {
                let is_spoken = |(spoken, how): &(Language, i16)| how >= level && spoken.serves(wanted);
                self.languages.iter().any(is_spoken)
            })
    }
}

/// An agent who is available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who it is and how much they hold.
    pub book: Book,
    /// What they can do.
    pub profile: Profile,
}

/// A task and the agent it is to be offered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// The task.
    pub task: TaskId,
    /// Its version when it was looked at.
    pub version: i64,
    /// The agent.
    pub agent: AgentId,
    /// Which plan it was decided by, as its place among those that the decision was made by.
    pub plan: usize,
}

/// Why a task goes to an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// How many of the needs of its plan, each wider than the one before, were passed by because nobody fitted: 0 where
    /// nothing had to be relaxed.
    pub relaxed_steps: i16,
    /// How many agents with room fitted so far, the one who was chosen included.
    pub candidates: i32,
    /// Whether the agent had let it go by before, and nobody else fitted.
    pub asked_again: bool,
}

/// A task goes to an agent, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who is offered what, and by which plan.
    pub pairing: Pairing,
    /// Why.
    pub reason: Reason,
}
