//! Going back to an older set.

use support_chassis::db::Tx;
use support_chassis::id::Ids;

use super::publish::{self, NewSet};
use super::translations::PublishedBy;
use crate::error::Error;
use crate::store::catalogues::{self, NewText, Text};
use crate::store::sets::{self, Set, SetKind};

/// Publishes the texts of an older set as the next one, in every language.
///
/// What the older set says holds again, word for word, and newer software does not renew it. A message that it did not
/// have goes, unless it came with newer software, which needs it to run. The texts were checked when they were published;
/// they are not held against rules that came later, because to go back must not fail when it is needed.
///
/// # Errors
///
/// No such set, or another than the expected one is the newest.
pub async fn roll_back(tx: &mut Tx, ids: &Ids, number: i64, new: PublishedBy<'_>) -> Result<Set, Error> {
    if !sets::exists(tx, number).await? {
        return Err(Error::SetNotFound);
    }
    let locales = catalogues::locales(tx).await?;
    let held = publish::hold(tx, locales.into_iter().map(|stored| stored.locale.tag)).await?;
    let versions = sets::versions_at(tx, number).await?;
    let mut changes = Vec::new();
    for (tag, now) in held.locales() {
        let then = versions.get(tag.as_str()).copied().unwrap_or(0);
        if then == now.version {
            continue;
        }
        let then = publish::texts(tx, tag, then).await?;
        let restored = then
            .values()
            .filter(|text| now.texts.get(&text.key).is_none_or(|now| differs(text, now)))
            .map(again);
        let gone = now
            .texts
            .values()
            .filter(|text| !text.is_shipped && !then.contains_key(&text.key))
            .map(|text| NewText {
                pattern: None,
                source_hash: None,
                author: None,
                approver: None,
                ..again(text)
            });
        let texts: Vec<NewText> = restored.chain(gone).collect();
        if !texts.is_empty() {
            changes.push((tag.clone(), texts));
        }
    }
    let set = NewSet {
        note: new.note,
        expected: new.expected_set,
        rolled_back_to: Some(number),
        ..NewSet::new(SetKind::RollBack, new.by)
    };
    publish::write(tx, ids, &held, changes, set).await
}

/// Whether two texts say something else, or were made from something else.
fn differs(one: &Text, other: &Text) -> bool {
    one.pattern != other.pattern || one.source_hash != other.source_hash
}

fn again(text: &Text) -> NewText {
    NewText {
        key: text.key.clone(),
        pattern: Some(text.pattern.clone()),
        is_shipped: false,
        source_hash: text.source_hash,
        author: text.author.clone(),
        approver: text.approver.clone(),
    }
}
