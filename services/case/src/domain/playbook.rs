//! What became of the steps of a case's playbook.

use std::fmt;

use support_chassis::named;
use time::OffsetDateTime;

use super::kinds::Channel;
use super::message::TextOrigin;

named! {
    /// What became of a step.
    StepOutcome {
        /// It was said or asked.
        Done = "done",
        /// The conversation has made it needless.
        Skipped = "skipped",
    }
}

/// The name of a step: `always/<name>` or `<purpose>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step(String);

/// Not the name of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the name of a step")]
pub struct InvalidStep;

impl Step {
    /// Takes a name: two words of lower-case letters, digits and hyphens, up to 40 characters each, with a slash between.
    ///
    /// # Errors
    ///
    /// [`InvalidStep`], where it is none.
    pub fn parse(name: impl Into<String>) -> Result<Self, InvalidStep> {
        let name = name.into();
        let is_word = |word: &str| {
            (1..=40).contains(&word.len())
                && word.starts_with(|letter: char| letter.is_ascii_lowercase())
                && word
                    .bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        };
        let is_step = name
            .split_once('/')
            .is_some_and(|(purpose, step)| is_word(purpose) && is_word(step));
        if is_step { Ok(Self(name)) } else { Err(InvalidStep) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the customer wants whom it is said to; none for a step of every conversation.
    #[must_use]
    pub fn purpose(&self) -> Option<&str> {
        let (purpose, _) = self.0.split_once('/')?;
        (purpose != "always").then_some(purpose)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// That a step was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The step.
    pub step: Step,
    /// What became of it.
    pub outcome: StepOutcome,
    /// The channel it was said on.
    pub channel: Channel,
    /// The staff's subject.
    pub actor: String,
    /// When.
    pub at: OffsetDateTime,
    /// Which words the customer was told; none where that was not said.
    pub text: Option<TextOrigin>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_a_purpose_and_a_name() {
        assert_eq!(Step::parse("repair/back-up").unwrap().purpose(), Some("repair"));
        assert_eq!(Step::parse("always/greet-spoken").unwrap().purpose(), None);
        for name in ["", "repair", "/x", "x/", "Repair/x", "a/b/c", "repair/7"] {
            assert_eq!(Step::parse(name), Err(InvalidStep), "{name}");
        }
    }
}
