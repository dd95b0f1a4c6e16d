//! The history of a case: all that happened to it in any service, numbered 1, 2, 3 and so on.

use std::fmt;

use support_chassis::id::Id;
use support_chassis::named;
use time::OffsetDateTime;

use super::language::Language;
use super::message::TextOrigin;

named! {
    /// What happened.
    Kind {
        /// The case was opened.
        CaseOpened = "case_opened",
        /// Somebody said something.
        MessagePosted = "message_posted",
        /// An agent took it or was given it.
        CaseAssigned = "case_assigned",
        /// It was resolved.
        CaseResolved = "case_resolved",
        /// It was opened again.
        CaseReopened = "case_reopened",
        /// It was closed.
        CaseClosed = "case_closed",
        /// Routing queued it.
        TaskQueued = "task_queued",
        /// An agent finished the contact.
        TaskCompleted = "task_completed",
        /// The contact ended before an agent finished it.
        TaskCanceled = "task_canceled",
        /// A repair was ordered.
        RepairSubmitted = "repair_submitted",
        /// A repair moved on.
        RepairStateChanged = "repair_state_changed",
        /// Staff said how much is at stake.
        SeverityChanged = "severity_changed",
        /// It is held in another language than before.
        LanguageChanged = "language_changed",
    }
}

named! {
    /// The service that told of it.
    Source {
        /// This one.
        Case = "case",
        /// The one that finds people for cases.
        Routing = "routing",
        /// The one that has devices repaired.
        RepairLogistics = "repair-logistics",
    }
}

/// The name of an enum value of a source: upper-case letters, digits and underscores, at most 100. A name is all that a
/// history may quote of an event: it cannot hold a person's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail(String);

/// Not the name of an enum value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the name of an enum value")]
pub struct InvalidDetail;

impl Detail {
    /// Takes a name.
    ///
    /// # Errors
    ///
    /// [`InvalidDetail`], where it is none.
    pub fn parse(name: impl Into<String>) -> Result<Self, InvalidDetail> {
        let name = name.into();
        let has_form = name.len() <= 100
            && name.starts_with(|letter: char| letter.is_ascii_uppercase())
            && name
                .bytes()
                .all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
        if has_form { Ok(Self(name)) } else { Err(InvalidDetail) }
    }

    /// A language, by its tag in capitals with low lines: `ZH_HANT`.
    #[must_use]
    pub fn of_language(language: &Language) -> Self {
        Self(language.as_str().to_ascii_uppercase().replace('-', "_"))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What is to stand in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What happened.
    pub kind: Kind,
    /// The service that told of it.
    pub source: Source,
    /// The case, message, task or repair it happened to.
    pub subject: Id,
    /// What it came to; none where the kind says all.
    pub detail: Option<Detail>,
    /// The id of the customer, member of staff or agent who did it; none for the system.
    pub actor: Option<String>,
    /// When it happened, by the clock of the source.
    pub occur_time: OffsetDateTime,
}

/// A note at its place in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 1.
    pub sequence: i64,
    /// What stands there.
    pub note: Note,
    /// Where the words of a message came from; none where they are no text of the catalogues. Known where it is read, and
    /// not kept with the entry: the message has it.
    pub text: Option<TextOrigin>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_a_name_and_nothing_else() {
        assert!(Detail::parse("REPAIR_STATE_IN_REPAIR").is_ok());
        for name in ["", "_A", "7", "Repair", "CALL MRS MILLER", "MÜLLER"] {
            assert_eq!(Detail::parse(name), Err(InvalidDetail), "{name}");
        }
        assert_eq!(Detail::parse("A".repeat(101)), Err(InvalidDetail));
    }
}
