//! Work that needs a person.

use time::OffsetDateTime;

use super::words::words;
use super::{AgentId, CaseId, Country, Language, OfferId, TaskId};

words! {
    /// How far a task is.
    TaskState {
        /// Waits for somebody.
        Queued = "queued",
        /// Held out to an agent.
        Offered = "offered",
        /// An agent works on it.
        Accepted = "accepted",
        /// The contact is over, the agent writes it up.
        Wrapping = "wrapping",
        /// Done.
        Completed = "completed",
        /// Ended without being done.
        Canceled = "canceled",
    }
}

impl TaskState {
    /// Whether an agent holds a task in this state: it weighs on their capacity.
    #[must_use]
    pub fn is_held(self) -> bool {
        matches!(self, Self::Offered | Self::Accepted | Self::Wrapping)
    }

    /// Whether nothing more can happen to a task in this state.
    #[must_use]
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Canceled)
    }
}

words! {
    /// Something that happens to a task.
    Change {
        /// It was made.
        Queued = "queued",
        /// It was offered to an agent.
        Offered = "offered",
        /// The agent took it.
        Accepted = "accepted",
        /// The agent declined.
        Rejected = "rejected",
        /// The agent did not answer in time.
        TimedOut = "timed_out",
        /// The agent went away with the offer open.
        Withdrawn = "withdrawn",
        /// The agent finished it.
        Completed = "completed",
        /// It ended without being done.
        Canceled = "canceled",
        /// It was held out to an agent by hand.
        Assigned = "assigned",
        /// Somebody took it upon themselves, without an offer.
        TakenOver = "taken_over",
        /// It was taken from whoever had it or had it offered.
        PulledBack = "pulled_back",
        /// The contact is over; the agent writes it up.
        ContactEnded = "contact_ended",
        /// The agent passed it on.
        Transferred = "transferred",
        /// Another agent joined the contact.
        Joined = "joined",
        /// An agent who had joined left the contact.
        Left = "left",
        /// An agent who had joined has it now; whoever had it has joined.
        HandedOver = "handed_over",
        /// Its agent was out of sight for too long.
        Lapsed = "lapsed",
        /// The customer wants to be called back instead of waiting.
        CallbackRequested = "callback_requested",
        /// The time for which the customer asked to be called back, or to be tried again, has come.
        CallbackDue = "callback_due",
        /// The agent called back and did not reach the customer.
        NotReached = "not_reached",
        /// The customer was called back as often as is tried, and not reached.
        GivenUp = "given_up",
    }
}

impl Change {
    /// Whether an agent who held nothing of the task holds it after this.
    #[must_use]
    pub fn gives(self) -> bool {
        matches!(self, Self::Offered | Self::Assigned | Self::TakenOver)
    }

    /// Whether it concerns an agent beside the one who has the task, and goes by [`Party`](super::Party).
    #[must_use]
    pub fn is_of_participants(self) -> bool {
        matches!(self, Self::Joined | Self::Left | Self::HandedOver)
    }
}

/// What an agent asks for, as error metadata names it.
pub type Action = Change;

words! {
    /// The way a contact is held.
    Channel {
        /// A telephone call.
        Phone = "phone",
        /// Electronic mail.
        Email = "email",
        /// Chat on the web.
        Chat = "chat",
        /// In a store, in person.
        Store = "store",
        /// A social network.
        Social = "social",
        /// The customer app.
        App = "app",
    }
}

impl Channel {
    /// Whether the customer is there, now, and waits for the next word.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Phone | Self::Chat | Self::App)
    }
}

words! {
    /// A family of products that needs the same skill.
    ProductLine {
        /// Mobile telephones.
        Phone = "phone",
        /// Portable computers.
        Laptop = "laptop",
        /// Tablets and readers.
        Tablet = "tablet",
        /// Watches and trackers.
        Watch = "watch",
        /// Headphones and loudspeakers.
        Audio = "audio",
        /// Desktop computers and displays.
        Desktop = "desktop",
        /// Everything else that is plugged in.
        Accessory = "accessory",
    }
}

words! {
    /// What is at stake in a case.
    Severity {
        /// A question.
        Low = "low",
        /// Something does not work.
        Normal = "normal",
        /// The device cannot be used.
        High = "high",
        /// Danger to people, to data or to the account.
        Critical = "critical",
    }
}

