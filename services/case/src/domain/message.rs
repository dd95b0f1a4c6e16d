//! What is said in a case.

use time::OffsetDateTime;

use super::kinds::{Author, Channel};
use super::language::Language;
use super::words::Body;
use super::{CaseId, CustomerId, MessageId};

/// Who says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaker {
    /// The customer, or, by their own id, who acts in the customer's name.
    Customer(CustomerId),
    /// A member of staff, by the subject of their passport.
    Staff(String),
}

impl Speaker {
    /// What kind of speaker it is.
    #[must_use]
    pub fn author(&self) -> Author {
        match self {
            Self::Customer(_) => Author::Customer,
            Self::Staff(_) => Author::Staff,
        }
    }

    /// The customer's id or the staff's subject.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Customer(customer) => customer.to_string(),
            Self::Staff(subject) => subject.clone(),
        }
    }
}

/// Where the words of a message came from: a text of the catalogues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOrigin {
    /// The key of the message in the catalogues.
    pub key: String,
    /// The locale that it is written in.
    pub locale: Language,
    /// The version of that locale's catalogue.
    pub version: i64,
}

/// Something said in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The case.
    pub case: CaseId,
    /// Its place in the case's history.
    pub sequence: i64,
    /// Who said it.
    pub author: Author,
    /// The customer's id or the staff's subject; none for the system.
    pub author_id: Option<String>,
    /// The channel it came by.
    pub channel: Channel,
    /// The language it is written in.
    pub language: Language,
    /// The words; none where the case's customer was erased.
    pub body: Option<Body>,
    /// When it was said.
    pub send_time: OffsetDateTime,
    /// Where the words came from; none where they are no text of the catalogues.
    pub text: Option<TextOrigin>,
}
