use proptest::prelude::*;

use super::*;
use crate::domain::text::source_hash;

const FORMATS: [Format; 3] = [Format::Xliff, Format::Resource, Format::Csv];

fn unit(key: &str, source: &str, target: Option<&str>) -> Unit {
    Unit {
        key: key.to_owned(),
        source: source.to_owned(),
        target: target.map(str::to_owned),
        progress: Progress::Translated,
    }
}

fn file(units: Vec<Unit>) -> File {
    File {
        source_locale: "en".to_owned(),
        locale: "de".to_owned(),
        units,
    }
}

/// What reading a file again must give.
fn expected(format: Format, file: &File) -> ReadFile {
    let units = file.units.iter().map(|unit| ReadUnit {
        key: unit.key.clone(),
        made_from: Some(source_hash(&unit.source)),
        target: unit.target.clone(),
        is_initial: false,
    });
    ReadFile {
        locale: (format != Format::Csv).then(|| file.locale.clone()),
        // A resource has no entry for what is not translated.
        units: units
            .filter(|unit| format != Format::Resource || unit.target.is_some())
            .collect(),
    }
}

/// Patterns of every kind: words, forms, and whatever else people type.
fn pattern() -> impl Strategy<Value = String> {
    let words = "[a-zäßж漢ع .,!?|&<>\"'#@=\\[\\]\\t-]{0,12}";
    let placed = (words, "[a-z]{1,4}", words)
        .prop_map(|(before, name, after)| format!("x{before}{{${name} :number}}{after}{{#b}}y{{/b}}\\{{\\\\"));
    let forms = (words, words).prop_map(|(one, other)| {
        format!(".input {{$n :integer}}\n.match $n\n\none {{{{{one}{{$n}}}}}}\n  *  {{{{{other}\\|}}}}")
    });
    prop_oneof![
        placed,
        forms,
        "[ -~äж漢\\n\\r\\t]{1,30}",
        // Control characters, line separators, what XML has no room for.
        proptest::collection::vec(any::<char>(), 1..12).prop_map(String::from_iter),
        proptest::collection::vec(
            prop_oneof![
                Just('\\'),
                Just('\n'),
                Just(' '),
                Just('\u{2028}'),
                Just('\u{1}'),
                Just('\u{fffe}'),
                Just('{'),
                Just('#'),
                Just('a')
            ],
            1..10
        )
        .prop_map(String::from_iter),
    ]
}

