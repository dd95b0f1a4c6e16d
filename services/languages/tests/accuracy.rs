//! How well languages are told, measured on real sentences: the table of the README, with bounds that can fail.
//!
//! `tests/data/sentences.tsv` holds sentences that the models were not trained on; `tests/data/NOTICE` says where they are
//! from. The whole sentence is asked for, and two to five words out of its middle. `--nocapture` prints the table.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "it shows what it measured")]

use std::collections::BTreeMap;

use support_languages::{detect, is_same_language};

const SENTENCES: &str = include_str!("data/sentences.tsv");

const CONVERSATION: &str = include_str!("data/conversation.tsv");

#[derive(Default)]
struct Figures {
    asked: u32,
    /// The likeliest is right.
    right: u32,
    /// Said to be certain.
    certain: u32,
    /// Said to be certain, and wrong.
    wrong: u32,
}

impl Figures {
    fn take(&mut self, tag: &str, text: &str, reads: &[&str]) {
        let found = detect(text, reads);
        let is_right = |language: &str| is_same_language(language, tag);
        self.asked += 1;
        self.right += u32::from(found.candidates.first().is_some_and(|best| is_right(best.language)));
        if let Some(language) = found.certain() {
            self.certain += 1;
            self.wrong += u32::from(!is_right(language));
        }
    }

    fn share(part: u32, whole: u32) -> f64 {
        100.0 * f64::from(part) / f64::from(whole.max(1))
    }

    fn right(&self) -> f64 {
        Self::share(self.right, self.asked)
    }

    fn certain(&self) -> f64 {
        Self::share(self.certain, self.asked)
    }

    fn wrong(&self) -> f64 {
        Self::share(self.wrong, self.certain)
    }
}

/// Two to five words out of the middle of a sentence; of a text without spaces, as many pairs of characters.
fn piece(sentence: &str, place: usize) -> String {
    let many = 2 + place % 4;
    let words: Vec<&str> = sentence.split_whitespace().collect();
    if words.len() > many {
        let start = (words.len() - many) / 2;
        return words[start..start + many].join(" ");
    }
    let characters: Vec<char> = sentence.chars().collect();
    let start = characters.len().saturating_sub(many * 2) / 2;
    characters[start..].iter().take(many * 2).collect()
}

fn measure(reads: bool) -> BTreeMap<&'static str, (Figures, Figures)> {
    let mut figures: BTreeMap<&str, (Figures, Figures)> = BTreeMap::new();
    for (place, line) in SENTENCES.lines().enumerate() {
        let (tag, sentence) = line.split_once('\t').unwrap();
        let known: &[&str] = if reads { &[tag] } else { &[] };
        let (short, long) = figures.entry(tag).or_default();
        short.take(tag, &piece(sentence, place), known);
        long.take(tag, sentence, known);
    }
    figures
}

#[test]
fn languages_are_told_as_well_as_the_readme_says() {
    let mut figures = measure(false);
    // Languages that are not known here: they may only be taken for none.
    let (foreign, foreign_long) = figures.remove("und").unwrap();
    println!("| language | short: right | certain | of these wrong | sentence: right | certain | of these wrong |");
    println!("|---|---|---|---|---|---|---|");
    let (mut all_short, mut all_long) = (Figures::default(), Figures::default());
    let mut faults = Vec::new();
    for (tag, (short, long)) in &figures {
        println!(
            "| {tag} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
            short.right(),
            short.certain(),
            short.wrong(),
            long.right(),
            long.certain(),
            long.wrong()
        );
        for (all, one) in [(&mut all_short, short), (&mut all_long, long)] {
            all.asked += one.asked;
            all.right += one.right;
            all.certain += one.certain;
            all.wrong += one.wrong;
        }
        // Malay is to Indonesian, and Serbian in Latin letters to Croatian, what one dialect is to another.
        let (least_short, least_long) = match *tag {
            "sr-Latn" => (10.0, 40.0),
            "ms" => (30.0, 50.0),
            "id" | "hr" | "ca" | "nb" => (55.0, 70.0),
            _ => (65.0, 88.0),
        };
        if short.right() < least_short || long.right() < least_long {
            faults.push(format!("{tag}: {:.0} and {:.0}", short.right(), long.right()));
        }
    }
    println!(
        "| **all** | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
        all_short.right(),
        all_short.certain(),
        all_short.wrong(),
        all_long.right(),
        all_long.certain(),
        all_long.wrong()
    );
    println!(
        "not known here, but said to be certain: short {:.1} %, sentence {:.1} %",
        foreign.certain(),
        foreign_long.certain()
    );
    assert!(faults.is_empty(), "below their bounds: {faults:?}");
    assert!(all_short.right() >= 86.0 && all_long.right() >= 95.0);
    assert!(all_short.certain() >= 60.0 && all_long.certain() >= 88.0);
    assert!(all_short.wrong() <= 4.0 && all_long.wrong() <= 2.0);
    assert!(foreign_long.certain() <= 30.0, "{:.0}", foreign_long.certain());
}

#[test]
fn who_writes_helps() {
    let sum = |reads| {
        let figures = measure(reads);
        let known = figures.iter().filter(|(tag, _)| **tag != "und");
        known
            .map(|(_, (short, _))| (short.right, short.asked))
            .fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    };
    let ((right, asked), (right_known, _)) = (sum(false), sum(true));
    println!("short: {right} of {asked} right; {right_known} where the writer is known to read it");
    assert!(right_known > right);
    assert!(Figures::share(right_known, asked) >= 93.0);
}

/// Other words than those of news: what the models have seen nothing of.
#[test]
fn in_conversation_portuguese_and_spanish_are_told_apart() {
    let mut figures: BTreeMap<&str, Figures> = BTreeMap::new();
    let mut exchanged = Vec::new();
    for line in CONVERSATION.lines() {
        let (tag, sentence) = line.split_once('\t').unwrap();
        figures.entry(tag).or_default().take(tag, sentence, &[]);
        let other = if tag == "pt" { "es" } else { "pt" };
        if detect(sentence, &[]).certain() == Some(other) {
            exchanged.push(sentence);
        }
    }
    for (tag, one) in &figures {
        println!(
            "{tag} in conversation: right {:.1} %, certain {:.1} %, of these wrong {:.1} %",
            one.right(),
            one.certain(),
            one.wrong()
        );
        assert!(one.right() >= 75.0 && one.wrong() <= 8.0, "{tag}");
    }
    assert!(exchanged.len() <= 1, "{exchanged:?}");
}

#[test]
fn portuguese_is_not_sent_to_a_spanish_desk() {
    for line in SENTENCES.lines().filter(|line| line.starts_with("pt\t")) {
        let sentence = line.split_once('\t').unwrap().1;
        assert_ne!(detect(sentence, &[]).certain(), Some("es"), "{sentence}");
    }
}
