//! What callers say of articles, read into types that cannot be wrong.

use std::collections::BTreeSet;

use support_chassis::error::Violations;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::types::v1 as types;
use time::{Date, Month};

use crate::domain::article::{Audience, Block, Profile};
use crate::error::Error;

/// The numbers of product lines, ascending; a line named twice says no more than once.
pub(super) fn product_lines(lines: &[i32]) -> Vec<i16> {
    let lines: BTreeSet<i16> = lines.iter().filter_map(|line| i16::try_from(*line).ok()).collect();
    lines.into_iter().collect()
}

pub(super) fn blocks(blocks: &[wire::Block]) -> Vec<Block> {
    blocks
        .iter()
        .filter_map(|block| {
            Some(Block {
                kind: i16::try_from(block.kind).ok()?,
                body: block.text.clone(),
            })
        })
        .collect()
}

fn sorted(texts: &[String]) -> Vec<String> {
    let texts: BTreeSet<&String> = texts.iter().collect();
    texts.into_iter().cloned().collect()
}

/// A day; absent is none.
pub(super) fn date(field: &str, date: Option<&types::Date>) -> Result<Option<Date>, Error> {
    let Some(date) = date else {
        return Ok(None);
    };
    let read = || {
        let month = Month::try_from(u8::try_from(date.month).ok()?).ok()?;
        Date::from_calendar_date(date.year, month, u8::try_from(date.day).ok()?).ok()
    };
    let read = read();
    let mut fields = Violations::new();
    fields.require(read.is_some(), field, "must be a day of the calendar");
    Ok(Some(fields.finish(read)?))
}

pub(super) fn audience(audience: i32) -> Result<Audience, Error> {
    let audience = i16::try_from(audience).ok().and_then(Audience::from_rank);
    let mut fields = Violations::new();
    fields.require(audience.is_some(), "audience", "must be one of the values");
    Ok(fields.finish(audience)?)
}

/// What an article is to be; absent is none.
pub(super) fn profile(profile: Option<&wire::ArticleProfile>) -> Result<Option<Profile>, Error> {
    let Some(given) = profile else {
        return Ok(None);
    };
    Ok(Some(Profile {
        kind: given.kind(),
        audience: audience(given.audience)?,
        product_lines: product_lines(&given.product_lines),
        products: sorted(&given.products),
        symptoms: sorted(&given.symptoms),
        owner: given.owner.clone(),
        review_on: date("profile.review_date", given.review_date.as_ref())?,
    }))
}
