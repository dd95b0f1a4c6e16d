//! Durations, as the proto3 mapping to JSON writes them: seconds with up to nine digits after the point, and an `s`.

/// The longest duration that `google.protobuf.Duration` has, in seconds, either way.
const LONGEST: i128 = 315_576_000_000;

const SECOND: i128 = 1_000_000_000;

/// The nanoseconds of a duration like `1.5s`; none where it is written otherwise or too long.
pub(in crate::standard) fn nanoseconds(text: &str) -> Option<i128> {
    let number = text.strip_suffix('s')?;
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (number, ""),
    };
    let digits = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds: i128 = whole.parse().ok()?;
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    let total = seconds.checked_mul(SECOND)?.checked_add(fraction)?;
    if total > LONGEST * SECOND {
        return None;
    }
    Some(if negative { -total } else { total })
}

/// The one spelling of a duration: with no, three, six or nine digits after the point, as few as will do.
pub(super) fn print(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let (seconds, fraction) = (nanoseconds.abs() / SECOND, nanoseconds.abs() % SECOND);
    let digits = format!("{fraction:09}");
    let digits = match fraction {
        0 => "",
        _ if fraction % 1_000_000 == 0 => &digits[..3],
        _ if fraction % 1000 == 0 => &digits[..6],
        _ => digits.as_str(),
    };
    let point = if digits.is_empty() { "" } else { "." };
    format!("{sign}{seconds}{point}{digits}s")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_duration_comes_back(total in -LONGEST * SECOND..=LONGEST * SECOND) {
            prop_assert_eq!(nanoseconds(&print(total)), Some(total));
        }

        #[test]
        fn no_text_breaks_it(text in "-?[0-9.s+ ]{0,30}s?") {
            if let Some(total) = nanoseconds(&text) {
                prop_assert_eq!(nanoseconds(&print(total)), Some(total));
            }
        }
    }

    #[test]
    fn one_spelling_only() {
        for (written, printed) in [
            ("0s", "0s"),
            ("-0s", "0s"),
            ("-0.0s", "0s"),
            ("007s", "7s"),
            ("1.5s", "1.500s"),
            ("1.50000s", "1.500s"),
            ("0.000001s", "0.000001s"),
            ("-0.000000001s", "-0.000000001s"),
            ("315576000000s", "315576000000s"),
        ] {
            assert_eq!(nanoseconds(written).map(print).as_deref(), Some(printed), "{written}");
        }
        for wrong in [
            "",
            "s",
            "1",
            "1 s",
            "1S",
            "+1s",
            "1.s",
            ".5s",
            "1.0000000001s",
            "1e3s",
            "--1s",
            "315576000000.000000001s",
            "-315576000001s",
            "99999999999999999999999999999999999999999999s",
            "١s",
            "1m",
        ] {
            assert_eq!(nanoseconds(wrong), None, "{wrong}");
        }
    }
}
