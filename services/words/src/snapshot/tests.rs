use super::super::catalogue::{Day, List, ListKind, Money};
use super::super::locale::Direction;
use super::*;

fn snapshot(catalogues: &[(&str, &[(&str, &str)])]) -> Snapshot {
    let tag = |text: &str| Tag::parse(text).unwrap();
    let locales = ["en", "es", "es-419", "de"].map(|text| Locale {
        tag: tag(text),
        native_name: String::new(),
        english_name: String::new(),
        direction: Direction::LeftToRight,
    });
    let published = catalogues
        .iter()
        .map(|(locale, messages)| {
            let patterns: BTreeMap<_, _> = messages
                .iter()
                .map(|(key, pattern)| ((*key).to_owned(), (*pattern).to_owned()))
                .collect();
            let (published, _) = Published::compile(&tag(locale), 1, patterns).unwrap();
            (tag(locale), Arc::new(published))
        })
        .collect();
    Snapshot::new(Locales::new(locales, &tag("en")).unwrap(), published)
}

fn rendered(snapshot: &Snapshot, key: &str, language: &str) -> Option<(String, String, bool)> {
    let answer = snapshot.render(key, &[language], &Arguments::new())?;
    Some((answer.rendered.text, answer.locale.tag.to_string(), answer.fell_back))
}

#[test]
fn a_message_comes_from_the_first_locale_of_the_chain_that_has_it() {
    let snapshot = snapshot(&[
        ("en", &[("a", "A en"), ("b", "B en"), ("c", "C en")]),
        ("es", &[("a", "A es"), ("b", "B es")]),
        ("es-419", &[("a", "A 419")]),
    ]);
    let merged: Vec<_> = snapshot
        .merged(&Tag::parse("es-419").unwrap())
        .into_iter()
        .map(|found| (found.key, found.pattern, found.locale.as_str()))
        .collect();
    assert_eq!(
        merged,
        [("a", "A 419", "es-419"), ("b", "B es", "es"), ("c", "C en", "en")]
    );
    let answer = |key, language| rendered(&snapshot, key, language);
    assert_eq!(
        answer("a", "es-MX"),
        Some(("A 419".to_owned(), "es-419".to_owned(), false))
    );
    assert_eq!(answer("b", "es-MX"), Some(("B es".to_owned(), "es".to_owned(), false)));
    assert_eq!(answer("c", "es-MX"), Some(("C en".to_owned(), "en".to_owned(), true)));
    assert_eq!(answer("a", "de"), Some(("A en".to_owned(), "en".to_owned(), true)));
    assert_eq!(answer("a", "fr"), Some(("A en".to_owned(), "en".to_owned(), false)));
    assert_eq!(answer("d", "en"), None);
}

#[test]
fn a_translation_that_takes_other_values_than_the_source_is_passed_over() {
    let snapshot = snapshot(&[("en", &[("a", "Case {$number}")]), ("de", &[("a", "Fall {$nummer}")])]);
    assert_eq!(rendered(&snapshot, "a", "de").unwrap().1, "en");
    assert_eq!(snapshot.merged(&Tag::parse("de").unwrap())[0].locale.as_str(), "en");
}

#[test]
fn where_nothing_is_published_nothing_is_found() {
    assert_eq!(rendered(&snapshot(&[]), "a", "en"), None);
    assert_eq!(snapshot(&[]).merged(&Tag::parse("en").unwrap()), []);
}

#[test]
fn values_in_a_text_of_the_own_language_are_written_as_the_reader_writes_them() {
    let snapshot = snapshot(&[
        (
            "en",
            &[
                ("day", "{$v :date length=short}"),
                ("list", "{$v}"),
                ("money", "{$v :currency}"),
                ("number", "{$v :number}"),
            ],
        ),
        ("es-419", &[("money", "{$v :currency}"), ("number", "{$v :number}")]),
        ("es", &[("day", "{$v :date length=short}")]),
    ]);
    let day = Value::Day(Day::new(2027, 3, 4).unwrap());
    let money = Value::Money(Money::new("MXN", 123_450).unwrap());
    let number = Value::Number(1_234.5);
    let list = Value::List(List {
        kind: ListKind::And,
        items: ["a", "b", "c"].map(|text| Item::Text(text.to_owned())).to_vec(),
    });
    for (languages, key, value, written, of) in [
        (vec!["en"], "day", &day, "3/4/27", "en"),
        (vec!["en-GB"], "day", &day, "04/03/2027", "en"),
        (vec!["en-GB"], "list", &list, "a, b and c", "en"),
        (vec!["en"], "list", &list, "a, b, and c", "en"),
        (vec!["en-ZA"], "number", &number, "1\u{a0}234,5", "en"),
        (vec!["es-MX"], "money", &money, "$1,234.50", "es-419"),
        (vec!["es-AR"], "number", &number, "1.234,5", "es-419"),
        (vec!["es-MX"], "day", &day, "04/03/27", "es"),
        (vec!["es"], "day", &day, "4/3/27", "es"),
        (vec!["es-PA"], "day", &day, "03/04/27", "es"),
        // Another language: the text's formats, unless the reader reads it as somewhere too.
        (vec!["de-CH"], "number", &number, "1,234.5", "en"),
        (vec!["de-CH", "en-ZA"], "number", &number, "1\u{a0}234,5", "en"),
    ] {
        let arguments = Arguments::from([("v".to_owned(), value.clone())]);
        let answer = snapshot.render(key, &languages, &arguments).unwrap();
        let found = (answer.rendered.text.as_str(), answer.locale.tag.as_str());
        assert_eq!(found, (written, of), "{languages:?} {key}");
        assert_eq!(answer.rendered.degradations, [""; 0], "{languages:?} {key}");
    }
}
