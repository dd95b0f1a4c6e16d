//! Somebody who answers customers, and how much they hold.

use std::fmt;

use time::OffsetDateTime;

use super::words::words;
use super::{AgentId, Book, Language, ProductLine};

words! {
    /// Whether an agent takes work.
    Presence {
        /// Takes work.
        Available = "available",
        /// At a break.
        Break = "break",
        /// Finishing the notes of the last contact.
        AfterContactWork = "after_contact_work",
        /// Not at work.
        Offline = "offline",
    }
}

/// The name that customers see. `Debug` keeps it to itself.
#[derive(Clone, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// The name, for the agent's own record and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for DisplayName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl fmt::Debug for DisplayName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DisplayName")
    }
}

/// A language an agent speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageSkill {
    /// The language.
    pub language: Language,
    /// How well, 1 to 5.
    pub level: i16,
}

/// A product line an agent knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductSkill {
    /// The product line.
    pub product_line: ProductLine,
    /// How well, 1 to 5.
    pub level: i16,
}

/// Somebody who answers customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The subject of the staff tokens that the agent calls with.
    pub subject: String,
    /// The name shown to customers.
    pub display_name: DisplayName,
    /// Where the agent works.
    pub site: String,
    /// The agent's time zone, an IANA name.
    pub time_zone: String,
    /// The languages the agent speaks.
    pub languages: Vec<LanguageSkill>,
    /// The product lines the agent knows.
    pub skills: Vec<ProductSkill>,
    /// Who the agent is, and how much they hold.
    pub book: Book,
    /// Whether the agent takes work.
    pub presence: Presence,
    /// Since when.
    pub presence_since: OffsetDateTime,
}

impl Agent {
    /// The agent's id.
    #[must_use]
    pub fn id(&self) -> AgentId {
        self.book.agent
    }

    /// The agent with another presence; none where it is the one that stands. Becoming available starts the idle time
    /// anew: someone back from lunch goes to the end of the row.
    #[must_use]
    pub fn with_presence(&self, presence: Presence, now: OffsetDateTime) -> Option<Self> {
        if presence == self.presence {
            return None;
        }
        let mut after = self.clone();
        after.presence = presence;
        after.presence_since = now;
        if presence == Presence::Available {
            after.book.idle_since = now;
        }
        Some(after)
    }
}
