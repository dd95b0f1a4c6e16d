//! One watcher: what it holds, and what it is sent next.
//!
//! Each message is made when the one before has been taken, from the catalogues as they then are: a slow watcher costs one
//! message and one locale's change, and gets all that was published meanwhile in one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, stream};
use support_chassis::db::{Db, DbError};
use support_chassis::error::chain;
use support_proto::support::localisation::v1 as wire;
use support_words::digest;
use support_words::locale::Locales;
use support_words::snapshot::{Published, Snapshot};
use support_words::tag::Tag;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::Status;

use super::super::present;
use crate::catalogues::Catalogues;
use crate::domain::change::{Change, Wanted};
use crate::store::catalogues;

/// About how many bytes of texts stand in one message. A single text may be 40 KB.
const PART_BYTES: usize = 256 * 1024;

/// What a watcher holds of a locale.
#[derive(Debug)]
enum Sent {
    /// A catalogue that was in memory when it was sent.
    Published(Arc<Published>),
    /// An older one.
    Older(BTreeMap<String, String>),
}

impl Sent {
    fn patterns(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Published(published) => &published.patterns,
            Self::Older(patterns) => patterns,
        }
    }
}

/// A change that is being sent.
#[derive(Debug)]
struct Open {
    published: Arc<Published>,
    tag: Tag,
    replaces_all: bool,
    set: VecDeque<(String, String)>,
    removed: Vec<String>,
    digest: String,
}

/// One watcher.
#[derive(Debug)]
pub(super) struct Watch {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Only these and what they fall back to; empty for all.
    locales: BTreeSet<Tag>,
    wanted: Wanted,
    heartbeat: Duration,
    sent: BTreeMap<Tag, Sent>,
    /// The locales as they were told.
    told: Option<Vec<wire::Locale>>,
    /// What is being told of.
    target: Arc<Snapshot>,
    /// The locales of it that are still to be looked at.
    due: VecDeque<Tag>,
    open: Option<Open>,
    /// Whether the watcher has been told that it holds all of it.
    is_told: bool,
    spoke_at: Instant,
}

