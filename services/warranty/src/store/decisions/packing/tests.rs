//! What is packed is read again, for ever.

use sha2::{Digest as _, Sha256};
use support_chassis::clock::Clock;
use support_chassis::standard::Standard;
use time::macros::date;

use super::*;
use crate::domain::country::Country;
use crate::domain::coverage::{Damage, decide};
use crate::domain::facts::{Facts, Question};
use crate::domain::product::ProductLine;
use crate::domain::reproduction::seal;
use crate::domain::sale::{Repairs, Sale};
use crate::standard::plans::PLAN_TERMS;
use crate::standard::{COVERAGE_TERMS, PriceBook, REPAIR_PRICES, Rulebook};

fn hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Rows that were packed with a dictionary cannot be read with another. One that is better gets the next number, and its line
/// here.
#[test]
fn a_dictionary_is_never_changed() {
    let digests = ["c90b21cae1146a3e631d6e7d22148066a8dd90467f205d3b749df55761ee4fa8"];
    assert_eq!(DICTIONARIES.map(hex), digests);
    assert_eq!(usize::try_from(PACKING).unwrap(), DICTIONARIES.len());
}

/// What the first service that packed has written: read whatever became of the dictionaries, and of zstd.
#[test]
fn what_was_packed_before_is_read() {
    let packed: [(i16, &[u8], &str); 1] = [(1, &PACKED_BY_1, r#"{"outcome":"limited_warranty","chain":[]}"#)];
    for (number, packed, text) in packed {
        assert_eq!(unpack(number, packed).unwrap(), text.as_bytes());
    }
}

const PACKED_BY_1: [u8; 24] = [
    0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x29, 0x7d, 0x00, 0x00, 0x18, 0x7b, 0x5d, 0x7d, 0x02, 0xfc, 0x2d, 0x51, 0x0c, 0x80,
    0x29, 0xff, 0xee, 0x02, 0x03,
];

#[test]
fn whatever_is_packed_comes_back_byte_for_byte() {
    let long = "a repair at a price, ".repeat(10_000);
    let other: Vec<u8> = (0..100_000_u32)
        .map(|number| (number % 251 * (number % 241)).to_le_bytes()[0])
        .collect();
    for bytes in [b"".as_slice(), b"{}", "ü\0\n".as_bytes(), long.as_bytes(), &other] {
        let packed = pack(bytes).unwrap();
        assert_eq!(unpack(PACKING, &packed).unwrap(), bytes);
    }
}

#[test]
fn the_decisions_of_every_country_are_packed_to_an_eighth() {
    let rules = Rulebook::new(
        Standard::shipped(&COVERAGE_TERMS),
        PriceBook::new(Standard::shipped(&REPAIR_PRICES), Clock::system()),
        Standard::shipped(&PLAN_TERMS),
    );
    let (mut whole, mut small) = (0, 0);
    for country in Country::all() {
        let sale = Sale {
            day: date!(2025 - 03 - 17),
            line: ProductLine::Phone,
            warranty_months: 12,
            used: false,
            repairs: Repairs::default(),
        };
        let mut facts = Facts::of(sale, "PHN-14-128", "QXZR7W20");
        "phone-2022".clone_into(&mut facts.unit.price_group);
        let question = Question::of(date!(2026 - 07 - 09), Damage::None, country);
        let held = rules.on(country, &facts, &question);
        let (answer, _) = seal(&decide(&held.rules(), &facts, &question).unwrap()).unwrap();
        let packed = pack(answer.as_bytes()).unwrap();
        assert_eq!(unpack(PACKING, &packed).unwrap(), answer.as_bytes(), "{country:?}");
        whole += answer.len();
        small += packed.len();
    }
    assert!(small * 8 < whole, "{small} of {whole} bytes");
}

#[test]
fn what_no_dictionary_has_packed_is_none() {
    let packed = pack(b"{\"outcome\":\"refused\"}").unwrap();
    for number in [-1, 0, PACKING + 1, i16::MAX] {
        assert_eq!(unpack(number, &packed), None, "{number}");
    }
    let cut = &packed[..packed.len() - 1];
    for none in [b"".as_slice(), b"{}", b"{\"outcome\":\"refused\"}", cut] {
        assert_eq!(unpack(PACKING, none), None, "{none:?}");
    }
}
