//! Publishing the texts that come with the software, so that every deployment has words from its first minute.

use support_chassis::db::Db;
use support_chassis::id::Ids;

use super::publish::{self, NewMessage};
use crate::NAME;
use crate::error::Error;
use crate::shipped::Shipped;
use support_words::tag::Tag;

/// Publishes what is new or changed in `shipped`, a version a locale, and nothing where nothing is: it may run at every
/// start, in several replicas at once. A text that somebody has published is never touched. Gives the number of messages
/// published.
///
/// # Errors
///
/// Where the database fails. A shipped message that does not fit what is published (somebody gave the source text other
/// placeholders) is left out with a warning.
pub async fn seed_messages(db: &Db, ids: &Ids, shipped: &[Shipped]) -> Result<usize, Error> {
    let mut published = 0;
    for Shipped { locale, messages } in shipped {
        let tag = Tag::parse(locale).ok_or(Error::LocaleNotFound)?;
        let mut tx = db.begin().await?;
        let held = publish::hold(&mut tx, &tag).await?.ok_or(Error::LocaleNotFound)?;
        let mut changed: Vec<NewMessage> = messages
            .iter()
            .filter(|(key, pattern)| {
                held.texts
                    .get(*key)
                    .is_none_or(|text| text.is_shipped && text.pattern != **pattern)
            })
            .map(|(key, pattern)| NewMessage {
                key: key.clone(),
                pattern: pattern.clone(),
            })
            .collect();
        let faulty = publish::faults(&changed, &held);
        for message in &faulty {
            tracing::warn!(%locale, key = message.key, fault = %message.fault, "a shipped message does not fit what is published");
        }
        changed.retain(|message| !faulty.iter().any(|faulty| faulty.key == message.key));
        if changed.is_empty() {
            tx.rollback().await?;
            continue;
        }
        let version = publish::write(&mut tx, ids, &held, &changed, NAME, true).await?;
        tx.commit().await?;
        published += changed.len();
        tracing::info!(%locale, version, messages = changed.len(), "shipped messages published");
    }
    Ok(published)
}
