use proptest::prelude::*;

use super::*;

fn facts() -> Facts {
    let attributes = Attributes {
        product_line: Some(ProductLine::Phone),
        model: "aster-9-pro".to_owned(),
        country: "DE".parse().ok(),
        region: "eu".to_owned(),
        ..Attributes::new(Channel::Chat, "de-AT".parse().unwrap())
    };
    let named = Named {
        last_agent: Some(
            support_chassis::id::Id::from_parts("eu".parse().unwrap(), time::OffsetDateTime::UNIX_EPOCH, 1).into(),
        ),
        account_manager: None,
    };
    Facts::of(&attributes, &named)
}

#[test]
fn conditions_hold_or_not() {
    for (source, expected) in [
        ("", true),
        ("true", true),
        (r#"channel == "chat""#, true),
        (r#""chat" != channel"#, false),
        (r"language == 'de' && country in ['AT', 'DE']", true),
        (r#"model.startsWith("aster-9")"#, true),
        (r#"model.startsWith("aster-10") || region == 'us'"#, false),
        ("has_last_agent && !has_account_manager", true),
        (r#"has_last_agent ? area == "" : false"#, true),
        (
            r#"segment == "" && severity == 'normal' && cause == 'opened' && product_line in ["phone"]"#,
            true,
        ),
    ] {
        let condition = Condition::parse(source).unwrap_or_else(|fault| panic!("{source}: {fault}"));
        assert_eq!(condition.holds(&facts()), expected, "{source}");
    }
}

#[test]
fn what_is_no_condition_is_refused_with_what_is_wrong() {
    for (source, fault) in [
        ("channel", "is a text, and neither true nor false"),
        ("chanel == 'chat'", "nothing is known by the word `chanel`"),
        ("channel == 'fax'", "`channel` is never \"fax\""),
        (
            "channel == language",
            "a word is held against a text, not against another word",
        ),
        (
            "has_last_agent == 'yes'",
            "`has_last_agent` is true or false, and no text",
        ),
        ("language.size() == 2", "`size` is not among what conditions may say"),
        (
            "language.matches('d.')",
            "`matches` is not among what conditions may say",
        ),
        ("['a'].all(x, x == 'a')", "may only compare words with texts"),
        ("country in []", "`in` is followed by a list of texts"),
        ("country in country", "`in` is followed by a list of texts"),
        ("language < 'de'", "`<` is not among what conditions may say"),
        ("model == 'a~b'", "contains the character '~'"),
        ("model == 'é'", "contains the character 'é'"),
        ("channel.name == 'chat'", "a text is held against a word"),
    ] {
        assert_eq!(Condition::parse(source).unwrap_err().to_string(), fault, "{source}");
    }
    for source in ["channel ==", "(", "channel == 'chat", "&&", "a b", "channel === 'chat'"] {
        let fault = Condition::parse(source).unwrap_err().to_string();
        assert!(fault.starts_with("is no CEL at character "), "{source}: {fault}");
    }
    let deep = format!("{}true{}", "(".repeat(60), ")".repeat(60));
    assert_eq!(
        Condition::parse(&deep).unwrap_err().to_string(),
        "stands too deep within itself"
    );
}

/// Conditions over three words.
fn any_condition() -> impl Strategy<Value = String> {
    let texts = proptest::sample::select(&["", "a", "ab", "abc", "b", "ba"][..]);
    let leaf = prop_oneof![
        texts.clone().prop_map(|text| format!("model == '{text}'")),
        texts.clone().prop_map(|text| format!("model.startsWith('{text}')")),
        (texts.clone(), texts.clone()).prop_map(|(one, other)| format!("language in ['{one}', '{other}']")),
        texts.prop_map(|text| format!("language != '{text}'")),
        Just("has_last_agent".to_owned()),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} && {other})")),
            (inner.clone(), inner).prop_map(|(one, other)| format!("({one} || {other})")),
        ]
    })
}

proptest! {
    #[test]
    fn whoever_a_condition_holds_for_is_of_a_kind_it_holds_for(
        source in any_condition(), model in "[abc]{0,4}", language in "[abc]{0,3}", has_last_agent: bool,
    ) {
        let condition = Condition::parse(&source).unwrap();
        let mut somebody = facts();
        somebody.set("model", &model);
        somebody.set("language", &language);
        somebody.set("has_last_agent", if has_last_agent { "true" } else { "false" });
        let holds = condition.holds(&somebody);
        let kinds: Vec<Facts> = condition.mentioned().each_kind().collect();
        prop_assert_eq!(kinds.len(), condition.mentioned().kinds());
        prop_assert!(kinds.iter().any(|kind| condition.holds(kind) == holds), "{} for {} {}", source, model, language);
    }

    #[test]
    fn nothing_that_is_written_troubles_the_reader(source in "[ -~]{0,60}") {
        let _ = Condition::parse(&source);
    }

    #[test]
    fn nothing_of_cel_troubles_the_reader(
        tokens in proptest::collection::vec(proptest::sample::select(&["channel", "==", "'chat'", "in", "[", "]", "(", ")", "!", "&&", "||",
            "?", ":", ".", ",", "startsWith", "{", "}", "1", "-", "has", "all", "x", "\"", "true"][..]), 0..40),
    ) {
        let _ = Condition::parse(&tokens.join(" "));
    }
}
