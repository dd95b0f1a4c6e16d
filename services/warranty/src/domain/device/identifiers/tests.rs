use proptest::prelude::*;

use super::*;

/// A MEID in 18 decimal digits.
fn in_decimal(meid: &Meid) -> String {
    let part = |digits: &str| u64::from_str_radix(digits, 16).unwrap();
    format!("{:010}{:08}", part(&meid.as_str()[..8]), part(&meid.as_str()[8..]))
}

/// The check digit that is printed after a MEID.
fn printed_after(meid: &Meid) -> char {
    check_digit(meid.as_str(), if is_decimal(meid.as_str()) { 10 } else { 16 })
}

#[test]
fn published_numbers_are_read() {
    // 3GPP's, GSMA's and Wikipedia's examples.
    for imei in [
        "490154203237518",
        "49-015420-323751-8",
        "35 209900 176148 1",
        "35-693803-564380-9",
        "35/693803/564380/9",
    ] {
        assert!(Imei::parse(imei).is_ok());
    }
    // In hexadecimal and decimal, with and without check digit.
    for meid in [
        "AF0123450ABCDE",
        "AF 01 23 45 0A BC DE C",
        "af0123450abcdec",
        "29360 87365 0070 3710",
        "29360-87365-0070-3710-0",
    ] {
        assert_eq!(Meid::parse(meid).unwrap().as_str(), "AF0123450ABCDE");
    }
    let meid = Meid::parse("AF0123450ABCDE").unwrap();
    assert_eq!(
        (printed_after(&meid), in_decimal(&meid).as_str()),
        ('C', "293608736500703710")
    );
    // Decimal digits alone: Luhn to base 10, and the first 14 digits of an IMEI.
    assert_eq!(Meid::parse("490154203237518").unwrap().as_str(), "49015420323751");
}

#[test]
fn what_is_no_number_is_refused() {
    for imei in [
        "490154203237517",
        "49015420323751",
        "4901542032375180",
        "A90154203237518",
        "000000000000000",
        "",
        "٤٩٠١٥٤٢٠٣٢٣٧٥١٨",
    ] {
        assert_eq!(Imei::parse(imei), Err(InvalidIdentifier));
    }
    for meid in [
        "AF0123450ABCDED",
        "AF0123450ABCD",
        "AF0123450ABCDG",
        "293608736500703711 0",
        "29360 87365 0070 3710 1",
        // More than 32 bits, and more than 24.
        "429496729600000000",
        "293608736516777216",
        "00000000000000",
        "",
    ] {
        assert_eq!(Meid::parse(meid), Err(InvalidIdentifier));
    }
}

#[test]
fn nothing_of_a_number_is_printed() {
    let identifiers = Identifiers {
        imei: Imei::parse("490154203237518").ok(),
        imei2: None,
        meid: Meid::parse("AF0123450ABCDE").ok(),
    };
    let printed = format!(
        "{identifiers:?} {:?} {}",
        Sought::read("490154203237518"),
        InvalidIdentifier
    );
    assert!(!printed.contains("4901") && !printed.contains("AF01"), "{printed}");
}

#[test]
fn what_was_read_may_be_several_things() {
    let sought = Sought::read(" 49-015420-323751-8 ");
    assert_eq!(sought.serial_number.as_deref(), Some("490154203237518"));
    assert_eq!(sought.numbers, ["490154203237518", "49015420323751"]);
    // Without check digit, and with the version of its software.
    for text in ["49015420323751", "4901542032375103"] {
        assert!(Sought::read(text).numbers.contains(&"490154203237518".to_owned()));
    }
    assert_eq!(Sought::read("c39xk0a1b2").serial_number.as_deref(), Some("C39XK0A1B2"));
    assert!(Sought::read("C39XK0A1B2").numbers.is_empty());
    assert_eq!(Sought::read("COIL0000"), Sought::read("IO"));
}

fn number(length: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(0..10_u8, length)
        .prop_filter("not all zeros", |digits| digits.iter().any(|digit| *digit > 0))
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

proptest! {
    /// One check digit of ten is right, and it finds every digit that was mistyped.
    #[test]
    fn every_wrong_digit_is_found(body in number(14), place in 0..15_usize, by in 1..10_u8) {
        let body = text(&body);
        let right: Vec<String> = (0..10).map(|last| format!("{body}{last}")).filter(|text| Imei::parse(text).is_ok()).collect();
        prop_assert_eq!(right.len(), 1);
        let mut digits: Vec<u8> = right[0].bytes().map(|digit| digit - b'0').collect();
        digits[place] = (digits[place] + by) % 10;
        prop_assert!(Imei::parse(&text(&digits)).is_err());
    }

    /// Neighbours that changed places are found, but for 0 and 9.
    #[test]
    fn swapped_neighbours_are_found(body in number(14), place in 0..14_usize) {
        let body = text(&body);
        let imei = format!("{body}{}", check_digit(&body, 10));
        let mut digits = imei.into_bytes();
        let pair = [digits[place], digits[place + 1]];
        prop_assume!(pair[0] != pair[1] && pair != *b"09" && pair != *b"90");
        digits.swap(place, place + 1);
        prop_assert!(Imei::parse(std::str::from_utf8(&digits).unwrap()).is_err());
    }

    /// All forms of a MEID are the same one.
    #[test]
    fn a_meid_survives_its_forms(maker in 1..=u32::MAX, serial in 0..1_u32 << 24) {
        let meid = Meid::parse(&format!("{maker:08X}{serial:06X}")).unwrap();
        let decimal = in_decimal(&meid);
        prop_assert_eq!(decimal.len(), 18);
        for form in [
            meid.as_str().to_lowercase(),
            format!("{}{}", meid.as_str(), printed_after(&meid)),
            decimal.clone(),
            format!("{decimal}{}", check_digit(&decimal, 10)),
        ] {
            prop_assert_eq!(Meid::parse(&form), Ok(meid.clone()));
        }
        for wrong in (0..16).map(|digit| char::from_digit(digit, 16).unwrap().to_ascii_uppercase()) {
            let is_right = wrong == printed_after(&meid);
            prop_assert_eq!(Meid::parse(&format!("{}{wrong}", meid.as_str())).is_ok(), is_right);
        }
    }

    #[test]
    fn no_text_breaks_it(text in ".{0,40}") {
        let _ = (Imei::parse(&text), Meid::parse(&text), Sought::read(&text));
    }
}
