use super::names::{Kind, named};
use super::*;
use crate::catalogue::{Day, ListKind, Money};
use crate::locale::shipped;
use crate::reader::Reader;

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

fn written(locale: &str, value: Written, length: Length) -> String {
    let text = Formats::default()
        .write(&tag(locale), value, length, &Reader::default())
        .unwrap()
        .unwrap();
    // Isolates are for the text around a value, and there is none.
    text.replace(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'], "")
}

#[test]
fn values_are_written_by_language_and_region() {
    let money = |code: &str, minor| Written::Money(Money::new(code, minor).unwrap());
    let day = || Written::Day(Day::new(2027, 3, 4).unwrap());
    let mut differ = Vec::new();
    for (locale, value, length, text) in [
        ("de", Written::Number(1_234.5), Length::Medium, "1.234,5"),
        ("de-CH", Written::Number(1_234.5), Length::Medium, "1'234.5"),
        ("fr", Written::Number(1_234.5), Length::Medium, "1\u{202f}234,5"),
        ("hi", Written::Number(1_234_567.0), Length::Medium, "12,34,567"),
        ("mr", Written::Number(12.0), Length::Medium, "१२"),
        ("fa", Written::Number(12.0), Length::Medium, "۱۲"),
        ("es-MX", Written::Number(12_345.5), Length::Medium, "12,345.5"),
        ("es", Written::Number(12_345.5), Length::Medium, "12.345,5"),
        ("de", Written::Share(0.255), Length::Medium, "25,5\u{a0}%"),
        ("tr", Written::Share(0.25), Length::Medium, "%25"),
        ("pl", money("PLN", 1_234_500), Length::Medium, "12\u{a0}345,00\u{a0}zł"),
        ("en-GB", money("GBP", 995), Length::Medium, "£9.95"),
        ("de-CH", money("CHF", 995), Length::Medium, "CHF\u{a0}9.95"),
        ("en", day(), Length::Short, "3/4/27"),
        ("en-GB", day(), Length::Short, "04/03/2027"),
        ("en-GB", day(), Length::Long, "4 March 2027"),
        ("ko", day(), Length::Long, "2027년 3월 4일"),
        ("uk", day(), Length::Long, "4 березня 2027\u{202f}р."),
        ("zh-TW", day(), Length::Long, "2027年3月4日"),
        (
            "en",
            Written::Measure(250.0, "gigabyte".to_owned()),
            Length::Short,
            "250 GB",
        ),
        (
            "fr",
            Written::Measure(2.0, "gigabyte".to_owned()),
            Length::Short,
            "2\u{202f}Go",
        ),
        ("pl", Written::Measure(5.0, "hour".to_owned()), Length::Long, "5 godzin"),
        (
            "ru",
            Written::Measure(2.0, "kilogram".to_owned()),
            Length::Long,
            "2 килограмма",
        ),
        (
            "en",
            Written::Relative(-1, RelativeUnit::Day),
            Length::Long,
            "yesterday",
        ),
        (
            "de",
            Written::Relative(3, RelativeUnit::Day),
            Length::Long,
            "in 3 Tagen",
        ),
        (
            "de",
            Written::Relative(2, RelativeUnit::Day),
            Length::Long,
            "übermorgen",
        ),
        (
            "cs",
            Written::Relative(-5, RelativeUnit::Minute),
            Length::Long,
            "před 5 minutami",
        ),
        (
            "ja",
            Written::Relative(-2, RelativeUnit::Hour),
            Length::Long,
            "2 時間前",
        ),
        (
            "it",
            Written::List(ListKind::Or, ["a", "b"].map(str::to_owned).to_vec()),
            Length::Long,
            "a o b",
        ),
    ] {
        let found = written(locale, value, length);
        if found != text {
            differ.push((locale, found, text));
        }
    }
    assert_eq!(differ, []);
    let wrong = Formats::default().write(&tag("en"), Written::Number(f64::NAN), Length::Long, &Reader::default());
    assert_eq!(wrong.unwrap(), None);
}

#[test]
fn every_locale_writes_every_kind_of_value() {
    let formats = Formats::default();
    let reader = Reader::default().in_zone("Europe/Berlin");
    for locale in shipped().unwrap().locales {
        let mut values = vec![
            Written::Number(-1_234_567.891),
            Written::Share(0.5),
            Written::Money(Money::new("EUR", 123_456).unwrap()),
            Written::Time(1_772_665_567_000),
            Written::TimeOfDay(1_772_665_567_000),
            Written::Day(Day::new(2027, 3, 14).unwrap()),
            Written::List(ListKind::And, vec!["a".to_owned(), "b".to_owned()]),
        ];
        values.extend(UNITS.map(|unit| Written::Measure(3.0, unit.to_owned())));
        let units = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];
        values.extend(units.map(|unit| Written::Relative(-3, RelativeUnit::parse(unit).unwrap())));
        for (place, value) in values.into_iter().enumerate() {
            for length in [Length::Short, Length::Medium, Length::Long] {
                let text = formats.write(&locale.tag, value.clone(), length, &reader).unwrap();
                assert!(text.is_some_and(|text| !text.is_empty()), "{} {place}", locale.tag);
            }
        }
    }
}

#[test]
fn the_rules_are_those_of_the_readers_region() {
    let shipped = shipped().unwrap();
    let locales = Locales::new(shipped.locales, &shipped.default).unwrap();
    for (languages, rules) in [
        (vec!["de-CH"], "de-CH"),
        (vec!["tlh", "es-MX-u-ca-gregory"], "es-MX"),
        (vec!["gsw"], "de"),
        (vec!["no"], "nb"),
        (vec!["tlh"], "en"),
    ] {
        assert_eq!(rules_of(&locales, &languages).as_str(), rules, "{languages:?}");
    }
}

