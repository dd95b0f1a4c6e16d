//! How a text fits into short messages.

/// The most segments of an SMS: each is paid for, and a phone shows a long text in pieces.
pub const SEGMENTS: usize = 2;

/// What a septet stands for without an escape (3GPP TS 23.038, 6.2.1), the escape itself left out.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// What takes an escape and a septet.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// In how many segments a text goes out: of 160 septets, or 153 where they are several, if the alphabet of GSM has all of it,
/// else of 70 UTF-16 units, or 67. At least one.
#[must_use]
pub fn segments(text: &str) -> usize {
    let septets: Option<Vec<usize>> = text
        .chars()
        .map(|letter| {
            if BASIC.contains(letter) {
                Some(1)
            } else if EXTENDED.contains(letter) {
                Some(2)
            } else {
                None
            }
        })
        .collect();
    match septets {
        Some(septets) => pieces(&septets, 160, 153),
        None => pieces(&text.chars().map(char::len_utf16).collect::<Vec<_>>(), 70, 67),
    }
}

/// How many pieces hold letters of these sizes, none of which is cut in two.
fn pieces(sizes: &[usize], alone: usize, together: usize) -> usize {
    if sizes.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut pieces, mut filled) = (1, 0);
    for size in sizes {
        if filled + size > together {
            pieces += 1;
            filled = 0;
        }
        filled += size;
    }
    pieces
}

/// A text as an SMS carries it. The marks that isolate values from the direction of the text around them would make any text
/// one of UTF-16: left-to-right text does without.
#[must_use]
pub fn written(text: &str, is_right_to_left: bool) -> String {
    if is_right_to_left {
        return text.to_owned();
    }
    text.chars()
        .filter(|letter| !matches!(letter, '\u{2066}'..='\u{2069}'))
        .map(|letter| match letter {
            // Neither is in the alphabet of GSM, and both have a neighbour that is.
            '\u{a0}' | '\u{202f}' => ' ',
            '\u{2019}' => '\'',
            letter => letter,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted_as_a_carrier_counts_them() {
        for (text, expected) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            // An escape and its letter are not parted: 76 of them and a septet unused.
            ("€".repeat(152), 2),
            ("€".repeat(153), 3),
            ("я".repeat(70), 1),
            ("я".repeat(71), 2),
            ("я".repeat(134), 2),
            ("я".repeat(135), 3),
            ("😀".repeat(35), 1),
            ("😀".repeat(66), 2),
            ("😀".repeat(67), 3),
        ] {
            assert_eq!(segments(&text), expected, "{} letters", text.chars().count());
        }
    }

    #[test]
    fn left_to_right_text_does_without_marks() {
        let text = "Your request \u{2068}C-10000008\u{2069} isn\u{2019}t\u{a0}open";
        assert_eq!(written(text, false), "Your request C-10000008 isn't open");
        assert_eq!(written(text, true), text);
    }
}
