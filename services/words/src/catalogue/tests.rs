use super::*;

/// The isolates of a value whose direction is not known.
const FSI: char = '\u{2068}';
const LRI: char = '\u{2066}';
const RLI: char = '\u{2067}';
const PDI: char = '\u{2069}';

fn catalogue(locale: &str, pattern: &str) -> Catalogue {
    let messages = BTreeMap::from([("m".to_owned(), pattern.to_owned())]);
    let (catalogue, refused) = Catalogue::compile(&Tag::parse(locale).unwrap(), &messages).unwrap();
    assert!(refused.is_empty(), "{pattern} is refused");
    catalogue
}

fn rendered(locale: &str, pattern: &str, arguments: &[(&str, Value)]) -> (String, Vec<String>) {
    let arguments = arguments
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let Rendered { text, degradations } = catalogue(locale, pattern).render("m", &arguments).unwrap();
    (text, degradations)
}

fn text(locale: &str, pattern: &str, arguments: &[(&str, Value)]) -> String {
    let (text, degradations) = rendered(locale, pattern, arguments);
    assert!(degradations.is_empty(), "{degradations:?}");
    text
}

fn plural(locale: &str, categories: &[&str], number: f64) -> String {
    use std::fmt::Write as _;
    let mut pattern = ".input {$n :number} .match $n".to_owned();
    for category in categories {
        let _ = write!(pattern, " {category} {{{{{category}}}}}");
    }
    pattern.push_str(" * {{other}}");
    text(locale, &pattern, &[("n", Value::Number(number))])
}

#[test]
fn each_language_chooses_its_plural_forms() {
    let arabic = ["zero", "one", "two", "few", "many"];
    for (number, form) in [
        (0.0, "zero"),
        (1.0, "one"),
        (2.0, "two"),
        (3.0, "few"),
        (10.0, "few"),
        (11.0, "many"),
        (99.0, "many"),
        (100.0, "other"),
        (103.0, "few"),
        (1.5, "other"),
    ] {
        assert_eq!(plural("ar", &arabic, number), form, "ar {number}");
    }
    for (locale, number, form) in [
        ("de", 1.0, "one"),
        ("de", 0.0, "other"),
        ("de", 2.0, "other"),
        ("en", 1.0, "one"),
        ("en", 1.5, "other"),
        ("es", 1.0, "one"),
        ("es", 2.0, "other"),
        ("ja", 1.0, "other"),
        ("zh-Hans", 1.0, "other"),
    ] {
        assert_eq!(plural(locale, &["one"], number), form, "{locale} {number}");
    }
}

#[test]
fn numbers_are_written_as_the_language_writes_them() {
    for (locale, written) in [
        ("en", "12,345.5"),
        ("de", "12.345,5"),
        ("es", "12.345,5"),
        ("ja", "12,345.5"),
        ("zh-Hans", "12,345.5"),
    ] {
        assert_eq!(
            text(locale, "{$n :number}", &[("n", Value::Number(12_345.5))]),
            written,
            "{locale}"
        );
        assert_eq!(
            text(locale, "{$n}", &[("n", Value::Number(12_345.5))]),
            written,
            "{locale}, no function"
        );
    }
    for (locale, written) in [("ar", "12,345"), ("ar-EG", "١٢٬٣٤٥")] {
        let found = text(locale, "{$n :integer}", &[("n", Value::Number(12_345.0))]);
        assert_eq!(found.trim_matches([FSI, LRI, RLI, PDI]), written, "{locale}");
    }
}

#[test]
fn times_are_written_as_the_language_writes_them_in_utc() {
    // 2026-03-04T05:06:07Z
    let time = Value::Time(1_772_600_767_000);
    for (locale, written) in [
        ("en", "Mar 4, 2026, 5:06\u{202f}AM"),
        ("de", "04.03.2026, 05:06"),
        ("ja", "2026/03/04 5:06"),
        ("zh-Hans", "2026年3月4日 05:06"),
    ] {
        let found = text(locale, "{$t :datetime}", &[("t", time.clone())]);
        assert_eq!(found.trim_matches([FSI, LRI, PDI]), written, "{locale}");
    }
}

fn for_reader(locale: &str, pattern: &str, value: Value, languages: &[&str], zone: &str) -> String {
    let reader = Reader::new(languages).in_zone(zone);
    let arguments = BTreeMap::from([("t".to_owned(), value)]);
    let rendered = catalogue(locale, pattern).render_for("m", &arguments, &reader).unwrap();
    assert!(rendered.degradations.is_empty(), "{:?}", rendered.degradations);
    rendered.text.replace([FSI, LRI, RLI, PDI], "")
}

