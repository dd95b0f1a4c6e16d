//! What of a text tells its language: words. Not addresses, not numbers, not names of products, not what is written the
//! same everywhere.

use crate::script::Script;

/// Said in every language, so that they tell none.
const EVERYWHERE: &[&str] = &[
    "ok",
    "okay",
    "okey",
    "okk",
    "kk",
    "wifi",
    "wi",
    "fi",
    "wlan",
    "lan",
    "vpn",
    "bluetooth",
    "usb",
    "hdmi",
    "sim",
    "esim",
    "imei",
    "pin",
    "puk",
    "nfc",
    "gps",
    "led",
    "lcd",
    "oled",
    "cpu",
    "gpu",
    "ram",
    "ssd",
    "tv",
    "pc",
    "app",
    "apps",
    "email",
    "sms",
    "mms",
    "pdf",
    "faq",
    "url",
    "www",
    "http",
    "https",
    "com",
    "org",
    "net",
    "online",
    "internet",
    "software",
    "hardware",
    "iphone",
    "ipad",
    "android",
    "windows",
    "macbook",
    "macos",
    "ios",
    "google",
    "samsung",
    "apple",
    "microsoft",
    "huawei",
    "xiaomi",
    "galaxy",
    "pixel",
    "whatsapp",
    "facebook",
    "instagram",
    "telegram",
    "gmail",
    "outlook",
    "netflix",
    "spotify",
    "youtube",
    "pro",
    "max",
    "plus",
    "mini",
    "ultra",
    "lite",
    "air",
    "id",
    "no",
    "nr",
    "asap",
    "lol",
    "xd",
    "haha",
    "hahaha",
    "wow",
    "mmm",
    "hmm",
    "hm",
    "aha",
    "oh",
    "ah",
    "eh",
    "hey",
    "bye",
    "super",
    "error",
    "video",
    "audio",
    "chat",
    "reset",
];

/// A word, in small letters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Its letters.
    pub(crate) text: String,
    /// The script of the first of them.
    pub(crate) script: Script,
    /// How many letters it has.
    pub(crate) letters: usize,
}

/// The words of a text that tell its language, up to `most` letters of them.
pub(crate) fn telling(text: &str, most: usize) -> Vec<Word> {
    let mut words = Vec::new();
    let mut letters = 0;
    for chunk in text.split_whitespace() {
        if is_address(chunk) || is_code(chunk) {
            continue;
        }
        for run in chunk.split(|letter: char| !letter.is_alphanumeric() && Script::of(letter).is_none()) {
            if is_name(run) {
                continue;
            }
            for word in of_one_script(run) {
                letters += word.letters;
                words.push(word);
                if letters >= most {
                    return words;
                }
            }
        }
    }
    words
}

/// Web and mail addresses, handles, and paths.
fn is_address(chunk: &str) -> bool {
    chunk.contains('@') || chunk.contains("://") || chunk.starts_with("www.") || chunk.starts_with('#')
}

/// Numbers of cases and devices: letters and digits, joined.
fn is_code(chunk: &str) -> bool {
    chunk.is_ascii() && chunk.contains('-') && chunk.bytes().any(|byte| byte.is_ascii_digit())
}

/// Serial numbers and names of products: a digit, or a capital in the middle of small letters.
fn is_name(run: &str) -> bool {
    let is_latin = run.chars().any(|letter| letter.is_ascii_alphabetic());
    let has_digit = run.chars().any(char::is_numeric);
    let has_inner_capital = run
        .chars()
        .zip(run.chars().skip(1))
        .any(|(before, letter)| before.is_lowercase() && letter.is_uppercase());
    is_latin && (has_digit || has_inner_capital)
}

/// Where the script changes, a word ends: no language that is known here writes one word in two scripts, but for Chinese
/// and Japanese, which have no spaces.
fn of_one_script(run: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for letter in run.chars() {
        let Some(script) = Script::of(letter) else { continue };
        let small = letter.to_lowercase();
        match words.last_mut() {
            Some(word) if word.script == script => {
                word.text.extend(small);
                word.letters += 1;
            }
            _ => words.push(Word {
                text: small.collect(),
                script,
                letters: 1,
            }),
        }
    }
    words.retain(|word| !(word.script == Script::Latin && EVERYWHERE.contains(&word.text.as_str())));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        telling(text, 1000).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_what_is_left() {
        assert_eq!(texts("Não liga, desde ONTEM!"), ["não", "liga", "desde", "ontem"]);
        assert_eq!(texts("l'écran s'éteint"), ["l", "écran", "s", "éteint"]);
        assert_eq!(texts("接続エラー"), ["接続", "エラー"]);
        assert_eq!(texts("मेरा फ़ोन बंद है।"), ["मेरा", "फ़ोन", "बंद", "है"]);
    }

    #[test]
    fn names_numbers_addresses_and_what_is_said_everywhere_are_left_out() {
        for text in [
            "OK 👍",
            "C-10000008",
            "anna.k@example.org",
            "https://example.org/a",
            "SN-44X81",
            "eReader WiFi",
            "12:30",
            "iPhone 15 Pro Max",
        ] {
            assert_eq!(texts(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn no_more_is_read_than_asked_for() {
        assert_eq!(telling(&"palabra ".repeat(1000), 70).len(), 10);
    }
}
