//! From words to languages.

use crate::han;
use crate::model::{Model, OTHER};
use crate::script::Script;
use crate::tag::is_same_language;
use crate::words::{self, Word};

/// From which confidence on a language is taken for certain. Measured on real sentences (see the README): of a hundred
/// texts that are said to be in a language with it, one or two are in another.
pub const SURE: f32 = 0.9;

/// No more letters of a text are read: by then everything is said.
const MOST_LETTERS: usize = 600;

/// Candidates with less are not named.
const LEAST: f32 = 0.01;

/// How much likelier, as a logarithm, a language is that the writer is known to read.
const READS: f32 = 2.0;

/// How much less likely than their neighbours, as a logarithm, languages are that few people write and many words of
/// which another language has, too. It holds only where the writer is not known to read them.
const RARER: &[(&str, f32)] = &[("ca", -2.0), ("ms", -0.5), ("sr-Latn", -1.2), (OTHER, -1.0)];

/// Languages that are to each other what dialects are: what tells them apart is believed by so much of its weight alone, as
/// texts of the one stand in collections of the other.
const SIBLINGS: &[(&str, &str, f32)] = &[("id", "ms", 0.4), ("hr", "sr-Latn", 0.4), ("da", "nb", 0.7)];

/// How sure a script alone makes.
const BY_SCRIPT: f32 = 0.99;

/// A language that a text may be written in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Its tag: a language, with a script where it has two: `pt`, `zh-Hant`, `sr-Latn`. Chinese of which nothing tells the
    /// script is `zh`.
    pub language: &'static str,
    /// How likely it is, from 0 to 1.
    pub confidence: f32,
}

/// What a text tells of its language.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Detection {
    /// The likeliest languages, the likeliest first, at most five. None where the text has no words, or those of a
    /// language that is not known here. Together they are at most 1: the rest is what is not known.
    pub candidates: Vec<Candidate>,
    /// How much of the text tells, in letters; a character of Chinese, Japanese or Korean counts as three. At most a little
    /// more than what is read, and 0 where there are no candidates.
    pub told: usize,
}

impl Detection {
    /// The language, where it is certain.
    #[must_use]
    pub fn certain(&self) -> Option<&'static str> {
        let best = self.candidates.first()?;
        (best.confidence >= SURE).then_some(best.language)
    }

    fn of(language: &'static str, confidence: f32) -> Self {
        Self {
            candidates: vec![Candidate { language, confidence }],
            told: 0,
        }
    }
}

/// The language of a text, for a writer who is known to read the languages `reads` (BCP 47 tags in any order, none where
/// nothing is known).
#[must_use]
pub fn detect(text: &str, reads: &[&str]) -> Detection {
    let words = words::telling(text, MOST_LETTERS);
    let mut detection = of_words(&words, reads);
    if !detection.candidates.is_empty() {
        let told = |word: &Word| match word.script {
            Script::Han | Script::Kana | Script::Hangul => 3 * word.letters,
            _ => word.letters,
        };
        detection.told = words.iter().map(told).sum();
    }
    detection
}

fn of_words(words: &[Word], reads: &[&str]) -> Detection {
    let Some(script) = script_of(words) else {
        return Detection::default();
    };
    if let Some(language) = script.only_language() {
        return Detection::of(language, BY_SCRIPT);
    }
    if script == Script::Han {
        return han_alone(words, reads);
    }
    match Model::of(script) {
        Some(model) => weigh(model, words, script, reads),
        None => Detection::default(),
    }
}

/// The script that tells: that of most letters, where Latin letters count little. Whoever writes in another script quotes
/// Latin names, not the other way round.
fn script_of(words: &[Word]) -> Option<Script> {
    let mut letters = [0_usize; Script::COUNT];
    for word in words {
        if let Some(count) = letters.get_mut(word.script as usize) {
            *count += word.letters;
        }
    }
    let count = |script: Script| letters.get(script as usize).copied().unwrap_or_default();
    // Kana are Japanese, however many characters stand between them.
    if count(Script::Kana) > 0 && count(Script::Kana) + count(Script::Han) > count(Script::Latin) / 3 {
        return Some(Script::Kana);
    }
    let (most, best) = Script::ALL
        .into_iter()
        .filter(|script| *script != Script::Latin)
        .map(|script| (count(script), script))
        .max_by_key(|(count, _)| *count)?;
    if most > count(Script::Latin) / 3 {
        Some(best)
    } else {
        (count(Script::Latin) > 0).then_some(Script::Latin)
    }
}