#[test]
fn languages_countries_and_scripts_have_names() {
    let mut differ = Vec::new();
    for (locale, kind, code, name) in [
        ("de", Kind::Language, "pt-BR", "Portugiesisch (Brasilien)"),
        ("en", Kind::Language, "zh-Hans", "Simplified Chinese"),
        ("fr", Kind::Language, "ja", "japonais"),
        ("ja", Kind::Language, "de", "ドイツ語"),
        ("de", Kind::Region, "CH", "Schweiz"),
        ("ar", Kind::Region, "EG", "مصر"),
        ("es", Kind::Region, "419", "Latinoamérica"),
        ("en-GB", Kind::Region, "DE", "Germany"),
        ("de", Kind::Script, "Cyrl", "Kyrillisch"),
        ("de", Kind::Currency, "CHF", "Schweizer Franken"),
        ("en-GB", Kind::Currency, "GBP", "British Pound"),
        ("fr-CA", Kind::Currency, "AZN", "manat azerbaïdjanais"),
        ("zh-TW", Kind::Currency, "EUR", "歐元"),
        ("de", Kind::Currency, "QQQ", "QQQ"),
        (
            "de",
            Kind::Calendar,
            "islamic-umalqura",
            "Hidschra-Kalender (Umm al-Qura)",
        ),
        ("en-GB", Kind::Calendar, "gregory", "Gregorian Calendar"),
        ("zh-TW", Kind::Calendar, "roc", "國曆"),
        ("es-MX", Kind::Calendar, "buddhist", "calendario budista"),
        ("de", Kind::Calendar, "julian", "julian"),
        ("de", Kind::Region, "?!", "?!"),
        ("de", Kind::Region, "QQ", "QQ"),
    ] {
        let found = named(&tag(locale), kind, &[code]).remove(0);
        if found != name {
            differ.push((locale, found, name));
        }
    }
    assert_eq!(differ, []);
    // What the locales are called stands in their file, and is what CLDR calls them; but ICU4X has no names in Urdu and
    // Swahili for their own languages and gives English ones, and the name of Hong Kong is longer there.
    let mut differ = Vec::new();
    for locale in shipped().unwrap().locales {
        let own = named(&locale.tag, Kind::Language, &[locale.tag.as_str()]);
        let english = named(&tag("en"), Kind::Language, &[locale.tag.as_str()]);
        if (own[0].as_str(), english[0].as_str()) != (locale.native_name.as_str(), locale.english_name.as_str()) {
            differ.push((locale.tag.to_string(), own, english));
        }
    }
    let tags: Vec<&str> = differ.iter().map(|(tag, ..)| tag.as_str()).collect();
    assert_eq!(tags, ["sw", "ur", "zh-Hant-HK"], "{differ:?}");
}

#[test]
fn every_locale_names_currencies_and_calendars() {
    for locale in shipped().unwrap().locales {
        for code in ["EUR", "USD", "JPY", "INR", "CNY", "GBP"] {
            assert_ne!(named(&locale.tag, Kind::Currency, &[code]), [code], "{}", locale.tag);
        }
        for code in ["buddhist", "gregory", "hebrew", "islamic", "japanese", "persian", "roc"] {
            assert_ne!(named(&locale.tag, Kind::Calendar, &[code]), [code], "{}", locale.tag);
        }
    }
}

#[test]
fn texts_are_sorted_as_a_reader_looks_for_them() {
    let texts = [
        "zebra", "Äpfel", "apfel", "Zoo", "ähnlich", "Öl", "čaj", "cukr", "chleba",
    ];
    let order = |locale: &str| -> String {
        let order = sort::sorted(&tag(locale), &texts);
        order
            .into_iter()
            .map(|place| texts[place])
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(order("de"), "ähnlich apfel Äpfel čaj chleba cukr Öl zebra Zoo");
    assert_eq!(order("sv"), "apfel čaj chleba cukr zebra Zoo ähnlich Äpfel Öl");
    assert_eq!(order("cs"), "ähnlich apfel Äpfel cukr čaj chleba Öl zebra Zoo");
}

#[test]
fn telephone_numbers_are_read_as_they_are_dialled() {
    for (number, country, e164, national) in [
        ("030 123456", "DE", "+4930123456", "030 123456"),
        ("+49 30 123456", "", "+4930123456", "030 123456"),
        ("(415) 555-2671", "US", "+14155552671", "(415) 555-2671"),
        ("03-1234-5678", "JP", "+81312345678", "03-1234-5678"),
        ("020 7946 0018", "GB", "+442079460018", "020 7946 0018"),
        ("06 12 34 56 78", "FR", "+33612345678", "06 12 34 56 78"),
    ] {
        let phone = phone::read(number, country).unwrap();
        assert_eq!(
            (phone.e164.as_str(), phone.national.as_str()),
            (e164, national),
            "{number}"
        );
        assert!(phone.is_valid, "{number}");
        assert!(phone.international.starts_with('+'), "{number}");
        assert!(!format!("{phone:?}").contains(&phone.e164[1..]));
    }
    for (number, country) in [
        ("030 123456", ""),
        ("hello", "DE"),
        ("", "DE"),
        ("1", "US"),
        ("123", "XX"),
    ] {
        assert!(
            phone::read(number, country).is_none_or(|phone| !phone.is_valid),
            "{number} {country}"
        );
    }
}
