//! The document `region-profiles`: how a profile becomes a calendar, and what its field rules cannot say.

use std::collections::BTreeMap;
use std::sync::Arc;

use support_chassis::standard::Document;
use support_proto::support::localisation::v1::{
    AddressForm, Holiday as Stated, LegalText, RegionProfile, RegionProfiles,
};
use time::{Date, Weekday};

use crate::calendar::{Calendar, Hours, zone};
use crate::holidays::{Holiday, Holidays};
use crate::words;

/// The profiles of the countries. Localisation has it among its standards; others begin with what is shipped of it.
pub static REGION_PROFILES: Document<RegionProfiles> =
    Document::new(include_str!("../standard/region-profiles.yaml")).checked_by(check);

/// What is wrong with a profile, each with the path of its field within it.
pub type Faults = Vec<(String, String)>;

/// The calendar of a profile, of these versions of the standard.
///
/// # Errors
///
/// All that is wrong with it. A document that was published has no faults.
pub fn calendar(profile: &RegionProfile, basis: &str) -> Result<Calendar, Faults> {
    let mut faults = Faults::new();
    let mut fault = |path: String, fault: String| faults.push((path, fault));
    let zones: Vec<_> = profile.zones.iter().map(|name| zone(name)).collect();
    for (place, _) in zones.iter().enumerate().filter(|(_, zone)| zone.is_none()) {
        fault(format!("zones[{place}]"), "is no time zone".to_owned());
    }
    let weekend: Vec<Weekday> = profile.weekend.iter().filter_map(|name| words::weekday(name)).collect();
    let mut channels = BTreeMap::new();
    for (name, stated) in by_name(&profile.channels) {
        match (stated.hours.parse(), stated.on_holidays.parse()) {
            (Ok(week), Ok(holidays)) => {
                let contact = stated.contact.clone();
                channels.insert(
                    name.to_owned(),
                    Hours {
                        week,
                        holidays,
                        contact,
                    },
                );
            }
            (week, holidays) => {
                if let Err(error) = week {
                    fault(format!("channels[{name:?}].hours"), error.to_string());
                }
                if let Err(error) = holidays {
                    fault(format!("channels[{name:?}].on_holidays"), error.to_string());
                }
            }
        }
    }
    let mut holidays = Vec::new();
    for (name, stated) in by_name(&profile.holidays) {
        match holiday(name, stated) {
            Ok(holiday) => holidays.push(holiday),
            Err(faults) => faults
                .into_iter()
                .for_each(|(path, words)| fault(format!("holidays[{name:?}].{path}"), words)),
        }
    }
    if holidays.iter().filter(|holiday| holiday.rule.is_between()).count() > 1 {
        fault("holidays".to_owned(), "has more than one that is `between`".to_owned());
    }
    let worked = match worked(profile, &weekend) {
        Ok(worked) => worked,
        Err(of_days) => {
            faults.extend(of_days);
            BTreeMap::new()
        }
    };
    match zones.first().cloned().flatten() {
        Some(zone) if faults.is_empty() => {
            let zones = zones.into_iter().flatten().collect();
            let calendar = Calendar::new(zone, channels, Holidays::new(holidays, &weekend), basis);
            Ok(calendar.with_worked(worked).with_zones(zones))
        }
        _ => Err(faults),
    }
}

/// The days of the weekend that are worked.
fn worked(profile: &RegionProfile, weekend: &[Weekday]) -> Result<BTreeMap<Date, Weekday>, Faults> {
    let mut faults = Faults::new();
    let mut worked = BTreeMap::new();
    for (text, as_if) in by_name(&profile.worked_days) {
        let mut fault = |fault: &str| faults.push((format!("worked_days[{text:?}]"), fault.to_owned()));
        match (words::date(text), words::weekday(as_if)) {
            (None, _) => fault("is no day"),
            (Some(_), None) => fault("has the hours of no day of the week"),
            (Some(day), _) if !weekend.contains(&day.weekday()) => fault("is no day of the weekend"),
            (Some(day), Some(as_if)) => {
                worked.insert(day, as_if);
            }
        }
    }
    if faults.is_empty() { Ok(worked) } else { Err(faults) }
}