impl Watch {
    /// A watcher that holds `held`. What the database cannot say about that is sent whole.
    pub(super) async fn begin(
        db: &Db,
        catalogues: &Catalogues,
        held: Vec<wire::HeldCatalogue>,
        locales: BTreeSet<Tag>,
        wanted: Wanted,
        heartbeat: Duration,
    ) -> Self {
        let current = catalogues.current();
        let is_ahead = held.iter().any(|held| {
            let published = Tag::parse(&held.locale).and_then(|tag| current.published(&tag).cloned());
            published.is_none_or(|published| published.version < held.version)
        });
        if is_ahead && let Err(error) = catalogues.refresh().await {
            // It has been to another replica, which knew more than this one does.
            tracing::debug!(error = chain(&error), "the catalogues were not refreshed for a watcher");
        }
        let mut snapshots = catalogues.watch();
        let target = Arc::clone(&snapshots.borrow_and_update());
        let mut sent = BTreeMap::new();
        for held in held {
            let Some(tag) = Tag::parse(&held.locale) else { continue };
            match known(db, &target, &wanted, &tag, &held).await {
                Ok(Some(known)) => drop(sent.insert(tag, known)),
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(%error, locale = %tag, "what a watcher holds cannot be looked up");
                }
            }
        }
        let mut watch = Self {
            snapshots,
            locales,
            wanted,
            heartbeat,
            sent,
            told: None,
            target: Arc::clone(&target),
            due: VecDeque::new(),
            open: None,
            is_told: false,
            spoke_at: Instant::now(),
        };
        watch.aim(target);
        watch
    }

    /// The messages; they end with the process or the deadline, which the server sees to.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<wire::WatchCataloguesResponse, Status>> + Send {
        stream::unfold(self, |mut watch| async {
            let message = watch.next().await?;
            Some((Ok(message), watch))
        })
    }

    /// The next message; none where the catalogues are gone.
    async fn next(&mut self) -> Option<wire::WatchCataloguesResponse> {
        while self.is_told {
            let speaks_at = self.spoke_at + self.heartbeat;
            tokio::select! {
                changed = self.snapshots.changed() => {
                    changed.ok()?;
                    let target = Arc::clone(&self.snapshots.borrow_and_update());
                    self.aim(target);
                }
                () = tokio::time::sleep_until(speaks_at) => self.is_told = false,
            }
        }
        self.spoke_at = Instant::now();
        Some(self.message())
    }

    /// Tells of `target` from now on.
    fn aim(&mut self, target: Arc<Snapshot>) {
        self.due = self
            .locales_of(&target)
            .into_iter()
            .filter(|tag| target.published(tag).is_some_and(|published| published.version > 0))
            .collect();
        self.target = target;
        self.is_told = false;
    }

    /// Those of the locales there are that are wanted, by tag.
    fn locales_of(&self, target: &Snapshot) -> BTreeSet<Tag> {
        let locales: &Locales = target.locales();
        if self.locales.is_empty() {
            return locales.iter().map(|locale| locale.tag.clone()).collect();
        }
        let chosen = self.locales.iter().filter_map(|tag| locales.find(tag.as_str()));
        let mut wanted: BTreeSet<Tag> = chosen
            .flat_map(|locale| locales.chain(&locale.tag).iter().cloned())
            .collect();
        wanted.insert(locales.default_tag().clone());
        wanted
    }

    fn message(&mut self) -> wire::WatchCataloguesResponse {
        let mut message = wire::WatchCataloguesResponse::default();
        self.tell_locales(&mut message);
        let mut room = PART_BYTES;
        while room > 0 {
            if self.open.is_none() && !self.open_next() {
                message.is_current = true;
                self.is_told = true;
                break;
            }
            message.changes.extend(self.part(&mut room));
        }
        message
    }

    fn tell_locales(&mut self, message: &mut wire::WatchCataloguesResponse) {
        let locales: Vec<wire::Locale> = self
            .locales_of(&self.target)
            .iter()
            .filter_map(|tag| self.target.locales().find(tag.as_str()))
            .map(|locale| present::locale(locale, &self.target))
            .collect();
        let forms = |locales: &[wire::Locale]| -> Vec<wire::Locale> {
            // The counts change with every publishing, and are told with the changes.
            let locales = locales.iter().cloned();
            locales
                .map(|locale| wire::Locale {
                    message_count: 0,
                    catalogue_version: 0,
                    ..locale
                })
                .collect()
        };
        let now = forms(&locales);
        if self.told.as_ref() != Some(&now) {
            message.locales = locales;
            message.default_locale = self.target.locales().default_tag().to_string();
            self.told = Some(now);
        }
    }

    /// Opens the next change that there is.
    fn open_next(&mut self) -> bool {
        while let Some(tag) = self.due.pop_front() {
            let Some(published) = self.target.published(&tag) else {
                continue;
            };
            let held = self.sent.get(&tag);
            if let Some(Sent::Published(held)) = held
                && Arc::ptr_eq(held, published)
            {
                continue;
            }
            let nothing = BTreeMap::new();
            let from = held.map_or(&nothing, Sent::patterns);
            let Change { set, removed, digest } = Change::between(from, &published.patterns, &self.wanted);
            self.open = Some(Open {
                published: Arc::clone(published),
                replaces_all: held.is_none(),
                tag,
                set: set.into(),
                removed,
                digest,
            });
            return true;
        }
        false
    }

    /// As much of the open change as there is room for; takes its size from `room`.
    fn part(&mut self, room: &mut usize) -> Option<wire::CatalogueChange> {
        let mut open = self.open.take()?;
        let mut change = wire::CatalogueChange {
            locale: open.tag.to_string(),
            version: open.published.version,
            replaces_all: open.replaces_all,
            messages: Vec::new(),
            removed_keys: std::mem::take(&mut open.removed),
            digest: String::new(),
        };
        *room = room.saturating_sub(change.removed_keys.iter().map(String::len).sum::<usize>() + 100);
        while *room > 0
            && let Some((key, pattern)) = open.set.pop_front()
        {
            *room = room.saturating_sub(key.len() + pattern.len() + 10);
            change.messages.push(wire::DeliveredMessage { key, pattern });
        }
        if open.set.is_empty() {
            change.digest = open.digest;
            self.sent.insert(open.tag, Sent::Published(open.published));
        } else {
            self.open = Some(open);
        }
        Some(change)
    }
}

/// What a watcher holds, where that is known by its version and digest.
async fn known(
    db: &Db,
    current: &Snapshot,
    wanted: &Wanted,
    tag: &Tag,
    held: &wire::HeldCatalogue,
) -> Result<Option<Sent>, DbError> {
    let Some(published) = current.published(tag) else {
        return Ok(None);
    };
    if published.version == held.version {
        let is_same = digest(wanted.of(&published.patterns)) == held.digest;
        return Ok(is_same.then(|| Sent::Published(Arc::clone(published))));
    }
    if published.version < held.version {
        return Ok(None);
    }
    let mut connection = db.read().await?;
    let texts = catalogues::texts(&mut connection, tag.as_str(), held.version).await?;
    let patterns = texts.into_iter().map(|text| (text.key, text.pattern)).collect();
    let is_same = digest(wanted.of(&patterns)) == held.digest;
    Ok(is_same.then_some(Sent::Older(patterns)))
}
