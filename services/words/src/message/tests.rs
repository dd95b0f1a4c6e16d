use proptest::prelude::*;

use super::*;

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

fn names(list: &[&str]) -> Placeholders {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn found(locale: &str, pattern: &str, source: Source<'_>, rules: &Rules) -> Vec<String> {
    faults(&tag(locale), "a.key", pattern, source, rules)
        .into_iter()
        .map(|fault| fault.to_string())
        .collect()
}

#[test]
fn placeholders_are_all_that_a_message_takes() {
    assert_eq!(check("Hello."), Ok(names(&[])));
    assert_eq!(check("{$b} and {$a :integer}"), Ok(names(&["a", "b"])));
    assert_eq!(
        check(".input {$n :integer} .local $m = {$n :number} .match $n one {{{$m} of {$all}}} * {{{$m}}}"),
        Ok(names(&["all", "n"]))
    );
}

#[test]
fn what_cannot_be_compiled_is_named_with_its_place() {
    for (pattern, what) in [
        ("{$a", "syntax error at byte "),
        (".match $n * {{x}}", "a selector names no function at byte 7"),
        (
            ".input {$n :integer} .match $n one {{x}}",
            "the variant that catches everything else (`*`) is missing",
        ),
        (
            ".input {$n :integer} .match $n one two {{x}} * {{y}}",
            "a variant has not as many keys as there are selectors",
        ),
        (
            ".input {$n :integer} .input {$n :number} {{x}}",
            "a variable is declared twice",
        ),
        ("{$n :shout}", "unknown function :shout"),
    ] {
        let fault = check(pattern).unwrap_err().to_string();
        assert!(fault.starts_with(what), "{pattern}: {fault}");
    }
}

#[test]
fn every_faulty_message_is_named() {
    let source = BTreeMap::from([
        ("a".to_owned(), "{$x}".to_owned()),
        ("b".to_owned(), "plain".to_owned()),
    ]);
    let german = tag("de");
    let faults = check_all(
        &german,
        [
            ("a", "{$x}"),
            ("b", "{$y}"),
            ("c", "new"),
            ("a", "{$x}"),
            ("b", "{"),
            ("d", "{$x :nope}"),
        ],
        Some(&source),
        &Rules::default(),
    );
    assert_eq!(
        faults,
        [
            (
                1,
                Fault::Placeholders {
                    missing: vec![],
                    surplus: vec!["y".to_owned()]
                }
            ),
            (2, Fault::NoSource),
            (3, Fault::Twice),
            (4, Fault::Twice),
            (5, Fault::UnknownFunction("nope".to_owned())),
        ]
    );
    assert_eq!(check_all(&german, [("c", "new")], None, &Rules::default()), []);
}

#[test]
fn markup_is_that_of_the_source_and_closed() {
    let rules = Rules::default();
    let source = Source::Text("See {#link}our page{/link}.{#br /}");
    assert_eq!(found("de", "Siehe {#link}hier{/link}.{#br /}", source, &rules), [""; 0]);
    assert_eq!(
        found("de", "Siehe {#bold}hier{/bold}.{#br /}", source, &rules),
        [
            "markup differs from the source's: #link is missing /link is missing #bold is not in the source /bold is not in the source"
        ]
    );
    assert_eq!(
        found("en", "{#link}{#link}a{/link} {#br /}", Source::Itself, &rules),
        ["markup link is not closed as often as it is opened"]
    );
    // Each form for itself: what one lacks another does not make up for.
    let forms = ".input {$n :integer} .match $n one {{{#b}x}} * {{x{/b}}}";
    assert_eq!(
        found("en", forms, Source::Itself, &rules),
        ["markup b is not closed as often as it is opened"]
    );
}

#[test]
fn a_language_gets_the_plural_forms_it_needs() {
    let of = |function: &str, keys: &[&str]| {
        let forms: Vec<String> = keys.iter().map(|key| format!("{key} {{{{x}}}}")).collect();
        let forms = forms.join(" ");
        format!(".input {{$n :{function}}} .match $n {forms} * {{{{x}}}}")
    };
    let missing = "plural forms of the language are missing for $n: ";
    for (locale, function, keys, lacks) in [
        ("en", "integer", &["one"][..], ""),
        ("en", "integer", &[], "one"),
        // One is the only number that takes it.
        ("en", "integer", &["1"], ""),
        ("ja", "integer", &[], ""),
        ("es", "integer", &["one"], ""),
        ("fr", "integer", &["1"], "one"),
        ("ru", "integer", &["one", "few", "many"], ""),
        ("ru", "integer", &["one"], "few many"),
        ("pl", "number", &["one", "few", "many"], ""),
        ("cs", "integer", &["one", "few"], ""),
        ("cs", "number", &["one", "few"], "many"),
        ("cs", "number maximumFractionDigits=0", &["one", "few"], ""),
        ("ar", "integer", &["one", "few", "many"], "zero two"),
        ("ar", "integer", &["0", "1", "2", "few", "many"], ""),
        ("lv", "integer", &["zero", "one"], ""),
        ("en", "integer select=ordinal", &["one", "two", "few"], ""),
        ("en", "integer select=ordinal", &["one"], "two few"),
        ("ru", "integer select=exact", &["1"], ""),
        ("ru", "string", &["a"], ""),
    ] {
        let found = found(locale, &of(function, keys), Source::Itself, &Rules::default());
        let expected: Vec<String> = (!lacks.is_empty())
            .then(|| format!("{missing}{lacks}"))
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{locale} :{function} {keys:?}");
    }
    // Through a local variable, and for the second of two.
    let pattern = ".input {$a :string} .input {$n :integer} .local $m = {$n} .match $a $m x one {{x}} * * {{x}}";
    let found = found("ru", pattern, Source::Itself, &Rules::default());
    assert_eq!(found, ["plural forms of the language are missing for $m: few many"]);
}

#[test]
fn texts_keep_to_the_rules() {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let rules = Rules {
        longest: BTreeMap::from([("a".to_owned(), 10), ("a.key".to_owned(), 30), ("a.ke".to_owned(), 1)]),
        product_names: words(&["CarePlan Plus"]),
        glossary: BTreeMap::from([(
            "Warranty".to_owned(),
            BTreeMap::from([
                ("de".to_owned(), words(&["Garantie"])),
                ("de-AT".to_owned(), words(&["Gewährleistung"])),
                ("ja".to_owned(), words(&["保証"])),
            ]),
        )]),
        forbidden: BTreeMap::from([
            ("und".to_owned(), words(&["ASAP"])),
            ("de".to_owned(), words(&["leider"])),
            ("ja".to_owned(), words(&["ちょっと"])),
        ]),
    };
    let source = Source::Text("Your WARRANTY: {$x}");
    for (locale, pattern, expected) in [
        ("de", "Ihre garantien: {$x}", &[][..]),
        (
            "de-CH",
            "Ihre Zusage: {$x}",
            &["the glossary translates Warranty by Garantie"],
        ),
        (
            "de-AT",
            "Ihre Garantie: {$x}",
            &["the glossary translates Warranty by Gewährleistung"],
        ),
        ("es", "Su garantía: {$x}", &[]),
        ("ja", "保証は{$x}", &[]),
        ("ja", "保証はちょっと{$x}", &["says what is never said: ちょっと"]),
        (
            "de",
            "Leider Garantie {$x} asap",
            &["says what is never said: leider", "says what is never said: ASAP"],
        ),
        ("de", "Garantie leiderte {$x} Asapo", &[]),
        (
            "de",
            "Garantie: careplan-plus {$x}",
            &["careplan-plus is spelled CarePlan Plus"],
        ),
        ("de", "CarePlan Plus-Garantie {$x}", &[]),
        ("de", "Garantie der CareplanPlusse {$x}", &[]),
        (
            "de",
            "Garantie, die viel zu lange dauert {$x}",
            &["is 35 characters long and may have 30"],
        ),
    ] {
        assert_eq!(found(locale, pattern, source, &rules), expected, "{locale} {pattern}");
    }
    // A term within another word is another word.
    assert_eq!(found("de", "Anderes", Source::Text("Prewarranty"), &rules), [""; 0]);
    // The longest beginning of the key counts, and only whole words of it.
    let other = |key: &str| faults(&tag("en"), key, "eleven char", Source::Itself, &rules).len();
    assert_eq!(
        (other("a.key.more"), other("a.kex"), other("b"), other("a")),
        (0, 1, 0, 1)
    );
}

#[test]
fn all_faults_of_a_message_come_at_once() {
    let rules = Rules {
        longest: BTreeMap::from([("a".to_owned(), 3)]),
        forbidden: BTreeMap::from([("und".to_owned(), vec!["bad".to_owned()])]),
        ..Rules::default()
    };
    let pattern = ".input {$n :integer} .match $n one {{{#b}bad {$y}}} * {{bad}}";
    let found = faults(&tag("ru"), "a.key", pattern, Source::Text("{$n} {$x}"), &rules);
    assert_eq!(found.len(), 6, "{found:?}");
}

proptest! {
    #[test]
    fn no_text_breaks_the_checks(pattern in "\\PC{0,60}", source in "\\PC{0,60}", name in "\\PC{0,6}", phrase in "\\PC{0,4}") {
        let rules = Rules {
            product_names: vec![name],
            forbidden: BTreeMap::from([("und".to_owned(), vec![phrase.clone()])]),
            glossary: BTreeMap::from([(phrase, BTreeMap::from([("de".to_owned(), vec!["x".to_owned()])]))]),
            ..Rules::default()
        };
        let _ = faults(&tag("de"), "a", &pattern, Source::Text(&source), &rules);
    }
}
