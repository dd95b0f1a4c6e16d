use super::*;

const POLICY: &str = "identity-verification/verification-policy";

fn parse(text: &str) -> Result<RuleFile, Vec<String>> {
    RuleFile::parse(FilePath::new("rules.yaml"), text.to_owned(), Library::own())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn an_overlay_names_what_it_changes() {
    let file = parse(&format!(
        "document: {POLICY}\nplace: country/DE\neffective_from: 2027-01-01\nreason: as agreed\nchanges:\n  codes:\n    lifetime: 300s\n"
    ))
    .unwrap();
    assert_eq!(file.place, Place::country("DE"));
    assert_eq!(file.effective_from, Some(time::macros::date!(2027 - 01 - 01)));
    assert_eq!(file.says.canonical(), r#"{"codes":{"lifetime":"300s"}}"#);
    assert_eq!(file.subject(), format!("{POLICY} for country/DE"));
}

#[test]
fn everything_wrong_is_said_with_its_line() {
    let problems = parse(
        "document: nobody/nothing\nplace: Germany\nsince: 2027\neffective_from: tomorrow\nreason: x\ncontent: {}\n",
    )
    .unwrap_err();
    let begins = [
        "rules.yaml:1:11: document: there is no document nobody/nothing; there are ",
        "rules.yaml:2:8: place: a place is global",
        "rules.yaml:3:1: since is no key",
        "rules.yaml:4:17: effective_from: a day is written as",
        "rules.yaml:5:9: reason: ",
    ];
    assert_eq!(problems.len(), begins.len(), "{problems:#?}");
    for (problem, begin) in problems.iter().zip(begins) {
        assert!(problem.starts_with(begin), "{problem} for {begin}");
    }
    assert_eq!(parse("[]").unwrap_err().len(), 1);
    assert_eq!(parse("document: x\n---\ny").unwrap_err().len(), 1);
    let missing = parse("place: global\n").unwrap_err();
    assert_eq!(missing[0], "rules.yaml:1:1: document is missing");
}

#[test]
fn faults_of_the_content_have_their_lines_too() {
    let head = format!("document: {POLICY}\nplace: country/DE\nreason: as agreed\n");
    let problems = parse(&format!(
        "{head}changes:\n  codes:\n    lifetime: soon\n    sendsPerHour: many # camel case is read too\n  nonsense: 1\n  purposes:\n    payment: {{methods: [NO, 70]}}\n"
    ))
    .unwrap_err();
    let marks: Vec<&str> = problems
        .iter()
        .map(|problem| problem.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        marks,
        [
            "rules.yaml:6:5",
            "rules.yaml:7:5",
            "rules.yaml:8:3",
            "rules.yaml:10:25",
            "rules.yaml:10:29"
        ],
        "{problems:#?}"
    );
    assert!(
        problems[0].contains("codes.lifetime: must be a duration"),
        "{problems:#?}"
    );
    let nothing = parse(&format!("{head}changes:\n")).unwrap_err();
    assert!(
        nothing[0].starts_with("rules.yaml:4:1: must be an object"),
        "{nothing:?}"
    );
}

#[test]
fn a_place_changes_and_the_world_has_content() {
    let of_place = parse(&format!(
        "document: {POLICY}\nplace: country/DE\nreason: as agreed\ncontent: {{}}\n"
    ));
    assert!(of_place.unwrap_err()[0].starts_with("rules.yaml:4:1: a file for a place"));
    let of_all = parse(&format!("document: {POLICY}\nreason: as agreed\nchanges: {{}}\n"));
    assert!(of_all.unwrap_err()[0].starts_with("rules.yaml:3:1: a file for the whole world"));
}

#[test]
fn json_is_a_file_too() {
    let text = format!(
        "{{\n\t\"document\": \"{POLICY}\",\n\t\"place\": \"country/DE\",\n\t\"reason\": \"as agreed\",\n\t\"changes\": {{\"codes\": {{\"checks\": 3}}}}\n}}\n"
    );
    let file = RuleFile::parse(FilePath::new("rules.json"), text.clone(), Library::own()).unwrap();
    let says =
        Said::Changes(Patch::from_json(&file.known.schema, r#"{"codes":{"checks":2,"lifetime":"60s"}}"#).unwrap());
    assert_eq!(
        file.saying(&says, None, "as agreed").unwrap(),
        text.replace("{\"checks\": 3}", "{\"lifetime\": \"60s\", \"checks\": 2}")
            .replace(
                "{\"lifetime\": \"60s\", \"checks\": 2}",
                "{\"checks\": 2, \"lifetime\": \"60s\"}"
            )
    );
}

#[test]
fn what_holds_is_put_in_and_nothing_else_changes() {
    let text = format!(
        "# Ours.\ndocument: {POLICY} # the document\nplace: country/DE\n\n# When.\neffective_from: 2027-01-01\nreason: 'as agreed'\n\nchanges:\n  # Why so short.\n  codes: {{lifetime: 300.0s}}\n  purposes:\n    payment: # money\n      grantLifetime: 600s # ten minutes\n"
    );
    let file = parse(&text).unwrap();
    // The same in other words is the same.
    let day = time::macros::date!(2027 - 02 - 01);
    assert_eq!(file.saying(&file.says, file.effective_from, "as agreed").unwrap(), text);
    let patch = r#"{"codes":{"lifetime":"300s"},"purposes":{"payment":{"grant_lifetime":"900s"}}}"#;
    let says = Said::Changes(Patch::from_json(&file.known.schema, patch).unwrap());
    let after = file.saying(&says, Some(day), "it's new").unwrap();
    let expected = text
        .replace("600s #", "900s #")
        .replace("2027-01-01", "2027-02-01")
        .replace("'as agreed'", "'it''s new'");
    assert_eq!(after, expected);
}
