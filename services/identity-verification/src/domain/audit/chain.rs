//! How what stands on record is chained, so that it cannot be changed unnoticed.
//!
//! A link's hash covers the hash of the link before and everything that its entry says, in one spelling: each part in a fixed
//! order, with its length before it, so that no two entries read the same. Whoever changes an entry afterwards would have to
//! change all links that follow; whoever keeps a head elsewhere notices even that.

use sha2::{Digest as _, Sha256};

use super::Entry;

/// The spelling below; another one gets another number, and its links begin with that.
const SPELLING: u8 = 1;

/// The hash before the first link.
pub const BEGINNING: [u8; 32] = [0; 32];

/// Takes parts with their lengths.
struct Speller(Sha256);

impl Speller {
    fn part(&mut self, bytes: &[u8]) {
        self.0
            .update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(bytes);
    }

    /// What may be absent: said apart from what is there and empty.
    fn maybe(&mut self, bytes: Option<&[u8]>) {
        self.0.update([u8::from(bytes.is_some())]);
        if let Some(bytes) = bytes {
            self.part(bytes);
        }
    }
}

impl Entry {
    /// The hash of its link at `position`, after a link whose hash is `before`.
    #[must_use]
    pub fn link(&self, position: i64, before: &[u8; 32]) -> [u8; 32] {
        let mut speller = Speller(Sha256::new());
        speller.part(&[SPELLING]);
        speller.part(before);
        speller.part(&position.to_be_bytes());
        speller.part(&self.number.to_be_bytes());
        // As exact as it is stored.
        let microseconds = self.recorded_at.unix_timestamp_nanos() / 1_000;
        speller.part(&microseconds.to_be_bytes());
        speller.part(self.actor.kind.as_bytes());
        speller.part(self.actor.id.as_bytes());
        speller.maybe(self.actor.organisation.as_deref().map(str::as_bytes));
        speller.maybe(self.actor.service.as_deref().map(str::as_bytes));
        speller.part(self.action.as_bytes());
        speller.part(self.outcome.as_bytes());
        for id in [self.customer_id, self.case_id, self.grant_id, self.subject_id] {
            speller.maybe(id.as_ref().map(|id| id.as_bytes().as_slice()));
        }
        speller.part(&u64::try_from(self.fields.len()).unwrap_or(u64::MAX).to_be_bytes());
        for field in &self.fields {
            speller.part(field.as_bytes());
        }
        speller.maybe(self.reason.as_deref().map(str::as_bytes));
        speller.0.finalize().into()
    }
}

/// How the chain can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// What the entry says, or the hash, is not what was written.
    Changed,
    /// The link is missing.
    LinkMissing,
    /// The link is there, its entry is not.
    EntryMissing,
    /// The entry is there and will never get a place.
    Unlinked,
    /// A link that was known is another now, or beyond the end.
    NotAsKnown,
}

/// Where and how it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// The place; 0 for what has none.
    pub position: i64,
    /// The number of the entry, where it is known.
    pub entry_number: Option<i64>,
    /// How.
    pub fault: Fault,
}

/// A place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The place; 0 before the first.
    pub position: i64,
    /// The hash there.
    pub hash: [u8; 32],
}

impl Link {
    /// What is before the first.
    pub const BEGINNING: Self = Self {
        position: 0,
        hash: BEGINNING,
    };
}

/// Walks a chain link by link.
#[derive(Debug)]
pub struct Walk {
    last: Link,
    known: Vec<Link>,
    verified: i64,
}

impl Walk {
    /// From the link `after` on; `known` are links that must be found.
    #[must_use]
    pub fn new(after: Link, known: Vec<Link>) -> Self {
        Self {
            last: after,
            known,
            verified: 0,
        }
    }

    /// The last link that is right.
    #[must_use]
    pub fn through(&self) -> Link {
        self.last
    }

    /// How many were right.
    #[must_use]
    pub fn verified(&self) -> i64 {
        self.verified
    }

    /// Looks at the next link that is stored, and its entry, where there is one.
    ///
    /// # Errors
    ///
    /// Where it breaks.
    pub fn step(&mut self, link: Link, entry_number: i64, entry: Option<&Entry>) -> Result<(), Break> {
        let position = self.last.position + 1;
        let broken = |fault| Break {
            position,
            entry_number: (fault != Fault::LinkMissing).then_some(entry_number),
            fault,
        };
        if link.position != position {
            return Err(broken(Fault::LinkMissing));
        }
        let entry = entry.ok_or_else(|| broken(Fault::EntryMissing))?;
        if entry.link(position, &self.last.hash) != link.hash {
            return Err(broken(Fault::Changed));
        }
        if self
            .known
            .iter()
            .any(|known| known.position == position && known.hash != link.hash)
        {
            return Err(broken(Fault::NotAsKnown));
        }
        self.last = link;
        self.verified += 1;
        Ok(())
    }

