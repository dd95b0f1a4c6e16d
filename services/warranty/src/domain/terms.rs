//! The terms: rules as data, each with its source.
//!
//! A rule says whom it reaches, which sales, for how long, which damage it leaves out, and what it gives. There is no
//! rule in code: [`super::coverage`] weighs whatever stands here.
//!
//! # What the law gives, and what is left out
//!
//! - Consumer law holds the *seller* liable for a lack of conformity that was there at delivery. The terms give that as a
//!   right towards the maker, who repairs it for the seller.
//! - The European Union's two years are a floor that every member gives. Spain, Portugal and Sweden give three; they have
//!   rules of their own beside it. Ireland, the Netherlands and Finland name no end, or that of limitation: what a device
//!   should endure decides, so these terms give what is certain, the floor. Norway and Iceland give five years to goods
//!   that are meant to last much longer than two; again the floor is what is certain.
//! - The United Kingdom (Consumer Rights Act 2015) names no length: goods must last as long as is reasonable, and
//!   limitation ends the claim (six years, in Scotland five). No number of months is right there, so the terms hold none,
//!   and say in the chain that the law of the country is not in them. So for every country that is not listed.
//! - Fall and liquid are not faults that were there at delivery. An unauthorised change does not end the right: the seller
//!   would have to show that the change caused the fault (Directive (EU) 2019/771, Art. 11), and one who reports a device
//!   shows nothing. The maker's own terms do exclude such devices, from the warranty and from repair at a price.
//! - Sales before 1 July 2013, when the Union got its present members, are not covered by the statutory rules.

use std::borrow::Cow;

use time::Date;
use time::macros::date;

use super::country::Country;
use super::coverage::{Damage, Outcome, Reason};

/// A version of the terms.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Its name; stored with every decision.
    pub version: &'static str,
    /// The rules, in the order of weighing.
    pub rules: Cow<'static, [Rule]>,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id in the terms, never used again for another.
    pub id: &'static str,
    /// What it gives.
    pub outcome: Outcome,
    /// Whom it reaches.
    pub reach: Reach,
    /// The first day of the sales it holds for; none where there is none.
    pub sold_from: Option<Date>,
    /// The last day of the sales it holds for; none where there is none.
    pub sold_until: Option<Date>,
    /// How long it holds, from the day of the sale.
    pub length: Length,
    /// The damage it leaves out, and the reason to give.
    pub excludes: &'static [(Damage, Reason)],
    /// The reason to give where it applies.
    pub granted: Reason,
    /// Where it comes from.
    pub source: &'static str,
}

/// Whom a rule reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every sale.
    Everywhere,
    /// Sales in these countries, ISO 3166-1 alpha-2.
    Countries(&'static [&'static str]),
    /// Sales in a country that no other rule names.
    Elsewhere,
}

/// How long a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// As many months as the maker gives on the product; 0 gives nothing.
    OfProduct,
    /// This many months.
    Months(u16),
    /// No day ends it.
    Open,
    /// The terms do not know it, and give nothing.
    NotInTerms,
}

/// The members of the European Union.
const EUROPEAN_UNION: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// The Union got its present members, but for the one that left.
const UNION_COMPLETE: Option<Date> = Some(date!(2013 - 07 - 01));

/// Directive (EU) 2019/771, Art. 24(2): for contracts from this day on.
const NEW_DIRECTIVE: Option<Date> = Some(date!(2022 - 01 - 01));
const BEFORE_NEW_DIRECTIVE: Option<Date> = Some(date!(2021 - 12 - 31));

const NOT_THERE_AT_DELIVERY: &[(Damage, Reason)] = &[
    (Damage::Accidental, Reason::AccidentalDamage),
    (Damage::Liquid, Reason::LiquidDamage),
];

/// What all statutory rules have in common.
const STATUTORY: Rule = Rule {
    id: "",
    outcome: Outcome::StatutoryRight,
    reach: Reach::Everywhere,
    sold_from: UNION_COMPLETE,
    sold_until: None,
    length: Length::Months(24),
    excludes: NOT_THERE_AT_DELIVERY,
    granted: Reason::WithinPeriod,
    source: "",
};

/// The terms in force.
pub static CURRENT: Terms = Terms {
    version: "2026-1",
    rules: Cow::Borrowed(RULES),
};

