//! Somebody who answers customers.

use std::fmt;

use time::OffsetDateTime;

use super::words::words;
use super::{AgentId, Book, Certification, Language, ProductLine, Sharing, Skill};

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

/// Makes a text that `Debug` keeps to itself.
macro_rules! shown_to_customers {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The text, for the agent's own record and nothing else.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(stringify!($name))
            }
        }
    };
}

shown_to_customers! {
    /// The name that customers see. `Debug` keeps it to itself.
    DisplayName
}
shown_to_customers! {
    /// The address or the asset key of the picture that customers see; empty for none. `Debug` keeps it to itself.
    Picture
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

/// Something an agent knows beyond product lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ability {
    /// What.
    pub skill: Skill,
    /// How well, 1 to 5.
    pub level: i16,
}

/// What an agent has been certified for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    /// What for.
    pub certification: Certification,
    /// From when it holds.
    pub granted_at: OffsetDateTime,
    /// Until when; none where it does not end.
    pub expires_at: Option<OffsetDateTime>,
}

impl Certified {
    /// Whether it holds `now`.
    #[must_use]
    pub fn holds(&self, now: OffsetDateTime) -> bool {
        self.granted_at <= now && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it holds at least as long as another.
    #[must_use]
    pub fn outlasts(&self, other: &Self) -> bool {
        match (self.expires_at, other.expires_at) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(end), Some(others)) => end >= others,
        }
    }
}

/// What is known of an agent, and may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// The name shown to customers.
    pub display_name: DisplayName,
    /// The picture shown to customers.
    pub picture: Picture,
    /// Where the agent works.
    pub site: String,
    /// The region the agent works in; none for this one.
    pub region: Option<String>,
    /// The team; empty for none.
    pub team: String,
    /// The agent's time zone, an IANA name.
    pub time_zone: String,
    /// The languages the agent speaks, each once, in the order of their tags.
    pub languages: Vec<LanguageSkill>,
    /// The product lines the agent knows, each once, in the order of their names.
    pub skills: Vec<ProductSkill>,
    /// What else the agent knows, each once, in the order of their names.
    pub abilities: Vec<Ability>,
    /// How much the agent may hold, 1 to 100.
    pub capacity: i32,
    /// How that is shared out.
    pub sharing: Sharing,
}

impl Details {
    /// The same, in the order in which they are read back.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.languages.sort_by(|one, other| one.language.cmp(&other.language));
        self.skills.sort_by_key(|skill| skill.product_line.as_str());
        self.abilities.sort_by(|one, other| one.skill.cmp(&other.skill));
        self
    }
}

/// Somebody who answers customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The subject of the staff tokens that the agent calls with.
    pub subject: String,
    /// The name shown to customers.
    pub display_name: DisplayName,
    /// The picture shown to customers.
    pub picture: Picture,
    /// Where the agent works.
    pub site: String,
    /// The region the agent works in; none for this one.
    pub region: Option<String>,
    /// The team; empty for none.
    pub team: String,
    /// The agent's time zone, an IANA name.
    pub time_zone: String,
    /// The languages the agent speaks.
    pub languages: Vec<LanguageSkill>,
    /// The product lines the agent knows.
    pub skills: Vec<ProductSkill>,
    /// What else the agent knows.
    pub abilities: Vec<Ability>,
    /// What the agent has been certified for, also what does not hold any more.
    pub certifications: Vec<Certified>,
    /// Who the agent is, and how much they hold.
    pub book: Book,
    /// Whether the agent takes work.
    pub presence: Presence,
    /// Since when.
    pub presence_since: OffsetDateTime,
    /// How often what is known was changed, from 1.
    pub version: i64,
    /// When the agent left; none while they work here.
    pub deactivated_at: Option<OffsetDateTime>,
}

impl Agent {
    /// Somebody of whom this is known, who is not at work yet and certified for nothing.
    #[must_use]
    pub fn new(id: AgentId, subject: String, details: Details, now: OffsetDateTime) -> Self {
        let details = details.in_order();
        Self {
            subject,
            display_name: details.display_name,
            picture: details.picture,
            site: details.site,
            region: details.region,
            team: details.team,
            time_zone: details.time_zone,
            languages: details.languages,
            skills: details.skills,
            abilities: details.abilities,
            certifications: Vec::new(),
            book: Book {
                sharing: details.sharing,
                ..Book::new(id, details.capacity, now)
            },
            presence: Presence::Offline,
            presence_since: now,
            version: 1,
            deactivated_at: None,
        }
    }

    /// The agent's id.
    #[must_use]
    pub fn id(&self) -> AgentId {
        self.book.agent
    }

    /// What is known of the agent, and may be changed.
    #[must_use]
    pub fn details(&self) -> Details {
        Details {
            display_name: self.display_name.clone(),
            picture: self.picture.clone(),
            site: self.site.clone(),
            region: self.region.clone(),
            team: self.team.clone(),
            time_zone: self.time_zone.clone(),
            languages: self.languages.clone(),
            skills: self.skills.clone(),
            abilities: self.abilities.clone(),
            capacity: self.book.capacity,
            sharing: self.book.sharing,
        }
    }

    /// The agent of whom something else is known, at the next version; none where they hold work that could not be held so.
    #[must_use]
    pub fn changed_to(&self, details: Details) -> Option<Self> {
        let details = details.in_order();
        let book = self.book.reshared(details.capacity, details.sharing)?;
        Some(Self {
            display_name: details.display_name,
            picture: details.picture,
            site: details.site,
            region: details.region,
            team: details.team,
            time_zone: details.time_zone,
            languages: details.languages,
            skills: details.skills,
            abilities: details.abilities,
            book,
            version: self.version + 1,
            ..self.clone()
        })
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
