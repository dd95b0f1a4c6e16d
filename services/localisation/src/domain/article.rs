//! Articles: for whom they are, what they are, and how a text of one comes to be.
//!
//! ```text
//! draft ---submit--> in review ---approve--> approved ---publish--> published
//!   ^ \                |   |                    |
//!   |  `---publish-----+---+--- where the rules ask for no second pair of eyes
//!   `------return------'   `--- change makes any of them a draft again; discard ends any of them
//! ```

use sha2::{Digest as _, Sha256};
use support_proto::support::localisation::v1::{ArticleDraftState, ArticleKind};
use time::Date;

/// Who may read an article. Ordered: who may read one may read all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Everybody.
    Customer,
    /// Partners and staff.
    Partner,
    /// Staff alone.
    Staff,
}

impl Audience {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Customer, Self::Partner, Self::Staff];

    /// As it stands in the database, rising with the circle's narrowness.
    #[must_use]
    pub fn rank(self) -> i16 {
        match self {
            Self::Customer => 1,
            Self::Partner => 2,
            Self::Staff => 3,
        }
    }

    /// The audience with this rank.
    #[must_use]
    pub fn from_rank(rank: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.rank() == rank)
    }
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its kind, as a number of the contract.
    pub kind: i16,
    /// The words.
    pub body: String,
}

/// What an article is and is about: the same in all its languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What it is.
    pub kind: ArticleKind,
    /// Who may read it.
    pub audience: Audience,
    /// The product lines it is about, as numbers of the contract, ascending; empty for all.
    pub product_lines: Vec<i16>,
    /// The products it is about, as model codes, ascending; empty for all of the product lines.
    pub products: Vec<String>,
    /// The symptoms it is about, as codes, ascending.
    pub symptoms: Vec<String>,
    /// Who sees to it, the subject; empty for nobody.
    pub owner: String,
    /// The day on which it is to be looked at again; none for as late as the rules allow.
    pub review_on: Option<Date>,
}

impl Profile {
    /// An article for `audience` about which nothing more is said.
    #[must_use]
    pub fn plain(kind: ArticleKind, audience: Audience) -> Self {
        Self {
            kind,
            audience,
            product_lines: Vec::new(),
            products: Vec::new(),
            symptoms: Vec::new(),
            owner: String::new(),
            review_on: None,
        }
    }
}

/// The digest of what a text says: SHA-256 over the title and, of each block, RS, its kind, US, its words. A translation is
/// stale when the digest of its source is no longer the one it was translated from; nobody has to say so.
#[must_use]
pub fn content_hash(title: &str, blocks: &[Block]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(title.as_bytes());
    for block in blocks {
        // Separators that no keyboard writes: else the end of a title could pass for the beginning of a block.
        digest.update(format!("\u{1e}{}\u{1f}{}", block.kind, block.body).as_bytes());
    }
    digest.finalize().into()
}

/// What somebody does to a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Writes in it.
    Change,
    /// Hands it over for review.
    Submit,
    /// Gives it back.
    Return,
    /// Approves it.
    Approve,
    /// Publishes it.
    Publish,
    /// Throws it away.
    Discard,
}

/// Which act leads from where to where. That a publishing needs an approval where the rules say so is checked beside it:
/// the rules change by the day, the table does not.
const MOVES: [(ArticleDraftState, Act, ArticleDraftState); 12] = {
    use ArticleDraftState::{Approved, Discarded, Draft, InReview, Published};
    [
        (Draft, Act::Change, Draft),
        (Draft, Act::Submit, InReview),
        (Draft, Act::Publish, Published),
        (Draft, Act::Discard, Discarded),
        (InReview, Act::Change, Draft),
        (InReview, Act::Return, Draft),
        (InReview, Act::Approve, Approved),
        (InReview, Act::Publish, Published),
        (InReview, Act::Discard, Discarded),
        (Approved, Act::Change, Draft),
        (Approved, Act::Publish, Published),
        (Approved, Act::Discard, Discarded),
    ]
};

/// The state after an act; none where `state` does not allow it.
#[must_use]
pub fn after(state: ArticleDraftState, act: Act) -> Option<ArticleDraftState> {
    MOVES
        .iter()
        .find(|(from, by, _)| (*from, *by) == (state, act))
        .map(|(_, _, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(kind: i16, body: &str) -> Block {
        Block {
            kind,
            body: body.to_owned(),
        }
    }

    #[test]
    fn ranks_keep_the_order() {
        for audience in Audience::ALL {
            assert_eq!(Audience::from_rank(audience.rank()), Some(audience));
        }
        assert!(Audience::ALL.is_sorted_by_key(|audience| audience.rank()));
        assert_eq!(Audience::from_rank(0), None);
    }

    #[test]
    fn the_digest_tells_apart_what_reads_the_same_when_run_together() {
        let one = content_hash("Reset", &[block(1, "Hold the key."), block(3, "Wait.")]);
        assert_eq!(
            one,
            content_hash("Reset", &[block(1, "Hold the key."), block(3, "Wait.")])
        );
        for other in [
            content_hash("ResetHold the key.", &[block(3, "Wait.")]),
            content_hash("Reset", &[block(1, "Hold the key.Wait.")]),
            content_hash("Reset", &[block(3, "Hold the key."), block(1, "Wait.")]),
            content_hash("Reset", &[block(1, "Wait."), block(3, "Hold the key.")]),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn what_is_over_allows_nothing_and_no_move_stands_twice() {
        const ACTS: [Act; 6] = [
            Act::Change,
            Act::Submit,
            Act::Return,
            Act::Approve,
            Act::Publish,
            Act::Discard,
        ];
        for act in ACTS {
            assert_eq!(after(ArticleDraftState::Published, act), None);
            assert_eq!(after(ArticleDraftState::Discarded, act), None);
        }
        for (index, (from, act, _)) in MOVES.iter().enumerate() {
            assert!(!MOVES[..index].iter().any(|(other, by, _)| (other, by) == (from, act)));
        }
        // Only who was asked approves, and what is changed is approved no more.
        assert_eq!(after(ArticleDraftState::Draft, Act::Approve), None);
        assert_eq!(
            after(ArticleDraftState::Approved, Act::Change),
            Some(ArticleDraftState::Draft)
        );
    }
}