const RULES: &[Rule] = &[
    Rule {
        id: "limited-warranty",
        outcome: Outcome::LimitedWarranty,
        reach: Reach::Everywhere,
        sold_from: None,
        sold_until: None,
        length: Length::OfProduct,
        excludes: &[
            (Damage::Accidental, Reason::AccidentalDamage),
            (Damage::Liquid, Reason::LiquidDamage),
            (Damage::UnauthorisedChange, Reason::UnauthorisedChange),
        ],
        granted: Reason::WithinPeriod,
        source: "the maker's limited warranty",
    },
    Rule {
        id: "statutory-eu-1999",
        reach: Reach::Countries(EUROPEAN_UNION),
        sold_until: BEFORE_NEW_DIRECTIVE,
        source: "Directive 1999/44/EC, Art. 5(1)",
        ..STATUTORY
    },
    Rule {
        id: "statutory-eu",
        reach: Reach::Countries(EUROPEAN_UNION),
        sold_from: NEW_DIRECTIVE,
        source: "Directive (EU) 2019/771, Art. 10(1)",
        ..STATUTORY
    },
    Rule {
        id: "statutory-eea",
        reach: Reach::Countries(&["IS", "LI", "NO"]),
        source: "Directive 1999/44/EC, Art. 5(1), by the EEA Agreement, Annex XIX",
        ..STATUTORY
    },
    Rule {
        id: "statutory-es",
        reach: Reach::Countries(&["ES"]),
        sold_from: NEW_DIRECTIVE,
        length: Length::Months(36),
        source: "Real Decreto Legislativo 1/2007, Art. 120, as amended by Real Decreto-ley 7/2021",
        ..STATUTORY
    },
    Rule {
        id: "statutory-pt",
        reach: Reach::Countries(&["PT"]),
        sold_from: NEW_DIRECTIVE,
        length: Length::Months(36),
        source: "Decreto-Lei n.º 84/2021, Art. 12",
        ..STATUTORY
    },
    Rule {
        id: "statutory-se-1990",
        reach: Reach::Countries(&["SE"]),
        sold_until: Some(date!(2022 - 04 - 30)),
        length: Length::Months(36),
        source: "Konsumentköplag (1990:932), 23 §",
        ..STATUTORY
    },
    Rule {
        id: "statutory-se",
        reach: Reach::Countries(&["SE"]),
        sold_from: Some(date!(2022 - 05 - 01)),
        length: Length::Months(36),
        source: "Konsumentköplag (2022:260), 5 kap. 2 §",
        ..STATUTORY
    },
    Rule {
        id: "statutory-elsewhere",
        reach: Reach::Elsewhere,
        sold_from: None,
        length: Length::NotInTerms,
        source: "the consumer law of the country of purchase",
        ..STATUTORY
    },
    Rule {
        id: "repair-at-price",
        outcome: Outcome::OutOfWarranty,
        reach: Reach::Everywhere,
        sold_from: None,
        sold_until: None,
        length: Length::Open,
        excludes: &[(Damage::UnauthorisedChange, Reason::UnauthorisedChange)],
        granted: Reason::RepairAtPrice,
        source: "the maker's repair terms",
    },
    Rule {
        id: "unauthorised-change",
        outcome: Outcome::Refused,
        reach: Reach::Everywhere,
        sold_from: None,
        sold_until: None,
        length: Length::Open,
        excludes: &[
            (Damage::None, Reason::NoUnauthorisedChange),
            (Damage::Accidental, Reason::NoUnauthorisedChange),
            (Damage::Liquid, Reason::NoUnauthorisedChange),
        ],
        granted: Reason::UnauthorisedChange,
        source: "the maker's repair terms",
    },
];

impl Terms {
    /// Whether `rule` reaches sales in `country`.
    #[must_use]
    pub fn reaches(&self, rule: &Rule, country: Country) -> bool {
        match rule.reach {
            Reach::Everywhere => true,
            Reach::Countries(countries) => countries.contains(&country.code()),
            Reach::Elsewhere => !self.names(country),
        }
    }

    fn names(&self, country: Country) -> bool {
        self.rules
            .iter()
            .any(|rule| matches!(rule.reach, Reach::Countries(countries) if countries.contains(&country.code())))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_its_own_id_and_a_source() {
        let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        assert!(RULES.iter().all(|rule| !rule.source.is_empty() && !rule.id.is_empty()));
    }

    #[test]
    fn rules_name_countries_that_there_are() {
        for rule in RULES {
            if let Reach::Countries(countries) = rule.reach {
                assert!(countries.is_sorted(), "{}", rule.id);
                for code in countries {
                    assert!(Country::from_code(code).is_some(), "{} names {code}", rule.id);
                }
            }
        }
        assert_eq!(EUROPEAN_UNION.len(), 27);
    }

    #[test]
    fn editions_of_a_law_follow_each_other_without_gap() {
        for (before, after) in [
            ("statutory-eu-1999", "statutory-eu"),
            ("statutory-se-1990", "statutory-se"),
        ] {
            let find = |id| RULES.iter().find(|rule| rule.id == id).unwrap();
            assert_eq!(find(before).sold_until.and_then(Date::next_day), find(after).sold_from);
        }
    }
}
