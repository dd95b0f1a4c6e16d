//! The rules of cases. Pure: no I/O, no clock, no SQL, no protobuf.
//!
//! [`state`] is the state machine as a table; [`case`] applies it and says what happened ([`happening`]); [`timeline`]
//! is the history that is made of it; [`levels`] is what is promised for a case, and whether it is kept; [`speech`] is in
//! which language it is held; [`playbook`] what was said and asked in it already. The other modules are values that cannot
//! be wrong: [`number`], [`language`], [`words`], [`kinds`].

pub mod case;
pub mod happening;
pub mod kinds;
pub mod language;
pub mod levels;
pub mod message;
pub mod number;
pub mod playbook;
pub mod speech;
pub mod state;
pub mod timeline;
pub mod words;

support_chassis::id_type! {
    /// Names a case.
    CaseId
}
support_chassis::id_type! {
    /// Names a message in a case.
    MessageId
}
support_chassis::id_type! {
    /// Names a customer, who lives in identity-verification.
    CustomerId
}
support_chassis::id_type! {
    /// Names a device, which lives in warranty.
    DeviceId
}
support_chassis::id_type! {
    /// Names an agent, who lives in routing.
    AgentId
}
