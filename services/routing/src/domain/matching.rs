//! Who fits which task.

use std::fmt;
use std::str::FromStr;

use super::{AgentId, Book, Channel, Language, ProductLine, Shortlist, TaskId};

/// A text that is no name of a skill or a certification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a name: lower-case words of letters and digits, joined by `-`, `_` or `/`, up to 60 characters")]
pub struct NotAName;

/// Whether a text is lower-case words of letters and digits, joined by `-`, `_` or `/`.
fn is_name(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= 60 && text.split(['-', '_', '/']).all(is_word)
}

/// Makes a short lower-case name a type of its own.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAName;

            fn from_str(name: &str) -> Result<Self, NotAName> {
                if is_name(name) { Ok(Self(name.into())) } else { Err(NotAName) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

names! {
    /// Something an agent can do, more or less well: `product/phone`, `area/account-security`, `accessibility/sign-language`.
    Skill
}
names! {
    /// Something an agent has been certified for: `cert/battery-safety`.
    Certification
}

impl Skill {
    /// That a product line is known.
    #[must_use]
    pub fn product(line: ProductLine) -> Self {
        Self(format!("product/{line}").into())
    }
}

/// Where an agent has to be for a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// No matter where.
    #[default]
    Anywhere,
    /// At one of these sites, or in one of these regions; both sorted, each once.
    Within {
        /// The sites.
        sites: Vec<String>,
        /// The regions.
        regions: Vec<String>,
    },
}

impl Scope {
    /// At one of these sites, or in one of these regions; anywhere where none is named.
    #[must_use]
    pub fn within(mut sites: Vec<String>, mut regions: Vec<String>) -> Self {
        if sites.is_empty() && regions.is_empty() {
            return Self::Anywhere;
        }
        for names in [&mut sites, &mut regions] {
            names.sort();
            names.dedup();
        }
        Self::Within { sites, regions }
    }

    /// The same, and at these sites and in these regions too.
    #[must_use]
    pub fn widened(self, also_sites: &[String], also_regions: &[String]) -> Self {
        match self {
            Self::Anywhere => Self::Anywhere,
            Self::Within { mut sites, mut regions } => {
                sites.extend_from_slice(also_sites);
                regions.extend_from_slice(also_regions);
                Self::within(sites, regions)
            }
        }
    }

    /// Whether somebody at a site of a region is within.
    #[must_use]
    pub fn admits(&self, site: &str, region: &str) -> bool {
        let is_in = |names: &[String], name: &str| names.iter().any(|known| known == name);
        match self {
            Self::Anywhere => true,
            Self::Within { sites, regions } => is_in(sites, site) || is_in(regions, region),
        }
    }
}

/// What a task demands of an agent. Tasks with the same need can be taken by the same agents, refusals aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// One of these languages, each at this level or better; the customer's own first.
    pub languages: Vec<(Language, i16)>,
    /// Of each of these lists one skill, at its level or better: the one that is wanted, and those that serve as well.
    pub skills: Vec<Vec<(Skill, i16)>>,
    /// All of these, unexpired; sorted, each once.
    pub certifications: Vec<Certification>,
    /// Where the agent has to be.
    pub scope: Scope,
    /// One of these agents; empty for anybody.
    pub agents: Vec<AgentId>,
    /// The way the contact is held: what the agent must have room for.
    pub channel: Channel,
}

/// What an agent can do, whatever they hold just now. Agents with the same profile can take the same tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Profile {
    pub(crate) languages: Vec<(Language, i16)>,
    pub(crate) skills: Vec<(Skill, i16)>,
    pub(crate) certifications: Vec<Certification>,
    pub(crate) site: String,
    pub(crate) region: String,
}

/// What keeps an agent from a task, of all that a task may demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lack {
    /// They are none of the agents who were asked for.
    Agent,
    /// They speak none of the languages well enough.
    Language,
    /// They do not know something well enough.
    Skill,
    /// They are not certified, or not any more.
    Certification,
    /// They are elsewhere.
    Place,
}

impl Profile {
    /// Of these languages and skills, and how well each is spoken and known; certified for nothing, nowhere in particular.
    #[must_use]
    pub fn new(mut languages: Vec<(Language, i16)>, mut skills: Vec<(Skill, i16)>) -> Self {
        // One order, so that the same abilities are the same profile.
        languages.sort();
        skills.sort();
        Self {
            languages,
            skills,
            ..Self::default()
        }
    }

    /// The same, at a site of a region; empty where it is not known.
    #[must_use]
    pub fn at(mut self, site: String, region: String) -> Self {
        self.site = site;
        self.region = region;
        self
    }

    /// The same, with the certifications that hold now.
    #[must_use]
    pub fn certified(mut self, mut certifications: Vec<Certification>) -> Self {
        certifications.sort();
        certifications.dedup();
        self.certifications = certifications;
        self
    }

    /// Whether whoever has it is good enough; which agent it is, is looked at apart.
    #[must_use]
    pub fn fulfils(&self, need: &Need) -> bool {
        self.lacks(need).is_none()
    }

    /// The first thing in which whoever has it is not good enough; none where they are. Which agent it is, is looked at apart.
    #[must_use]
    pub fn lacks(&self, need: &Need) -> Option<Lack> {
        let speaks = |(wanted, level): &(Language, i16)| {
            let is_spoken = |(spoken, how): &(Language, i16)| how >= level && spoken.serves(wanted);
            self.languages.iter().any(is_spoken)
        };
        let knows =
            |(skill, level): &(Skill, i16)| self.skills.iter().any(|(known, how)| known == skill && how >= level);
        if !need.languages.iter().any(speaks) {
            Some(Lack::Language)
        } else if !need.skills.iter().all(|any| any.iter().any(knows)) {
            Some(Lack::Skill)
        } else if !need.certifications.iter().all(|one| self.certifications.contains(one)) {
            Some(Lack::Certification)
        } else if !need.scope.admits(&self.site, &self.region) {
            Some(Lack::Place)
        } else {
            None
        }
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
    /// Who stood for it.
    pub shortlist: Shortlist,
}
