//! What requests say, as the domain has it. The codec has checked the field rules of the contract; what is left is what
//! they cannot state.

use std::collections::HashSet;
use std::hash::Hash;
use std::str::FromStr;

use jiff::tz::TimeZone;
use support_chassis::clock::from_timestamp;
use support_chassis::error::{InvalidFields, Violation, Violations};
use support_proto::support::routing::v1 as pb;

use crate::contract;
use crate::domain::{Ability, Channel, Details, LanguageSkill, NotALanguage, NotAName, ProductSkill, Share, Sharing};
use crate::ops::agents::{NewAgent, NewCertified};

pub(super) fn new_agent(request: &pb::CreateAgentRequest) -> Result<NewAgent, InvalidFields> {
    let mut fields = Violations::new();
    let languages: Vec<LanguageSkill> = request
        .languages
        .iter()
        .enumerate()
        .filter_map(|(index, skill)| {
            let language = skill.language.parse().map_err(|error: NotALanguage| {
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
            let line = contract::read_product_line(skill.product_line())
                .ok_or_else(|| Violation::new(format!("skills[{index}].product_line"), "must be a product line"));
            let level = level(skill.level, || format!("skills[{index}].level"));
            Some(ProductSkill {
                product_line: fields.take(line)?,
                level: fields.take(level)?,
            })
        })
        .collect();
    let sharing = sharing(&request.channels, request.capacity, &mut fields);
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
    let abilities: Vec<Ability> = request
        .abilities
        .iter()
        .enumerate()
        .filter_map(|(index, ability)| {
            let skill = name(&ability.name, || format!("abilities[{index}].name"));
            let level = level(ability.level, || format!("abilities[{index}].level"));
            Some(Ability {
                skill: fields.take(skill)?,
                level: fields.take(level)?,
            })
        })
        .collect();
    fields.require(
        is_each_once(abilities.iter().map(|ability| &ability.skill)),
        "abilities",
        "must name each ability once",
    );
    let certifications = certifications(&request.certifications, &mut fields);
    fields.require(
        TimeZone::get(&request.time_zone).is_ok(),
        "time_zone",
        "must be a time zone that there is",
    );
    fields.finish(())?;
    Ok(NewAgent {
        subject: request.subject.clone(),
        details: Details {
            display_name: request.display_name.clone().into(),
            picture: request.picture.clone().into(),
            site: request.site.clone(),
            region: Some(request.region.clone()).filter(|region| !region.is_empty()),
            team: request.team.clone(),
            time_zone: request.time_zone.clone(),
            languages,
            skills,
            abilities,
            capacity: request.capacity,
            sharing,
        },
        certifications,
    })
}

fn certifications(brought: &[pb::AgentCertification], fields: &mut Violations) -> Vec<NewCertified> {
    let mut certifications = Vec::new();
    for (index, one) in brought.iter().enumerate() {
        let field = |name: &str| format!("certifications[{index}].{name}");
        let read = |time: Option<prost_types::Timestamp>, name: &str| match time {
            None => Ok(None),
            Some(time) => match from_timestamp(&time) {
                Some(time) => Ok(Some(time)),
                None => Err(Violation::new(field(name), "must be a time")),
            },
        };
        let certification = fields.take(name(&one.name, || field("name")));
        let granted_at = fields.take(read(one.grant_time, "grant_time"));
        let expires_at = fields.take(read(one.expire_time, "expire_time"));
        let (Some(certification), Some(granted_at), Some(expires_at)) = (certification, granted_at, expires_at) else {
            continue;
        };
        fields.require(
            granted_at.is_none_or(|start| expires_at.is_none_or(|end| start < end)),
            field("expire_time"),
            "must be after `grant_time`",
        );
        certifications.push(NewCertified {
            certification,
            granted_at,
            expires_at,
        });
    }
    fields.require(
        is_each_once(certifications.iter().map(|one| &one.certification)),
        "certifications",
        "must name each certification once",
    );
    certifications
}

pub(super) fn name<T: FromStr<Err = NotAName>>(text: &str, field: impl FnOnce() -> String) -> Result<T, Violation> {
    text.parse()
        .map_err(|error: NotAName| Violation::new(field(), error.to_string()))
}

/// How the capacity is shared out: as usual where nothing is said.
fn sharing(rules: &[pb::ChannelRule], capacity: i32, fields: &mut Violations) -> Sharing {
    if rules.is_empty() {
        return Sharing::default();
    }
    let (mut shares, mut pairs) = (Vec::new(), Vec::new());
    for (index, rule) in rules.iter().enumerate() {
        let field = |name: &str| format!("channels[{index}].{name}");
        let channel =
            contract::read_channel(rule.channel()).ok_or_else(|| Violation::new(field("channel"), "must be a channel"));
        let share = match u8::try_from(rule.weight) {
            Ok(0) => Ok(Share::Whole),
            Ok(units) if i32::from(units) <= capacity => Ok(Share::Units(units)),
            _ => Err(Violation::new(field("weight"), "must not be more than the capacity")),
        };
        let (Some(channel), Some(share)) = (fields.take(channel), fields.take(share)) else {
            continue;
        };
        shares.push((channel, share));
        pairs.extend(
            rule.mixes_with()
                .filter_map(contract::read_channel)
                .map(|other| (channel, other)),
        );
    }
    let is_answered = |channel: Channel| shares.iter().any(|(answered, _)| *answered == channel);
    fields.require(
        is_each_once(shares.iter().map(|(channel, _)| *channel)),
        "channels",
        "must name each channel once",
    );
    fields.require(
        pairs.iter().all(|(_, other)| is_answered(*other)),
        "channels",
        "must mix with channels that are answered",
    );
    Sharing::new(&shares, &pairs)
}

fn is_each_once<T: Eq + Hash>(values: impl Iterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    values.into_iter().all(|value| seen.insert(value))
}

fn level(level: i32, field: impl FnOnce() -> String) -> Result<i16, Violation> {
    i16::try_from(level).map_err(|_| Violation::new(field(), "must be from 1 to 5"))
}