    /// At the end of the chain: what was known beyond it.
    ///
    /// # Errors
    ///
    /// Where it breaks.
    pub fn end(&self) -> Result<(), Break> {
        match self.known.iter().find(|known| known.position > self.last.position) {
            Some(known) => Err(Break {
                position: known.position,
                entry_number: None,
                fault: Fault::NotAsKnown,
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::audit::Actor;

    fn entry(number: i64) -> Entry {
        Entry {
            number,
            recorded_at: datetime!(2026-03-01 12:00 UTC),
            actor: Actor {
                kind: "staff".into(),
                id: "agent-7".into(),
                organisation: None,
                service: None,
            },
            action: "customer_revealed".into(),
            outcome: "done".into(),
            customer_id: Some(Uuid::from_u128(1)),
            case_id: None,
            grant_id: None,
            subject_id: None,
            fields: vec!["name".into()],
            reason: Some("contact".into()),
        }
    }

    fn chain(length: i64) -> Vec<(Link, Entry)> {
        let mut last = Link::BEGINNING;
        (1..=length)
            .map(|position| {
                let entry = entry(position * 3);
                last = Link {
                    position,
                    hash: entry.link(position, &last.hash),
                };
                (last, entry)
            })
            .collect()
    }

    fn walked(chain: &[(Link, Entry)], known: Vec<Link>) -> Result<Link, Break> {
        let mut walk = Walk::new(Link::BEGINNING, known);
        for (link, entry) in chain {
            walk.step(*link, entry.number, Some(entry))?;
        }
        walk.end()?;
        Ok(walk.through())
    }

    #[test]
    fn each_part_of_an_entry_has_its_say() {
        let told = entry(1);
        let changes: [fn(&mut Entry); 14] = [
            |entry| entry.number = 2,
            |entry| entry.recorded_at += time::Duration::microseconds(1),
            |entry| entry.actor.kind = "operator".into(),
            |entry| entry.actor.id = "agent-8".into(),
            |entry| entry.actor.organisation = Some(String::new()),
            |entry| entry.actor.service = Some("case".into()),
            |entry| entry.action = "customer_created".into(),
            |entry| entry.outcome = "refused".into(),
            |entry| entry.customer_id = None,
            // The same id in another place is another entry.
            |entry| entry.case_id = entry.customer_id.take(),
            |entry| entry.grant_id = Some(Uuid::nil()),
            |entry| entry.subject_id = Some(Uuid::nil()),
            |entry| entry.fields = vec!["na".into(), "me".into()],
            |entry| entry.reason = None,
        ];
        let hash = told.link(1, &BEGINNING);
        assert_ne!(told.link(2, &BEGINNING), hash);
        assert_ne!(told.link(1, &[1; 32]), hash);
        for (index, change) in changes.into_iter().enumerate() {
            let mut other = told.clone();
            change(&mut other);
            assert_ne!(other.link(1, &BEGINNING), hash, "change {index}");
        }
    }

    #[test]
    fn what_was_known_must_still_be_there() {
        let chain = chain(5);
        let head = chain[4].0;
        assert_eq!(walked(&chain, vec![chain[2].0, head]), Ok(head));
        let shorter = walked(&chain[..4], vec![head]).unwrap_err();
        assert_eq!((shorter.position, shorter.fault), (5, Fault::NotAsKnown));
        // A chain that was made anew as a whole, and right in itself.
        let mut forged = chain.clone();
        forged[0].1.actor.id = "somebody-else".into();
        let mut last = Link::BEGINNING;
        for (link, entry) in &mut forged {
            link.hash = entry.link(link.position, &last.hash);
            last = *link;
        }
        assert!(walked(&forged, vec![]).is_ok());
        let told = walked(&forged, vec![head]).unwrap_err();
        assert_eq!((told.position, told.fault), (5, Fault::NotAsKnown));
    }

    proptest! {
        #[test]
        fn the_first_broken_link_is_named(length in 1..40_i64, at in 0..40_usize, how in 0..4_u8) {
            let mut links = chain(length);
            let at = at % links.len();
            let number = links[at].1.number;
            let fault = match how {
                0 => { links[at].1.actor.id.push('x'); Fault::Changed }
                1 => { links[at].0.hash[7] ^= 1; Fault::Changed }
                2 if at + 1 < links.len() => { links.remove(at); Fault::LinkMissing }
                _ => {
                    let mut stroll = Walk::new(Link::BEGINNING, vec![]);
                    for (link, entry) in &links[..at] {
                        stroll.step(*link, entry.number, Some(entry)).unwrap();
                    }
                    let missing = stroll.step(links[at].0, number, None).unwrap_err();
                    prop_assert_eq!((missing.entry_number, missing.fault), (Some(number), Fault::EntryMissing));
                    return Ok(());
                }
            };
            let told = walked(&links, vec![]).unwrap_err();
            let position = i64::try_from(at).unwrap() + 1;
            let entry_number = (fault != Fault::LinkMissing).then_some(number);
            prop_assert_eq!(told, Break { position, entry_number, fault });
        }
    }
}
