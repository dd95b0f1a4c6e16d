//! What requests say, as the domain has it. The codec has checked the field rules of the contract; what is left is what
//! they cannot state.

use std::collections::HashSet;
use std::hash::Hash;

use support_chassis::error::{InvalidFields, Violation, Violations};
use support_proto::support::routing::v1 as pb;
use support_proto::support::types::v1 as types;

use crate::domain::{LanguageSkill, Presence, ProductLine, ProductSkill, TaskState};
use crate::ops::agents::NewAgent;

pub(super) fn new_agent(request: &pb::CreateAgentRequest) -> Result<NewAgent, InvalidFields> {
    let mut fields = Violations::new();
    let languages: Vec<LanguageSkill> = request
        .languages
        .iter()
        .enumerate()
        .filter_map(|(index, skill)| {
            let language = skill.language.parse().map_err(|error: crate::domain::NotALanguage| {
                Violation::new(format!("languages[{index}].language"), error.to_string())
            });
            let level = level(skill.level, || format!("languages[{index}].level"));
            Some(LanguageSkill {
                language: fields.take(language)?,
                level: fields.take(level)?,
            })
        })
        .collect();
    let skills: Vec<ProductSkill> = request
        .skills
        .iter()
        .enumerate()
        .filter_map(|(index, skill)| {
            let line = product_line(skill.product_line())
                .ok_or_else(|| Violation::new(format!("skills[{index}].product_line"), "must be a product line"));
            let level = level(skill.level, || format!("skills[{index}].level"));
            Some(ProductSkill {
                product_line: fields.take(line)?,
                level: fields.take(level)?,
            })
        })
        .collect();
    fields.require(
        is_each_once(languages.iter().map(|skill| &skill.language)),
        "languages",
        "must name each language once",
    );
    fields.require(
        is_each_once(skills.iter().map(|skill| skill.product_line)),
        "skills",
        "must name each product line once",
    );
    fields.finish(())?;
    Ok(NewAgent {
        subject: request.subject.clone(),
        display_name: request.display_name.clone().into(),
        site: request.site.clone(),
        time_zone: request.time_zone.clone(),
        languages,
        skills,
        capacity: request.capacity,
    })
}

fn is_each_once<T: Eq + Hash>(values: impl Iterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    values.into_iter().all(|value| seen.insert(value))
}

fn level(level: i32, field: impl FnOnce() -> String) -> Result<i16, Violation> {
    i16::try_from(level).map_err(|_| Violation::new(field(), "must be from 1 to 5"))
}

fn product_line(line: types::ProductLine) -> Option<ProductLine> {
    match line {
        types::ProductLine::Unspecified => None,
        types::ProductLine::Phone => Some(ProductLine::Phone),
        types::ProductLine::Laptop => Some(ProductLine::Laptop),
        types::ProductLine::Tablet => Some(ProductLine::Tablet),
        types::ProductLine::Watch => Some(ProductLine::Watch),
        types::ProductLine::Audio => Some(ProductLine::Audio),
        types::ProductLine::Desktop => Some(ProductLine::Desktop),
        types::ProductLine::Accessory => Some(ProductLine::Accessory),
    }
}

/// None for UNSPECIFIED.
pub(super) fn presence(presence: pb::Presence) -> Option<Presence> {
    match presence {
        pb::Presence::Unspecified => None,
        pb::Presence::Available => Some(Presence::Available),
        pb::Presence::Break => Some(Presence::Break),
        pb::Presence::AfterContactWork => Some(Presence::AfterContactWork),
        pb::Presence::Offline => Some(Presence::Offline),
    }
}

/// None for UNSPECIFIED.
pub(super) fn task_state(state: pb::TaskState) -> Option<TaskState> {
    match state {
        pb::TaskState::Unspecified => None,
        pb::TaskState::Queued => Some(TaskState::Queued),
        pb::TaskState::Offered => Some(TaskState::Offered),
        pb::TaskState::Accepted => Some(TaskState::Accepted),
        pb::TaskState::Wrapping => Some(TaskState::Wrapping),
        pb::TaskState::Completed => Some(TaskState::Completed),
        pb::TaskState::Canceled => Some(TaskState::Canceled),
    }
}