/// Chinese characters alone: Chinese, unless a few of them were written by somebody who reads Japanese.
fn han_alone(words: &[Word], reads: &[&str]) -> Detection {
    let text: String = words
        .iter()
        .filter(|word| word.script == Script::Han)
        .map(|word| word.text.as_str())
        .collect();
    let is_short = text.chars().count() < 12;
    let is_read = |language: &str| reads.iter().any(|tag| is_same_language(tag, language));
    let variant = han::variant(&text);
    let japanese = match (is_read("ja"), is_read("zh")) {
        // Many characters of traditional Chinese are Japanese ones; those of simplified Chinese mostly are not.
        _ if variant.is_some_and(|(tag, _)| tag == "zh-Hans") && !is_read("ja") => 0.01,
        (false, true) => 0.01,
        (true, _) if is_short => 0.6,
        (true, _) => 0.1,
        (false, false) if is_short => 0.2,
        (false, false) => 0.02,
    };
    let chinese = BY_SCRIPT - japanese;
    let mut candidates = match variant {
        Some((tag, share)) if share >= 0.75 => vec![Candidate {
            language: tag,
            confidence: chinese,
        }],
        _ => vec![Candidate {
            language: "zh",
            confidence: chinese,
        }],
    };
    candidates.push(Candidate {
        language: "ja",
        confidence: japanese,
    });
    best_first(candidates)
}

/// What the model of the script says, and who writes.
fn weigh(model: &Model, words: &[Word], script: Script, reads: &[&str]) -> Detection {
    let mut scores = vec![0.0; model.languages().len()];
    let (mut known, mut letters) = (0, 0);
    for word in words.iter().filter(|word| word.script == script) {
        known += model.score(&word.text, &mut scores);
        letters += word.letters;
    }
    // Letters that make no words: a slip of the keyboard, a code.
    if known < letters {
        return Detection::default();
    }
    for (one, other, belief) in SIBLINGS {
        draw_together(model, &mut scores, one, other, *belief);
    }
    for (score, own) in scores.iter_mut().zip(model.languages()) {
        *score += prior(own, reads);
    }
    let best = scores.iter().copied().fold(f32::MIN, f32::max);
    let shares: Vec<f32> = scores.iter().map(|score| (score - best).exp()).collect();
    let all: f32 = shares.iter().sum();
    let candidates = model
        .languages()
        .iter()
        .zip(shares)
        .map(|(language, share)| Candidate {
            language,
            confidence: share / all,
        })
        .collect();
    best_first(candidates)
}

/// Leaves so much of the difference between the scores of two languages.
fn draw_together(model: &Model, scores: &mut [f32], one: &str, other: &str, belief: f32) {
    let place = |tag: &str| model.languages().iter().position(|own| *own == tag);
    let (Some(one), Some(other)) = (place(one), place(other)) else {
        return;
    };
    let (Some(first), Some(second)) = (scores.get(one).copied(), scores.get(other).copied()) else {
        return;
    };
    // The better one keeps its score against all others.
    let gap = (first - second).abs() * (1.0 - belief);
    let lower = if first < second { one } else { other };
    if let Some(score) = scores.get_mut(lower) {
        *score += gap;
    }
}

fn prior(own: &str, reads: &[&str]) -> f32 {
    // Who reads Serbian may write it in either script; who reads Croatian does not become a reader of Serbian.
    if own != OTHER && reads.iter().any(|tag| is_same_language(tag, own)) {
        return READS;
    }
    RARER
        .iter()
        .find(|(rarer, _)| *rarer == own)
        .map_or(0.0, |(_, less)| *less)
}

