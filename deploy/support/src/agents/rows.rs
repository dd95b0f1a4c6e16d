//! Files of agents, and how files of rows are read.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context as _, anyhow, bail};
use prost::{Message, Name};
use prost_reflect::{DeserializeOptions, DynamicMessage};
use support_proto::support::routing::v1::{
    Ability, AgentCertification, ChannelRule, CreateAgentRequest, LanguageSkill, ProductSkill,
};
use support_proto::support::types::v1::{Channel, ProductLine};
use time::{Date, Time};

/// The columns that a table may have.
const COLUMNS: [&str; 13] = [
    "subject",
    "display_name",
    "picture",
    "site",
    "region",
    "team",
    "time_zone",
    "languages",
    "skills",
    "abilities",
    "capacity",
    "channels",
    "certifications",
];

/// The cells of a line by the names of their columns.
pub(super) type Cells<'a> = HashMap<&'a str, &'a str>;

/// Reads a file of agents.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<CreateAgentRequest>> {
    read_as(file, &COLUMNS, agent)
}

/// Reads a file of rows: a table with some of these columns, each line read by `read`, or a list of messages.
pub(super) fn read_as<T: Message + Default + Name>(
    file: &Path,
    columns: &[&str],
    read: impl Fn(&Cells<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let extension = file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    let rows = match extension.to_ascii_lowercase().as_str() {
        "csv" => of_table(&content, columns, read),
        "json" => of_list(&content),
        _ => bail!("{}: its name must end with .csv or .json", file.display()),
    };
    rows.with_context(|| file.display().to_string())
}

/// Messages, as the gateway would read them.
pub(super) fn of_list<T: Message + Default + Name>(content: &[u8]) -> anyhow::Result<Vec<T>> {
    let kind = support_proto::descriptors()
        .get_message_by_name(&T::full_name())
        .with_context(|| format!("the contract knows no {}", T::NAME))?;
    let list: Vec<serde_json::Value> = serde_json::from_slice(content).context("is no list in JSON")?;
    list.into_iter()
        .enumerate()
        .map(|(row, value)| {
            let options = DeserializeOptions::new().deny_unknown_fields(true);
            let message = DynamicMessage::deserialize_with_options(kind.clone(), value, &options)
                .with_context(|| format!("row {}", row + 1))?;
            Ok(T::decode(message.encode_to_vec().as_slice())?)
        })
        .collect()
}

pub(super) fn of_table<T>(
    content: &[u8],
    columns: &[&str],
    read: impl Fn(&Cells<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(content);
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    if let Some(unknown) = names.iter().find(|name| !columns.contains(&name.as_str())) {
        bail!("no column is called {unknown}; there are {}", columns.join(", "));
    }
    let mut rows = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let record = record?;
        let cells: Cells<'_> = names.iter().map(String::as_str).zip(record.iter()).collect();
        rows.push(read(&cells).with_context(|| format!("row {}", row + 1))?);
    }
    Ok(rows)
}

fn agent(cells: &Cells<'_>) -> anyhow::Result<CreateAgentRequest> {
    let cell = |name: &str| cells.get(name).copied().unwrap_or_default();
    let text = |name: &str| cell(name).to_owned();
    Ok(CreateAgentRequest {
        request_id: String::new(),
        subject: text("subject"),
        display_name: text("display_name"),
        picture: text("picture"),
        site: text("site"),
        region: text("region"),
        team: text("team"),
        time_zone: text("time_zone"),
        languages: each(cell("languages"), |entry| {
            let (language, level) = levelled(entry)?;
            Ok(LanguageSkill { language, level })
        })?,
        skills: each(cell("skills"), |entry| {
            let (line, level) = levelled(entry)?;
            let line = ProductLine::from_str_name(&format!("PRODUCT_LINE_{}", line.to_ascii_uppercase()))
                .ok_or_else(|| anyhow!("{line} is no product line"))?;
            Ok(ProductSkill {
                product_line: line.into(),
                level,
            })
        })?,
        abilities: each(cell("abilities"), |entry| {
            let (name, level) = levelled(entry)?;
            Ok(Ability { name, level })
        })?,
        capacity: number(cell("capacity"))?,
        channels: each(cell("channels"), rule)?,
        certifications: each(cell("certifications"), certification)?,
    })
}

fn each<T>(cell: &str, read: impl Fn(&str) -> anyhow::Result<T>) -> anyhow::Result<Vec<T>> {
    cell.split_whitespace().map(read).collect()
}

fn number(text: &str) -> anyhow::Result<i32> {
    i32::from_str(text).map_err(|_| anyhow!("{text:?} is no number"))
}

/// `en:5`.
fn levelled(entry: &str) -> anyhow::Result<(String, i32)> {
    let (name, level) = entry
        .split_once(':')
        .with_context(|| format!("{entry}: a level is missing, as in {entry}:3"))?;
    Ok((name.to_owned(), number(level)?))
}

fn channel(name: &str) -> anyhow::Result<i32> {
    let channel = Channel::from_str_name(&format!("CHANNEL_{}", name.to_ascii_uppercase()));
    Ok(channel.ok_or_else(|| anyhow!("{name} is no channel"))?.into())
}

/// `email:1+chat+app`, `phone:all`.
fn rule(entry: &str) -> anyhow::Result<ChannelRule> {
    let (name, rest) = entry
        .split_once(':')
        .with_context(|| format!("{entry}: how much it takes is missing, as in {entry}:2 or {entry}:all"))?;
    let mut parts = rest.split('+');
    let weight = match parts.next().unwrap_or_default() {
        "all" => 0,
        units => number(units)?,
    };
    Ok(ChannelRule {
        channel: channel(name)?,
        weight,
        mixes_with: parts.map(channel).collect::<anyhow::Result<_>>()?,
    })
}

/// `cert/battery@2027-01-31`, until the end of that day.
fn certification(entry: &str) -> anyhow::Result<AgentCertification> {
    let (name, day) = match entry.split_once('@') {
        Some((name, day)) => (name, Some(day)),
        None => (entry, None),
    };
    let form = time::macros::format_description!("[year]-[month]-[day]");
    let end = day
        .map(|day| Date::parse(day, form).map_err(|_| anyhow!("{day} is no day, as in 2027-01-31")))
        .transpose()?
        .and_then(Date::next_day)
        .map(|after| support_chassis::clock::timestamp(after.with_time(Time::MIDNIGHT).assume_utc()));
    Ok(AgentCertification {
        name: name.to_owned(),
        grant_time: None,
        expire_time: end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
subject,display_name,site,time_zone,languages,skills,abilities,capacity,channels,certifications
amy,Amy,cork,Europe/Dublin,en:5 fr:3,phone:4 watch:2,area/account-security:3,6,phone:all email:1+chat chat:2,cert/battery@2026-12-31 cert/old
";

    #[test]
    fn a_table_says_the_same_as_a_list() {
        let list = br#"[{"subject": "amy", "displayName": "Amy", "site": "cork", "timeZone": "Europe/Dublin",
            "languages": [{"language": "en", "level": 5}, {"language": "fr", "level": 3}],
            "skills": [{"productLine": "PRODUCT_LINE_PHONE", "level": 4}, {"productLine": "PRODUCT_LINE_WATCH", "level": 2}],
            "abilities": [{"name": "area/account-security", "level": 3}], "capacity": 6,
            "channels": [{"channel": "CHANNEL_PHONE"}, {"channel": "CHANNEL_EMAIL", "weight": 1, "mixesWith": ["CHANNEL_CHAT"]},
                {"channel": "CHANNEL_CHAT", "weight": 2}],
            "certifications": [{"name": "cert/battery", "expireTime": "2027-01-01T00:00:00Z"}, {"name": "cert/old"}]}]"#;
        let rows = of_table(TABLE.as_bytes(), &COLUMNS, agent).unwrap();
        assert_eq!(rows, of_list(list).unwrap());
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_row() {
        let wrong = |from: &str, to: &str| {
            format!(
                "{:#}",
                of_table(TABLE.replace(from, to).as_bytes(), &COLUMNS, agent).unwrap_err()
            )
        };
        assert_eq!(wrong("en:5", "en"), "row 1: en: a level is missing, as in en:3");
        assert_eq!(wrong("phone:4", "fridge:4"), "row 1: fridge is no product line");
        assert_eq!(wrong("phone:all", "pigeon:all"), "row 1: pigeon is no channel");
        assert_eq!(
            wrong("2026-12-31", "31.12.2026"),
            "row 1: 31.12.2026 is no day, as in 2027-01-31"
        );
        assert!(wrong("site,", "place,").starts_with("no column is called place"));
        let unknown = of_list::<CreateAgentRequest>(br#"[{"subject": "amy", "age": 4}]"#);
        assert!(format!("{:#}", unknown.unwrap_err()).starts_with("row 1"));
    }
}
