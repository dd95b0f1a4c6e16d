use super::super::Length;
use super::*;

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

fn person(language: &str, given: &str, surname: &str) -> Person {
    Person {
        given: given.to_owned(),
        surname: surname.to_owned(),
        language: Tag::parse(language),
        ..Person::default()
    }
}

const LETTER: Manner = Manner {
    order: Order::OfName,
    length: Length::Long,
    usage: Use::Referring,
    is_informal: false,
};

#[test]
fn the_surname_comes_where_the_language_of_the_name_has_it() {
    for (reader, name, text) in [
        ("en", person("", "Ann", "Example"), "Ann Example"),
        ("en", person("hu", "Anna", "Kiss"), "Anna Kiss"),
        ("hu", person("hu", "Anna", "Kiss"), "Kiss Anna"),
        ("hu", person("en", "Ann", "Example"), "Ann Example"),
        ("ja", person("ja", "太郎", "山田"), "山田太郎"),
        // A name in other letters is written as its own language writes it.
        ("de", person("ja", "太郎", "山田"), "山田太郎"),
        ("zh-Hans", person("en", "安娜", "史密斯"), "安娜·史密斯"),
        ("de", person("", "", "Muster"), "Muster"),
        ("de", person("", "Lena", ""), "Lena"),
    ] {
        assert_eq!(written(&tag(reader), &name, LETTER).as_deref(), Some(text), "{reader}");
    }
    assert_eq!(written(&tag("de"), &Person::default(), LETTER), None);
}

#[test]
fn a_name_is_written_for_what_it_is_needed_for() {
    let name = Person {
        title: "Dr.".to_owned(),
        given2: "Vinzent".to_owned(),
        surname_prefix: "von".to_owned(),
        given_informal: "Pauli".to_owned(),
        credentials: "MdB".to_owned(),
        ..person("de", "Paul", "Fischer")
    };
    let manner = |order, length, usage, is_informal| Manner {
        order,
        length,
        usage,
        is_informal,
    };
    for (manner, text) in [
        (LETTER, "Dr. Paul Vinzent von Fischer MdB"),
        (
            manner(Order::Sorting, Length::Long, Use::Referring, false),
            "Fischer, Paul Vinzent von",
        ),
        (
            manner(Order::OfName, Length::Medium, Use::Addressing, false),
            "Dr. von Fischer",
        ),
        (manner(Order::OfName, Length::Medium, Use::Addressing, true), "Pauli"),
        (manner(Order::OfName, Length::Long, Use::Monogram, false), "PVV"),
        (
            manner(Order::OfName, Length::Short, Use::Referring, true),
            "Pauli v. F.",
        ),
    ] {
        assert_eq!(written(&tag("de"), &name, manner).as_deref(), Some(text), "{manner:?}");
    }
    // Capitals are those of the language.
    let monogram = manner(Order::OfName, Length::Long, Use::Monogram, true);
    let text = written(&tag("tr"), &person("tr", "ibrahim", "ışık"), monogram);
    assert_eq!(text.as_deref(), Some("İI"));
}