fn best_first(mut candidates: Vec<Candidate>) -> Detection {
    candidates.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
    let is_unknown = candidates.first().is_none_or(|best| best.language == OTHER);
    if is_unknown {
        return Detection::default();
    }
    candidates.retain(|candidate| candidate.language != OTHER && candidate.confidence >= LEAST);
    candidates.truncate(5);
    Detection { candidates, told: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(text: &str) -> Option<&'static str> {
        detect(text, &[]).certain()
    }

    #[test]
    fn scripts_decide_alone_where_they_can() {
        for (text, tag) in [
            ("안녕하세요", "ko"),
            ("η οθόνη έσπασε", "el"),
            ("המסך נשבר", "he"),
            ("หน้าจอแตก", "th"),
            ("திரை உடைந்துவிட்டது", "ta"),
            ("画面が割れました", "ja"),
            ("iPhone 15 Pro の画面", "ja"),
            ("我的手机屏幕碎了，请问怎么办", "zh-Hans"),
            ("我的手機螢幕碎了，請問怎麼辦", "zh-Hant"),
        ] {
            assert_eq!(certain(text), Some(tag), "{text}");
        }
    }

    #[test]
    fn neighbours_are_told_apart() {
        for (text, tag) in [
            (
                "Olá, o meu telemóvel não liga desde ontem à noite, o que devo fazer?",
                "pt",
            ),
            (
                "Hola, mi teléfono no enciende desde ayer por la noche, ¿qué debo hacer?",
                "es",
            ),
            (
                "Hei, telefonen min slår seg ikke på siden i går kveld, hva skal jeg gjøre?",
                "nb",
            ),
            (
                "Hej, min telefon har ikke kunnet tænde siden i går aftes, hvad skal jeg gøre?",
                "da",
            ),
            ("Dobrý den, můj telefon se od včerejška nezapíná, co mám dělat?", "cs"),
            ("Dobrý deň, môj telefón sa od včera nezapína, čo mám robiť?", "sk"),
            ("Здравствуйте, мой телефон не включается со вчерашнего дня", "ru"),
            ("Добрий день, мій телефон не вмикається з учорашнього дня", "uk"),
            (
                "Hola, el meu telèfon no s'encén des d'ahir a la nit, què he de fer?",
                "ca",
            ),
        ] {
            assert_eq!(certain(text), Some(tag), "{:?}", detect(text, &[]));
        }
    }

    #[test]
    fn what_tells_nothing_is_undetermined() {
        for text in [
            "",
            "ok",
            "OK!!",
            "👍👍",
            "12345",
            "C-10000008",
            "iPhone 15 Pro Max",
            "WiFi",
            "...",
            "@anna",
            "IMEI 356938035643809",
        ] {
            assert_eq!(detect(text, &[]), Detection::default(), "{text}");
        }
        for text in [
            "asdfgh",
            "qwertzuiop",
            "xxx",
            "grrr",
            "Müller",
            "Anna",
            "brb",
            "no",
            "hotel",
        ] {
            assert_eq!(certain(text), None, "{text}: {:?}", detect(text, &[]));
        }
    }

    #[test]
    fn other_languages_are_taken_for_none() {
        for text in [
            "გამარჯობა, ჩემი ტელეფონი არ ირთვება",
            "ሰላም ስልኬ አይሰራም",
            "Nid yw fy ffôn yn troi ymlaen ers neithiwr, beth ddylwn i ei wneud?",
        ] {
            assert_eq!(certain(text), None, "{text}: {:?}", detect(text, &[]));
        }
    }

    #[test]
    fn who_writes_counts_where_the_text_leaves_it_open() {
        let confidence = |reads: &[&str]| {
            let found = detect("problema com a garantia", reads).candidates;
            found
                .iter()
                .find(|one| one.language == "pt")
                .map_or(0.0, |one| one.confidence)
        };
        assert!(confidence(&["pt-BR"]) > confidence(&[]));
        assert!(confidence(&["es"]) < confidence(&["pt-BR"]));
        // A clear text is what it is, whatever else the writer reads.
        let clear = "Olá, o meu telemóvel não liga desde ontem à noite, o que devo fazer?";
        assert_eq!(detect(clear, &["es"]).certain(), Some("pt"));
    }

    #[test]
    fn how_much_tells_is_told() {
        assert_eq!(detect("grazie mille, iPhone 15!", &[]).told, 11);
        assert_eq!(detect("画面が割れました", &[]).told, 24);
        assert_eq!(detect("12345", &[]).told, 0);
    }

    #[test]
    fn confidences_are_shares() {
        for text in ["hola", "dobrý den", "修理", "Anna", "telefon"] {
            let sum: f32 = detect(text, &[]).candidates.iter().map(|one| one.confidence).sum();
            assert!(sum <= 1.001, "{text}: {sum}");
        }
    }
}
