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
        further_languages: further_languages(concern),
        model: concern.bearing.model.clone(),
        segment: segment(concern),
        account_manager_id: account_manager(concern),
    };
    Entry::new(id, &event)
}

fn country(concern: &Concern) -> String {
    concern.country.map(|country| country.to_string()).unwrap_or_default()
}

fn area(concern: &Concern) -> i32 {
    concern.area.map(|area| area.to_wire().into()).unwrap_or_default()
}

/// What the customer is known to speak besides the language that the case is held in: what they prefer, then what else they
/// read.
fn further_languages(concern: &Concern) -> Vec<String> {
    let known = std::iter::once(&concern.speech.stated).chain(&concern.speech.reads);
    let mut further: Vec<String> = Vec::new();
    for language in known.filter(|language| **language != concern.language) {
        let language = language.to_string();
        if !further.contains(&language) {
            further.push(language);
        }
    }
    further
}

fn segment(concern: &Concern) -> i32 {
    let segment = concern.bearing.segment;
    segment.map(|segment| segment.to_wire().into()).unwrap_or_default()
}

fn account_manager(concern: &Concern) -> String {
    let agent = concern.bearing.account_manager;
    agent.map(|agent| agent.to_string()).unwrap_or_default()
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
                further_languages: further_languages(concern),
                model: concern.bearing.model.clone(),
                segment: segment(concern),
                account_manager_id: account_manager(concern),
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
                further_languages: further_languages(concern),
                model: concern.bearing.model.clone(),
                segment: segment(concern),
                account_manager_id: account_manager(concern),
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