#[test]
fn times_are_those_of_the_readers_clock() {
    // 2026-03-04T23:06:07Z, and half a year later.
    let (winter, summer) = (1_772_665_567_000, 1_788_476_767_000);
    for (locale, zone, time, written) in [
        ("de", "UTC", winter, "04.03.2026, 23:06"),
        ("de", "Europe/Berlin", winter, "05.03.2026, 00:06"),
        ("de", "Europe/Berlin", summer, "04.09.2026, 01:06"),
        ("en", "America/Los_Angeles", winter, "Mar 4, 2026, 3:06\u{202f}PM"),
        ("en-GB", "Europe/London", summer, "4 Sept 2026, 00:06"),
        ("ja", "Asia/Tokyo", winter, "2026/03/05 8:06"),
        ("hi", "Asia/Kolkata", winter, "5 मार्च 2026, 4:36 am"),
        ("en", "Asia/Kathmandu", winter, "Mar 5, 2026, 4:51\u{202f}AM"),
    ] {
        let found = for_reader(locale, "{$t :datetime}", Value::Time(time), &[locale], zone);
        assert_eq!(found, written, "{locale} {zone}");
    }
    let zoned = for_reader(
        "en",
        "{$t :time timeZoneStyle=short}",
        Value::Time(winter),
        &["en"],
        "America/Los_Angeles",
    );
    assert_eq!(zoned, "3:06\u{202f}PM PST");
    // A day is the same day wherever it is read, and a message can insist on a zone.
    let day = Value::Day(Day::new(2027, 3, 14).unwrap());
    for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Sao_Paulo"] {
        let found = for_reader("de", "{$t :date length=long}", day.clone(), &["de"], zone);
        assert_eq!(found, "14. März 2027", "{zone}");
    }
    let fixed = for_reader(
        "de",
        "{$t :time timeZone=UTC}",
        Value::Time(winter),
        &["de"],
        "Asia/Tokyo",
    );
    assert_eq!(fixed, "23:06");
}

#[test]
fn days_are_counted_by_the_calendar_of_the_locale_or_the_one_that_is_asked_for() {
    let day = Value::Day(Day::new(2027, 3, 14).unwrap());
    for (locale, language, written) in [
        ("th", "th", "14 มีนาคม 2570"),
        ("th", "th-TH-u-ca-gregory", "14 มีนาคม ค.ศ. 2027"),
        ("fa", "fa", "۲۳ اسفند ۱۴۰۵"),
        ("en", "en-u-ca-buddhist", "March 14, 2570 BE"),
        ("en", "en-u-ca-hebrew", "5 Adar II 5787"),
        ("ja", "ja-JP-u-ca-japanese", "令和9年3月14日"),
        ("de", "de-u-ca-nosuch", "14. März 2027"),
    ] {
        let found = for_reader(locale, "{$t :date length=long}", day.clone(), &[language], "UTC");
        assert_eq!(found, written, "{language}");
    }
}

#[test]
fn days_are_written_as_the_language_writes_them_and_are_in_no_zone() {
    let day = Value::Day(Day::new(2027, 3, 14).unwrap());
    for (locale, written) in [
        ("en", "March 14, 2027"),
        ("de", "14. März 2027"),
        ("es", "14 de marzo de 2027"),
        ("ja", "2027年3月14日"),
        ("zh-Hans", "2027年3月14日"),
        ("ar", "14 مارس 2027"),
    ] {
        let found = text(locale, "{$d :date length=long}", &[("d", day.clone())]);
        assert_eq!(found.trim_matches([FSI, LRI, RLI, PDI]), written, "{locale}");
    }
    assert_eq!(Day::new(2027, 2, 29), None);
    assert_eq!(Day::new(2027, 13, 1), None);
}

#[test]
fn money_is_written_as_the_language_writes_it_with_the_digits_of_its_currency() {
    for (locale, code, minor, written) in [
        ("en", "USD", 123_456, "$1,234.56"),
        ("en", "JPY", 4_900, "¥4,900"),
        ("en", "KWD", 12_345, "KWD\u{a0}12.345"),
        ("de", "EUR", 4_900, "49,00\u{a0}€"),
        ("de", "EUR", -5, "-0,05\u{a0}€"),
        ("es", "MXN", 100, "1,00\u{a0}MXN"),
        ("ja", "JPY", 12_800, "￥12,800"),
        ("zh-Hans", "CNY", 39_900, "¥399.00"),
        // Hundredths that nobody uses are not shown where there are none, and never lost where there are some.
        ("en", "LBP", 490_000, "LBP\u{a0}4,900"),
        ("en", "LBP", 490_050, "LBP\u{a0}4,900.50"),
        ("en", "EUR", i64::MIN, "-€92,233,720,368,547,758.08"),
    ] {
        let money = Value::Money(Money::new(code, minor).unwrap());
        let found = text(locale, "{$m :currency}", &[("m", money)]);
        assert_eq!(found, written, "{locale} {code} {minor}");
    }
    let money = Value::Money(Money::new("SAR", 4_950).unwrap());
    let arabic = text("ar", "{$m :currency}", &[("m", money.clone())]);
    assert!(arabic.contains("49.50") && arabic.contains("ر.س"), "{arabic:?}");
    // Without its function an amount has no form, and what is no currency is no amount.
    assert_eq!(rendered("en", "{$m}", &[("m", money)]).1, ["m"]);
    assert_eq!(Money::new("QQQ", 1), None);
    assert_eq!(Money::new("XAU", 1), None);
}

