//! What happened to a case, as the events that tell the other services.

use support_chassis::outbox::Entry;
use support_proto::support::case::v1 as contract;

use crate::domain::CaseId;
use crate::domain::case::{Case, Concern};
use crate::domain::happening::Happening;
use crate::wire::Mirrored as _;

/// The event of a case that is being opened.
pub(super) fn opened(id: CaseId, concern: &Concern) -> Entry {
    let event = contract::CaseOpened {
        case_id: id.to_string(),
        customer_id: concern.customer.to_string(),
        channel: concern.channel.to_wire().into(),
        language: concern.language.to_string(),
        product_line: concern
            .product_line
            .map(|line| line.to_wire().into())
            .unwrap_or_default(),
        severity: concern.severity.to_wire().into(),
        country_code: country(concern),
        area: area(concern),
    };
    Entry::new(id, &event)
}

fn country(concern: &Concern) -> String {
    concern.country.map(|country| country.to_string()).unwrap_or_default()
}

fn area(concern: &Concern) -> i32 {
    concern.area.map(|area| area.to_wire().into()).unwrap_or_default()
}

/// The events of what happened to a case, in its order.
pub(super) fn all(case: &Case, happenings: &[Happening]) -> Vec<Entry> {
    happenings.iter().map(|happening| one(case, *happening)).collect()
}

fn one(case: &Case, happening: Happening) -> Entry {
    let case_id = case.id.to_string();
    match happening {
        Happening::Opened => opened(case.id, &case.concern),
        Happening::MessagePosted {
            message,
            author,
            channel,
        } => {
            let event = contract::CaseMessagePosted {
                case_id,
                message_id: message.to_string(),
                author: author.to_wire().into(),
                channel: channel.to_wire().into(),
            };
            Entry::new(case.id, &event)
        }
        Happening::Assigned { agent } => Entry::new(
            case.id,
            &contract::CaseAssigned {
                case_id,
                agent_id: agent.to_string(),
            },
        ),
        Happening::Rated { severity } => Entry::new(
            case.id,
            &contract::CaseSeverityChanged {
                case_id,
                severity: severity.to_wire().into(),
            },
        ),
        Happening::LanguageChanged => {
            let concern = &case.concern;
            let event = contract::CaseLanguageChanged {
                case_id,
                language: concern.language.to_string(),
                language_origin: concern.speech.origin.to_wire().into(),
                channel: concern.channel.to_wire().into(),
                product_line: concern
                    .product_line
                    .map(|line| line.to_wire().into())
                    .unwrap_or_default(),
                severity: concern.severity.to_wire().into(),
                country_code: country(concern),
                area: area(concern),
            };
            Entry::new(case.id, &event)
        }
        Happening::Resolved { resolution } => Entry::new(
            case.id,
            &contract::CaseResolved {
                case_id,
                resolution: resolution.to_wire().into(),
            },
        ),
        Happening::Reopened => {
            let concern = &case.concern;
            let event = contract::CaseReopened {
                case_id,
                customer_id: concern.customer.to_string(),
                channel: concern.channel.to_wire().into(),
                language: concern.language.to_string(),
                product_line: concern
                    .product_line
                    .map(|line| line.to_wire().into())
                    .unwrap_or_default(),
                severity: concern.severity.to_wire().into(),
                country_code: country(concern),
                area: area(concern),
            };
            Entry::new(case.id, &event)
        }
        Happening::Closed { reason } => Entry::new(
            case.id,
            &contract::CaseClosed {
                case_id,
                close_reason: reason.to_wire().into(),
            },
        ),
    }
}