words! {
    /// What a case is about, beyond the product.
    Area {
        /// A device, and how it works or does not.
        Device = "device",
        /// Somebody else may have access to an account, or its owner has lost it.
        AccountSecurity = "account_security",
    }
}

words! {
    /// Who a customer is, as the rules know it.
    Segment {
        /// Somebody for themselves.
        Consumer = "consumer",
        /// A company.
        Business = "business",
        /// A school or a university.
        Education = "education",
    }
}

words! {
    /// Why a case needs a person.
    Cause {
        /// It was opened.
        Opened = "opened",
        /// It was opened again.
        Reopened = "reopened",
        /// It is held in another language now.
        LanguageChanged = "language_changed",
    }
}

/// What a task says of itself: all that the routing plan goes by, the agents whom it names aside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// The channel.
    pub channel: Channel,
    /// The language the customer speaks.
    pub language: Language,
    /// Further languages that the customer speaks, the best first.
    pub further_languages: Vec<Language>,
    /// What kind of product it is about; none where no skill is needed.
    pub product_line: Option<ProductLine>,
    /// Which model; empty where it is not known.
    pub model: String,
    /// What is at stake.
    pub severity: Severity,
    /// What it is about, beyond the product; none where nobody said.
    pub area: Option<Area>,
    /// Where it is served; none where it is not known.
    pub country: Option<Country>,
    /// The region in which it is served: that of this deployment.
    pub region: String,
    /// Who the customer is; none where it is not known.
    pub segment: Option<Segment>,
    /// Why it needs a person.
    pub cause: Cause,
    /// The queue that it was passed on to by hand; none for the one that the rules name.
    pub queue: Option<String>,
}

impl Attributes {
    /// Those of a case that was opened by a channel, in a language, of which nothing else is known.
    #[must_use]
    pub fn new(channel: Channel, language: Language) -> Self {
        Self {
            channel,
            language,
            further_languages: Vec::new(),
            product_line: None,
            model: String::new(),
            severity: Severity::Normal,
            area: None,
            country: None,
            region: String::new(),
            segment: None,
            cause: Cause::Opened,
            queue: None,
        }
    }
}

/// The agents whom a task names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Named {
    /// Who helped last with the case.
    pub last_agent: Option<AgentId>,
    /// Who looks after the customer.
    pub account_manager: Option<AgentId>,
}

/// A case that needs a person: what a task is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The case.
    pub case_id: CaseId,
    /// What it says of itself.
    pub attributes: Attributes,
    /// The agents whom it names.
    pub named: Named,
}

/// Work that needs a person: one contact of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The id.
    pub id: TaskId,
    /// How many things have happened to it; the place of the last one in its history.
    pub version: i64,
    /// The case.
    pub case_id: CaseId,
    /// How far it is.
    pub state: TaskState,
    /// The channel.
    pub channel: Channel,
    /// The language.
    pub language: Language,
    /// What kind of product it is about; none where no skill is needed.
    pub product_line: Option<ProductLine>,
    /// Its priority when it was queued, 0 to 9. Higher goes first.
    pub priority: i16,
    /// How much of the capacity of the agent who has it, or last had it, it takes; 0 where nobody had it yet.
    pub weight: i32,
    /// Who has it, has it offered, or had it when it ended.
    pub agent: Option<AgentId>,
    /// How often it was offered.
    pub offer_count: i32,
    /// Where its place in line counts from, however often it is offered.
    pub queue_time: OffsetDateTime,
    /// When somebody took it.
    pub accept_time: Option<OffsetDateTime>,
    /// When it ended.
    pub end_time: Option<OffsetDateTime>,
    /// Where it is served; none where it is not known.
    pub country: Option<Country>,
    /// The versions of the routing plan by which it was last decided about: queued, or since then offered. None where that was
    /// before there were any.
    pub basis: Option<String>,
}

/// A task held out to one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The id.
    pub id: OfferId,
    /// The task.
    pub task: TaskId,
    /// The agent.
    pub agent: AgentId,
    /// When it was made.
    pub offered_at: OffsetDateTime,
    /// When it ends by itself.
    pub expires_at: OffsetDateTime,
    /// The versions of the routing plan it was made by; none where that was before there were any.
    pub basis: Option<String>,
}
