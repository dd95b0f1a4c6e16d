//! Articles: for whom they are.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_keep_the_order() {
        for audience in Audience::ALL {
            assert_eq!(Audience::from_rank(audience.rank()), Some(audience));
        }
        assert!(Audience::ALL.is_sorted_by_key(|audience| audience.rank()));
        assert_eq!(Audience::from_rank(0), None);
    }
}
