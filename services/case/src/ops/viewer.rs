//! Whom a caller is to cases.

use support_chassis::call::Call;
use support_proto::support::options::v1::CallerKind;

use crate::domain::CustomerId;
use crate::domain::case::Case;
use crate::domain::happening::Cause;
use crate::domain::message::Speaker;
use crate::error::Error;

/// Whom a caller is to cases. What kinds may call at all is enforced before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// A customer, to whom there are no cases but their own, and who acts in their name, where they do not themselves.
    Customer(CustomerId, Option<CustomerId>),
    /// Staff, or someone who runs the system, by their subject: all cases of the region.
    Staff(String),
}

impl Viewer {
    /// The caller of `call`.
    ///
    /// # Errors
    ///
    /// [`Error::SubjectUnreadable`], where a customer's passport names none.
    pub fn of(call: &Call) -> Result<Self, Error> {
        if call.caller().kind == CallerKind::Customer {
            let customer = call.customer_id().ok_or(Error::SubjectUnreadable)?;
            let delegate = call.caller().bounds.delegate.as_deref();
            let delegate = delegate.map(|id| id.parse().map_err(|_| Error::SubjectUnreadable));
            return Ok(Self::Customer(customer, delegate.transpose()?));
        }
        Ok(Self::Staff(call.caller().subject.clone()))
    }

    /// Whether the case exists for this caller.
    #[must_use]
    pub fn may_see(&self, case: &Case) -> bool {
        match self {
            Self::Customer(customer, _) => case.belongs_to(*customer),
            Self::Staff(_) => true,
        }
    }

    /// The id by which the history names the caller: of a delegate their own.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Customer(customer, delegate) => delegate.unwrap_or(*customer).to_string(),
            Self::Staff(subject) => subject.clone(),
        }
    }

    /// The caller as one who makes something happen.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause::Call {
            actor: self.id(),
            author: self.speaker().author(),
        }
    }

    /// The caller as one who says something.
    #[must_use]
    pub fn speaker(&self) -> Speaker {
        match self {
            Self::Customer(customer, delegate) => Speaker::Customer(delegate.unwrap_or(*customer)),
            Self::Staff(subject) => Speaker::Staff(subject.clone()),
        }
    }
}
