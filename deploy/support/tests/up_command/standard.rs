//! `support standard` against a running system: what operators do with the rules, from the first look to a version that two
//! people published.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::person::{Person, said};
use crate::process::{Up, free_ports, support};

const POLICY: &str = "identity-verification/verification-policy";

/// The draft that the words for the other person name.
fn draft(words: &str) -> String {
    let command = words
        .lines()
        .find_map(|line| line.trim().strip_prefix("support standard approve "))
        .unwrap_or_else(|| panic!("no words for the other person in:\n{words}"));
    let (document, draft) = command.split_once(' ').unwrap();
    assert_eq!(document, POLICY);
    draft.to_owned()
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// With a comment wherever one can stand.
const GERMANY: &str = "\
# What Germany asks for beyond the standard.
document: identity-verification/verification-policy # ours
place: country/DE

# As decided.
reason: 'as agreed with the works council'

changes: # from here on
  # Mail is quick there.
  codes:
    lifetime: 300s # five minutes

    # Nobody mistypes more often.
    checks: 3
  purposes:
    payment: {grantLifetime: 900s} # money
  # The end.
";

#[test]
fn the_rules_are_read_changed_checked_and_published_by_two_people() {
    let place = tempfile::tempdir().unwrap();
    let mut up = Up::start(place.path(), free_ports(), &["--no-seed"]);
    up.wait_for("ready after");
    let (ada, grace) = (
        Person::new(&up, "ada", "standard"),
        Person::new(&up, "grace", "standard"),
    );

    let listed = ada.well(&["list"]);
    assert!(
        listed.contains("identity-verification: region eu; the authority is eu, this region"),
        "{listed}"
    );
    let policy = listed
        .lines()
        .find(|line| line.trim().starts_with("verification-policy"));
    assert!(
        policy
            .unwrap()
            .ends_with("version 1, since 1970-01-01, two people publish it"),
        "{listed}"
    );

    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().to_str().unwrap();
    ada.well(&["export", rules]);
    let global = folder.path().join(POLICY).join("global.yaml");
    let global = global.to_str().unwrap();
    let text = fs::read_to_string(global).unwrap();
    assert!(
        text.contains("# [a region may only shorten it]\n    lifetime: 600s\n"),
        "{text}"
    );
    assert!(ada.well(&["check", rules, "--offline"]).contains(": ok, "));
    assert!(
        !ada.well(&["check", rules]).contains(": ok, "),
        "all of it is as published"
    );

    loosening(&ada, folder.path(), rules);
    let file = two_publish(&ada, &grace, folder.path());
    into(&ada, &grace, folder.path(), &file);
    lifts(&ada, &grace, folder.path());
    withdraws(&ada, &grace);

    let listed = ada.well(&["authority", "identity-verification"]);
    assert!(listed.contains("the authority is eu, this region"), "{listed}");
    let held = ada.ill(&[
        "authority",
        "identity-verification",
        "--take",
        "--reason",
        "a try",
        "--yes",
    ]);
    assert!(held.err.contains("AUTHORITY_HELD"), "{}", held.err);

    up.signal("INT");
    assert_eq!(up.ended(Duration::from_secs(20)), Some(0), "{}", up.printed());
}

/// An overlay that loosens is refused at its line, by its rule, with both values, with and without the system.
fn loosening(ada: &Person<'_>, folder: &Path, rules: &str) {
    let loose = GERMANY
        .replace("checks: 3", "checks: 7")
        .replace("900s}", "7200s, assurance: 0}");
    let file = write(folder, "loose.yaml", &loose);
    for arguments in [
        &["check", rules, "--offline"][..],
        &["check", rules],
        &["publish", &file, "--yes"],
    ] {
        let refused = ada.ill(arguments);
        for words in [
            format!("{file}:14:5: codes.checks: may only be lower; the standard says 5, the overlay 7"),
            format!(
                "{file}:16:15: purposes[\"payment\"].grant_lifetime: may only be shorter; the standard says \"1800s\", the overlay \
                 \"7200s\""
            ),
            format!("{file}:16:37: purposes[\"payment\"].assurance: may only be higher; the standard says "),
        ] {
            assert!(
                refused.out.contains(&words),
                "{arguments:?}: {words}\nnot in:\n{}",
                refused.out
            );
        }
        assert!(!refused.out.contains("codes.lifetime"), "{}", refused.out);
    }
    assert!(ada.well(&["drafts"]).contains("no drafts"));
    fs::remove_file(file).unwrap();

    let misspelt = write(folder, "misspelt.yaml", &GERMANY.replace("place:", "palce:"));
    let refused = ada.ill(&["check", &misspelt, "--offline"]);
    assert!(
        refused
            .out
            .contains(&format!("{misspelt}:3:1: palce is no key of a file")),
        "{}",
        refused.out
    );
    fs::remove_file(misspelt).unwrap();
}

/// Who wrote it cannot approve it; who approved it is named; then it holds there and nowhere else.
fn two_publish(ada: &Person<'_>, grace: &Person<'_>, folder: &Path) -> String {
    let file = write(
        folder,
        "identity-verification/verification-policy/country/DE.yaml",
        GERMANY,
    );
    let waits = ada.well(&["publish", &file]);
    assert!(waits.contains("codes.lifetime: \"600s\" → \"300s\""), "{waits}");
    let id = draft(&waits);
    assert_eq!(
        draft(&ada.well(&["publish", &file])),
        id,
        "one draft, however often it is asked for"
    );
    let alone = ada.ill(&["approve", POLICY, &id, "--yes"]);
    assert!(alone.err.contains("APPROVER_IS_AUTHOR"), "{}", alone.err);
    assert!(
        grace.ill(&["approve", POLICY, &id]).err.contains("say --yes"),
        "nobody was asked"
    );
    let approved = grace.well(&["approve", POLICY, &id, "--yes"]);
    assert!(
        approved.contains("because: as agreed with the works council"),
        "{approved}"
    );
    let published = ada.well(&["publish", &file, "--yes"]);
    assert!(
        published.contains(&format!("published {POLICY} for country/DE, version 1, from ")),
        "{published}"
    );
    let again = ada.well(&["publish", &file, "--yes"]);
    assert!(again.contains("as published, ") && !again.contains("draft"), "{again}");

    let differs = ada.well(&["diff", POLICY, &format!("{POLICY}@country/DE")]);
    let mut lines: Vec<&str> = differs.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "codes.checks: 5 → 3",
            "codes.lifetime: \"600s\" → \"300s\"",
            "purposes[\"payment\"].grant_lifetime: \"1800s\" → \"900s\""
        ]
    );
    assert_eq!(
        ada.well(&["diff", &file, &format!("{POLICY}@country/DE")]),
        "they say the same\n"
    );
    assert_eq!(
        ada.well(&["diff", POLICY, &format!("{POLICY}@country/FR")]),
        "they say the same\n"
    );
    let json = ada.well(&["show", POLICY, "--place", "country/DE", "--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["codes"]["lifetime"], "300s");
    let history = ada.well(&["history", POLICY, "--place", "country/DE"]);
    assert!(
        history.contains("operator:ada") && history.contains("operator:grace"),
        "{history}"
    );
    file
}

/// What others published comes into the file where it stands; all else of it stays, byte for byte.
fn into(ada: &Person<'_>, grace: &Person<'_>, folder: &Path, file: &str) {
    let other = GERMANY
        .replace("checks: 3", "checks: 2")
        .replace("900s}", "900s}\n    account_security:\n      grant_lifetime: 600s")
        .replace("as agreed with the works council", "it''s the law");
    let other = write(folder, "other.yaml", &other);
    let id = draft(&ada.well(&["publish", &other]));
    // By a token, as a system is called that is not on this machine; and at once.
    let token = said(support(&[
        "token",
        "--operator",
        "--subject",
        "hedy",
        "--data-dir",
        grace.up.place(),
    ]));
    let published = Command::new(env!("CARGO_BIN_EXE_support"))
        .args([
            "standard",
            "approve",
            POLICY,
            &id,
            "--publish",
            "--yes",
            "--gateway",
            grace.up.gateway().as_str(),
        ])
        .env("SUPPORT_TOKEN", token.out.trim())
        .output()
        .unwrap();
    let published = said(published);
    assert!(
        published.out.contains("approved, and published"),
        "{}{}",
        published.out,
        published.err
    );
    fs::remove_file(other).unwrap();

    ada.well(&["show", POLICY, "--place", "country/DE", "--into", file]);
    let expected = GERMANY
        .replace("checks: 3", "checks: 2")
        .replace(
            "    payment: {grantLifetime: 900s} # money\n",
            "    payment: {grantLifetime: 900s} # money\n    account_security:\n      grant_lifetime: 600s\n",
        )
        .replace("'as agreed with the works council'", "'it''s the law'");
    assert_eq!(fs::read_to_string(file).unwrap(), expected);
    assert!(ada.well(&["check", file]).contains("as published"));
    let history = ada.well(&["history", POLICY]);
    assert!(history.contains("operator:hedy"), "{history}");
}

/// A stricter standard lifts what a place said before, and tells so first.
fn lifts(ada: &Person<'_>, grace: &Person<'_>, folder: &Path) {
    let global = folder.join(POLICY).join("global.yaml");
    let text = fs::read_to_string(&global).unwrap();
    let stricter = text.replace("lifetime: 600s", "lifetime: 120s").replace(
        "reason: what this deployment began with",
        "reason: codes were read by others",
    );
    fs::write(&global, stricter).unwrap();
    let global = global.to_str().unwrap();
    let told = ada.well(&["check", global]);
    assert!(told.contains("global  codes.lifetime: \"600s\" → \"120s\""), "{told}");
    assert!(
        told.contains(
            "country/DE  lifts codes.lifetime: may only be shorter; the standard says \"120s\", the overlay \"300s\""
        ),
        "{told}"
    );
    let id = draft(&ada.well(&["publish", global]));
    grace.well(&["approve", POLICY, &id, "--publish", "--yes"]);
    let listed = ada.well(&["list", "identity-verification"]);
    assert!(
        listed.contains("lifted: codes.lifetime: may only be shorter"),
        "{listed}"
    );
    let version = format!("{POLICY}@1");
    assert_eq!(
        ada.well(&["diff", &version, POLICY]),
        "codes.lifetime: \"600s\" → \"120s\"\n"
    );
}

/// A version is withdrawn, and the one before it holds again.
fn withdraws(ada: &Person<'_>, grace: &Person<'_>) {
    let history = ada.well(&["history", POLICY, "--place", "global"]);
    let newest = history.lines().nth(1).unwrap();
    let id = newest.split_whitespace().find(|word| word.starts_with("eu-")).unwrap();
    let withdraw = [
        "withdraw",
        POLICY,
        id,
        "--reason",
        "too short for slow readers",
        "--yes",
    ];
    let waits = ada.well(&withdraw);
    grace.well(&["approve", POLICY, &draft(&waits), "--yes"]);
    let done = ada.well(&withdraw);
    assert!(
        done.contains(&format!("withdrew {POLICY} for global, version 2")),
        "{done}"
    );
    assert_eq!(
        ada.well(&["diff", &format!("{POLICY}@1"), POLICY]),
        "they say the same\n"
    );
}
