//! What can go wrong, and what the caller is told of it.

use support_chassis::db::DbError;
use support_chassis::error::{Answer, InvalidFields, ServiceError, into_status};
use support_chassis::page::PageError;
use support_proto::support::routing::v1::RoutingErrorReason as Reason;
use tonic::{Code, Status};

use crate::domain::{Action, OfferEnd, Refused, TaskId, TaskState};
use crate::simulation::door::TooLarge;
use crate::simulation::plot::NotDrawn;

/// The domain of [`Reason`] in `google.rpc.ErrorInfo`.
pub const DOMAIN: &str = "support.routing.v1";

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such agent, or the caller is none.
    #[error("there is no such agent")]
    AgentNotFound,
    /// Another agent has the subject.
    #[error("an agent with this subject exists")]
    AgentExists,
    /// The agent stands at another version than a change was meant for.
    #[error("the agent was changed by somebody else")]
    AgentChanged(i64),
    /// The agent holds work that could not be held so.
    #[error("the agent holds work that would not fit")]
    AgentHoldsWork,
    /// The agent has left.
    #[error("the agent has left")]
    AgentGone,
    /// There is no such course.
    #[error("there is no such course")]
    CourseNotFound,
    /// The agent does not take part in the course.
    #[error("the agent does not take part in the course")]
    NotEnrolled,
    /// There is no such offer to the caller.
    #[error("there is no such offer")]
    OfferNotFound,
    /// The offer stands no more.
    #[error("the offer has ended: {0}")]
    OfferEnded(OfferEnd),
    /// There is no such task that the caller may act on.
    #[error("there is no such task")]
    TaskNotFound,
    /// The task's state does not allow it.
    #[error("a task that is {state} cannot be {action}")]
    TaskState {
        /// The task.
        task: TaskId,
        /// Its state.
        state: TaskState,
        /// What was to happen to it.
        action: Action,
    },
    /// The agent has no room for the task.
    #[error("the agent has no room for the task")]
    AgentBusy,
    /// The agent does not take work now.
    #[error("the agent is not available")]
    AgentAway,
    /// The agent has not joined the contact.
    #[error("the agent is not in the contact")]
    ParticipantNotFound,
    /// The agent is in the contact already.
    #[error("the agent is in the contact already")]
    ParticipantExists,
    /// As many agents have joined the contact as may.
    #[error("no more agents may join the contact")]
    ConferenceFull,
    /// Nobody asked for the customer to be called back.
    #[error("nobody asked for a callback")]
    CallbackNotFound,
    /// The books say what the rules say cannot be: a fault of ours.
    #[error("the books of a task and its agent do not fit")]
    Books(#[source] Refused),
    /// More is asked to be simulated than may be at once.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// A simulation panicked: a fault of ours.
    #[error("a simulation did not end")]
    Simulation(#[source] tokio::task::JoinError),
    /// A plot could not be drawn: a fault of ours.
    #[error(transparent)]
    Plot(#[from] NotDrawn),
    /// Somebody else changed the same thing again and again.
    #[error("lost a race for a task")]
    Race,
    /// Fields break rules that the contract cannot state.
    #[error(transparent)]
    Invalid(#[from] InvalidFields),
    /// The page token is not one of ours for this list.
    #[error(transparent)]
    Page(#[from] PageError),
    /// Work beside the call was cut off.
    #[error("work was cut off")]
    Interrupted(#[from] tokio::task::JoinError),
    /// The database did not do it.
    #[error(transparent)]
    Db(DbError),
}

impl Error {
    /// What a refusal of the rules means for a caller who asked for `task`.
    #[must_use]
    pub fn refused(task: TaskId, refused: Refused) -> Self {
        match refused {
            Refused::State { state, change } => Self::TaskState {
                task,
                state,
                action: change,
            },
            Refused::NotJoined => Self::ParticipantNotFound,
            Refused::JoinedAlready => Self::ParticipantExists,
            Refused::Full => Self::ConferenceFull,
            Refused::NoRoom | Refused::NotTheHolder => Self::Books(refused),
        }
    }

    /// The same where somebody gives the task to an agent of their choice, who may have no room.
    #[must_use]
    pub fn refused_by_hand(task: TaskId, refused: Refused) -> Self {
        match refused {
            Refused::NoRoom => Self::AgentBusy,
            refused => Self::refused(task, refused),
        }
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error.constraint() {
            Some("agents_subject_key") => Self::AgentExists,
            _ => Self::Db(error),
        }
    }
}

impl ServiceError for Error {
    fn answer(&self) -> Answer {
        let of = |code, reason: Reason| Answer::new(code, DOMAIN, reason.as_str_name(), self.to_string());
        match self {
            Self::AgentNotFound => of(Code::NotFound, Reason::AgentNotFound),
            Self::AgentExists => of(Code::AlreadyExists, Reason::AgentExists),
            Self::AgentChanged(version) => of(Code::Aborted, Reason::AgentChanged).with("version", version.to_string()),
            Self::AgentHoldsWork => of(Code::FailedPrecondition, Reason::AgentHoldsWork),
            Self::AgentGone => of(Code::FailedPrecondition, Reason::AgentGone),
            Self::CourseNotFound => of(Code::NotFound, Reason::CourseNotFound),
            Self::NotEnrolled => of(Code::FailedPrecondition, Reason::NotEnrolled),
            Self::OfferNotFound => of(Code::NotFound, Reason::OfferNotFound),
            Self::OfferEnded(end) => of(Code::FailedPrecondition, Reason::OfferEnded).with("ended_as", end.as_str()),
            Self::TaskNotFound => of(Code::NotFound, Reason::TaskNotFound),
            Self::TaskState { task, state, action } => of(Code::FailedPrecondition, Reason::TaskState)
                .with("state", state.as_str())
                .with("action", action.as_str())
                .precondition("TASK_STATE", task.to_string(), format!("is {state}")),
            Self::AgentBusy => of(Code::FailedPrecondition, Reason::AgentBusy),
            Self::AgentAway => of(Code::FailedPrecondition, Reason::AgentAway),
            Self::ParticipantNotFound => of(Code::NotFound, Reason::ParticipantNotFound),
            Self::ParticipantExists => of(Code::AlreadyExists, Reason::ParticipantExists),
            Self::ConferenceFull => of(Code::FailedPrecondition, Reason::ConferenceFull),
            Self::CallbackNotFound => of(Code::NotFound, Reason::CallbackNotFound),
            Self::TooLarge(TooLarge { what }) => {
                of(Code::InvalidArgument, Reason::SimulationTooLarge).with("what", *what)
            }
            Self::Books(_) | Self::Interrupted(_) | Self::Simulation(_) | Self::Plot(_) => Answer::internal(),
            Self::Race => Answer::conflict(),
            Self::Invalid(error) => error.answer(),
            Self::Page(error) => error.answer(),
            Self::Db(error) => error.answer(),
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        into_status(error)
    }
}