#[test]
fn values_are_isolated_from_the_direction_around_them() {
    let arabic = text("ar", "مرحبًا {$name}!", &[("name", Value::Text("ACME 7".to_owned()))]);
    assert_eq!(arabic, format!("مرحبًا {FSI}ACME 7{PDI}!"));
    assert_eq!(
        text("en", "Hello {$name}!", &[("name", Value::Text("سلمى".to_owned()))]),
        format!("Hello {FSI}سلمى{PDI}!")
    );
    // What runs from left to right needs no marks in a text that does too, and gets them in a text that does not.
    let code = [("code", Value::Text("123456".to_owned()))];
    assert_eq!(text("en", "Code {$code}", &code), "Code 123456");
    assert_eq!(
        text("ar", "الرمز {$code :string u:dir=ltr}", &code),
        format!("الرمز {LRI}123456{PDI}")
    );
}

#[test]
fn what_is_missing_or_wrong_shows_and_is_named() {
    let name = |text: &str| format!("{{${text}}}");
    assert_eq!(
        rendered("en", "Hello {$who}.", &[]),
        (format!("Hello {}.", name("who")), vec!["who".to_owned()])
    );
    assert_eq!(
        rendered("en", "{$a} {$b}", &[("b", Value::Wrong)]),
        (
            format!("{} {}", name("a"), name("b")),
            vec!["a".to_owned(), "b".to_owned()]
        )
    );
    let (text, degradations) = rendered("en", "{$n :integer}", &[("n", Value::Text("many".to_owned()))]);
    assert_eq!((text, degradations), (name("n"), vec!["n".to_owned()]));
    // A time needs to be told how to be written; not a number and not a time that can be are as wrong.
    for (pattern, value) in [
        ("{$n}", Value::Time(0)),
        ("{$n :number}", Value::Number(f64::NAN)),
        ("{$n :datetime}", Value::Time(i64::MAX)),
    ] {
        assert_eq!(
            rendered("en", pattern, &[("n", value)]).1,
            vec!["n".to_owned()],
            "{pattern}"
        );
    }
    // No name in the text tells of a choice that could not be made.
    let choice = ".input {$n :integer} .match $n one {{One.}} * {{Some.}}";
    assert_eq!(
        rendered("en", choice, &[("n", Value::Text("x".to_owned()))]),
        ("Some.".to_owned(), vec![MESSAGE_DEGRADED.to_owned()])
    );
    assert_eq!(rendered("en", choice, &[]), ("Some.".to_owned(), vec!["n".to_owned()]));
    // What a message does not ask for does no harm.
    assert_eq!(
        rendered("en", "Hello.", &[("n", Value::Wrong)]),
        ("Hello.".to_owned(), vec![])
    );
}

#[test]
fn a_message_that_cannot_be_compiled_leaves_the_others_be() {
    let messages = [("a", "fine"), ("b", "{"), ("c", "{$x :nope}"), ("d", "fine too")];
    let messages = messages
        .map(|(key, pattern)| (key.to_owned(), pattern.to_owned()))
        .into();
    let (catalogue, refused) = Catalogue::compile(&Tag::parse("en").unwrap(), &messages).unwrap();
    assert_eq!(refused, ["b", "c"]);
    assert_eq!(catalogue.len(), 2);
    assert_eq!(catalogue.render("d", &Arguments::new()).unwrap().text, "fine too");
    assert_eq!(catalogue.render("b", &Arguments::new()), None);
}

#[test]
fn an_empty_catalogue_is_one() {
    let (catalogue, _) = Catalogue::compile(&Tag::parse("ja").unwrap(), &BTreeMap::new()).unwrap();
    assert!(catalogue.is_empty());
    assert_eq!(catalogue.render("a", &Arguments::new()), None);
}

#[test]
fn neither_values_nor_texts_are_printed() {
    let rendered =
        catalogue("en", "{$a}").render("m", &BTreeMap::from([("a".to_owned(), Value::Text("Ada".to_owned()))]));
    assert!(!format!("{rendered:?}{:?}", Value::Text("Ada".to_owned())).contains("Ada"));
}