fn holiday(name: &str, stated: &Stated) -> Result<Holiday, Faults> {
    let mut faults = Faults::new();
    let rule = stated.on.parse();
    if let Err(error) = &rule {
        faults.push(("on".to_owned(), ToString::to_string(error)));
    }
    let mut dates = Vec::new();
    for (place, text) in stated.dates.iter().enumerate() {
        match words::date(text) {
            Some(date) => dates.push(date),
            None => faults.push((format!("dates[{place}]"), "is no day".to_owned())),
        }
    }
    if dates.windows(2).any(|pair| pair[0] >= pair[1]) {
        faults.push(("dates".to_owned(), "must be in order".to_owned()));
    }
    let observed = stated.observed.as_deref().map(str::parse).transpose();
    if let Err(error) = &observed {
        faults.push(("observed".to_owned(), ToString::to_string(error)));
    }
    let (from_year, until_year) = (
        stated.from_year.unwrap_or(i32::MIN),
        stated.until_year.unwrap_or(i32::MAX),
    );
    if from_year > until_year {
        faults.push(("until_year".to_owned(), "must not be before `from_year`".to_owned()));
    }
    match (rule, observed) {
        (Ok(rule), Ok(observed)) if faults.is_empty() => Ok(Holiday {
            name: Arc::from(name),
            rule,
            dates,
            days: stated.days.and_then(|days| u8::try_from(days).ok()).unwrap_or(1),
            observed,
            from_year,
            until_year,
        }),
        _ => Err(faults),
    }
}

/// What the field rules cannot say.
fn check(document: &RegionProfiles) -> Faults {
    let mut faults = Faults::new();
    for (country, profile) in by_name(&document.countries) {
        let mut of_profile = calendar(profile, "").err().unwrap_or_default();
        of_profile.extend(profile.address.iter().flat_map(address_faults));
        for (about, text) in by_name(&profile.texts) {
            of_profile.extend(text_faults(about, text));
        }
        let within = |(path, fault)| (format!("countries[{country:?}].{path}"), fault);
        faults.extend(of_profile.into_iter().map(within));
    }
    faults
}

fn address_faults(form: &AddressForm) -> Faults {
    let unknown = form
        .required
        .iter()
        .enumerate()
        .filter(|(_, field)| !form.fields.contains(field));
    let mut faults: Faults = unknown
        .map(|(place, _)| {
            (
                format!("address.required[{place}]"),
                "is not one of `fields`".to_owned(),
            )
        })
        .collect();
    let asks_code = form.fields.iter().any(|field| field == "postal-code");
    if !asks_code && !form.code_pattern.is_empty() {
        faults.push(("address.code_pattern".to_owned(), "is not one of `fields`".to_owned()));
    }
    faults
}

fn text_faults(about: &str, text: &LegalText) -> Faults {
    let mut faults = Faults::new();
    let mut before: Option<Date> = None;
    for (place, edition) in text.editions.iter().enumerate() {
        let path = format!("texts[{about:?}].editions[{place}].from");
        match words::date(&edition.from) {
            None => faults.push((path, "is no day".to_owned())),
            Some(from) if before.is_some_and(|before| from <= before) => {
                faults.push((path, "must be after the one before".to_owned()));
            }
            Some(from) => before = Some(from),
        }
    }
    faults
}

/// The edition of a text that holds on a day, with its first day; none where none does yet.
#[must_use]
pub fn edition_on(text: &LegalText, day: Date) -> Option<(Date, &str)> {
    text.editions
        .iter()
        .filter_map(|edition| Some((words::date(&edition.from)?, edition.text.as_str())))
        .take_while(|(from, _)| *from <= day)
        .last()
}

fn by_name<T>(map: &std::collections::HashMap<String, T>) -> BTreeMap<&str, &T> {
    map.iter().map(|(name, value)| (name.as_str(), value)).collect()
}

#[cfg(test)]
mod tests;
