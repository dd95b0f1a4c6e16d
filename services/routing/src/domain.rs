//! The rules, pure: who fits which task, what may happen to a task and what that does to the agent who holds it, which
//! task goes to whom. No I/O, no clock, no SQL, no protobuf.

mod agent;
pub mod fairness;
mod hands;
mod language;
mod lifecycle;
mod matching;
mod plan;
mod quarters;
mod room;
mod shifts;
mod shortlist;
mod task;
mod training;
pub mod waits;
mod words;

pub use agent::{Ability, Agent, Certified, Details, DisplayName, LanguageSkill, Picture, Presence, ProductSkill};
pub use hands::{ByHand, DeskRules, HandCause};
pub use language::{Language, NotALanguage};
pub use lifecycle::{Changed, Entry, OfferEnd, Participant, Party, Refused, apply, diagram, open, transition};
pub use matching::{Candidate, Certification, Decision, Lack, Need, NotAName, Pairing, Profile, Reason, Scope, Skill};
pub use plan::{
    Acquaintance, Condition, Demand, Demanded, Facts, GENERAL, Mentioned, NotACondition, Plan, Priorities, Queue, Rule,
    Ruled, Ruling, Stage, Step,
};
pub use quarters::Quarters;
pub use room::{Book, Channels, Held, Share, Sharing};
pub use shifts::{Departure, InvalidDay, Schedule, ShiftException, ShiftPattern};
pub use shortlist::{Shortlist, Standing, Stood};
pub use support_chassis::country::Country;
pub use task::{
    Action, Area, Attributes, Cause, Change, Channel, Named, Offer, Opening, ProductLine, Segment, Severity, Task,
    TaskState,
};
pub use training::{CertifiedProduct, Course, Ending, Enrolment, Outcome, TrainingRules, required_certifications};
pub use words::UnknownWord;

support_chassis::id_type! {
    /// Names an agent.
    AgentId
}
support_chassis::id_type! {
    /// Names a task.
    TaskId
}
support_chassis::id_type! {
    /// Names an offer.
    OfferId
}
support_chassis::id_type! {
    /// Names a message of a case that was left as a note, which belongs to the case service.
    NoteId
}
support_chassis::id_type! {
    /// Names a customer, who belongs to the identity service.
    CustomerId
}
support_chassis::id_type! {
    /// Names a case, which belongs to the case service.
    CaseId
}