fn units() -> impl Strategy<Value = Vec<Unit>> {
    let one = (
        "[a-z][a-z0-9_]{0,5}(\\.[a-z0-9_]{1,5}){0,3}",
        pattern(),
        proptest::option::of(pattern()),
    );
    proptest::collection::vec(one, 0..5).prop_map(|units| {
        units
            .into_iter()
            .map(|(key, source, target)| unit(&key, &source, target.as_deref()))
            .collect()
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(units in units()) {
        let file = file(units);
        for format in FORMATS {
            let written = write(format, &file).unwrap();
            let read = read(format, &written);
            prop_assert_eq!(read, Ok(expected(format, &file)), "{}", String::from_utf8_lossy(&written));
        }
    }

    #[test]
    fn no_bytes_break_the_readers(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "[<>/a-z=\"@#\\[\\] \n\\\\&;]{0,80}") {
        for format in FORMATS {
            let _ = read(format, &bytes);
            let _ = read(format, text.as_bytes());
        }
    }
}

#[test]
fn an_xliff_file_protects_what_is_no_words() {
    let file = file(vec![
        unit(
            "a.b",
            "Fee: {$fee :currency} & {$x}",
            Some("{$x} und Gebühr {$fee :currency}"),
        ),
        unit("c", "Not yet", None),
    ]);
    let written = String::from_utf8(write(Format::Xliff, &file).unwrap()).unwrap();
    for part in [
        "<xliff xmlns=\"urn:oasis:names:tc:xliff:document:2.0\" version=\"2.0\" srcLang=\"en\" trgLang=\"de\">",
        "<unit id=\"a.b\" name=\"a.b\">",
        "<data id=\"d1\" xml:space=\"preserve\">{$fee :currency}</data>",
        "<segment id=\"s\" state=\"translated\">",
        "<source>Fee: <ph id=\"1\" canCopy=\"yes\" dataRef=\"d1\"/> &amp; <ph id=\"2\" canCopy=\"yes\" dataRef=\"d2\"/></source>",
        "<target><ph id=\"2\" canCopy=\"yes\" dataRef=\"d2\"/> und Gebühr <ph id=\"1\" canCopy=\"yes\" dataRef=\"d1\"/></target>",
    ] {
        assert!(written.contains(part), "{part} is not in {written}");
    }
}

#[test]
fn an_xliff_file_says_what_nobody_has_looked_at() {
    let old = Unit {
        progress: Progress::Initial,
        ..unit("a", "New", Some("Alt"))
    };
    let read = read(Format::Xliff, &write(Format::Xliff, &file(vec![old])).unwrap()).unwrap();
    assert!(read.units[0].is_initial);
    assert_eq!(read.units[0].target.as_deref(), Some("Alt"));
}

#[test]
fn an_xliff_file_of_another_tool_is_read() {
    let text = r#"<?xml version="1.0"?>
<x:xliff xmlns:x="urn:oasis:names:tc:xliff:document:2.0" version="2.1" srcLang="en" trgLang="fr"><x:file id="f">
 <x:notes><x:note>source of a note</x:note></x:notes>
 <x:group id="g"><x:unit id="u7" name="a.b">
  <x:notes><x:note>do not read</x:note></x:notes>
  <x:originalData><x:data id="o">{#b}</x:data><x:data id="c">{/b}</x:data></x:originalData>
  <x:segment><x:source>One <x:pc id="1" dataRefStart="o" dataRefEnd="c">two</x:pc></x:source>
   <x:target>Un <x:pc id="1" dataRefStart="o" dataRefEnd="c"><x:mrk id="m" type="term">deux</x:mrk></x:pc></x:target></x:segment>
  <x:ignorable><x:source> &#x2014; </x:source></x:ignorable>
  <x:segment><x:source>three</x:source><x:target><![CDATA[<trois>]]></x:target></x:segment>
 </x:unit></x:group>
 <x:unit id="d.e"><x:segment><x:source>a</x:source><x:target>b</x:target></x:segment><x:segment><x:source>c</x:source></x:segment></x:unit>
</x:file></x:xliff>"#;
    let read = read(Format::Xliff, text.as_bytes()).unwrap();
    assert_eq!(read.locale.as_deref(), Some("fr"));
    assert_eq!(
        read.units,
        [
            ReadUnit {
                key: "a.b".to_owned(),
                made_from: Some(source_hash("One {#b}two{/b} — three")),
                target: Some("Un {#b}deux{/b} — <trois>".to_owned()),
                is_initial: false,
            },
            // Half a translation is none.
            ReadUnit {
                key: "d.e".to_owned(),
                made_from: Some(source_hash("ac")),
                target: None,
                is_initial: false,
            }
        ]
    );
}

#[test]
fn a_resource_of_another_hand_is_read() {
    let text = "# A file of ours\n@locale fr\n---\n\n@version 3\none = Un\n\n[two . a]\n# for whom\nb = Deux\n  {$x}\r\n   \\ fin\\x21\nc=\n.input = Trois\n";
    let read = read(Format::Resource, text.as_bytes()).unwrap();
    assert_eq!(read.locale.as_deref(), Some("fr"));
    let units: Vec<_> = read
        .units
        .iter()
        .map(|unit| (unit.key.as_str(), unit.target.as_deref()))
        .collect();
    assert_eq!(
        units,
        [
            ("one", Some("Un")),
            ("two.a.b", Some("Deux\n{$x}\n fin!")),
            ("two.a.c", None),
            ("two.a..input", Some("Trois"))
        ]
    );
}

#[test]
fn what_is_no_such_file_is_refused_with_its_place() {
    for (format, text, why) in [
        (Format::Xliff, "", "no xliff 2 at its end"),
        (Format::Xliff, "<xliff version=\"1.2\"/>", "no xliff 2 at byte 0"),
        (
            Format::Xliff,
            "<!DOCTYPE x [<!ENTITY a \"b\">]><xliff version=\"2.0\"/>",
            "a document type at byte 0",
        ),
        (
            Format::Xliff,
            "<xliff version=\"2.0\"><unit/></xliff>",
            "a unit without a name at byte 21",
        ),
        (
            Format::Xliff,
            "<xliff version=\"2.0\">&a;</xliff>",
            "unknown entity at byte 21",
        ),
        (
            Format::Xliff,
            "<xliff version=\"2.0\"><unit id=\"a\"><segment><source><ph id=\"1\" dataRef=\"d\"/></source></segment></unit></xliff>",
            "no original data d at byte 51",
        ),
        (Format::Resource, "  a = b", "indented without a beginning at line 1"),
        (
            Format::Resource,
            "a = b\n\nc",
            "neither an entry nor anything else at line 3",
        ),
        (Format::Resource, "a = b\n  \\q", "no escape at line 2"),
        (Format::Resource, "@source-hash 12\na = b", "no hash at line 1"),
        (Format::Csv, "key,source\na,b", "no column target at line 1"),
        (Format::Csv, "key,target\na,b,c", "no csv at line 2"),
    ] {
        let refused = read(format, text.as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), why, "{text}");
    }
    assert_eq!(read(Format::Csv, &[0xff]), Err(Unreadable::NotUtf8));
}
