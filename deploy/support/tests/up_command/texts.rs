//! `support texts` against a running system: a text that is missing, on its way to the customers who read it, and back.

use std::fs;

use crate::person::Person;
use crate::process::{Up, free_ports};

/// The numbers that `coverage` tells of a language.
fn coverage(ada: &Person<'_>, locale: &str) -> Vec<u32> {
    let told = ada.well(&["coverage"]);
    let line = told.lines().find(|line| line.split_whitespace().next() == Some(locale));
    let line = line.unwrap_or_else(|| panic!("no {locale} in:\n{told}"));
    line.split_whitespace()
        .skip(1)
        .map(|number| number.parse().unwrap())
        .collect()
}

#[test]
fn texts_go_to_translators_and_come_back_through_review() {
    let place = tempfile::tempdir().unwrap();
    let mut up = Up::start(place.path(), free_ports(), &["--no-seed"]);
    up.wait_for("ready after");
    let (ada, grace) = (Person::new(&up, "ada", "texts"), Person::new(&up, "grace", "texts"));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();

    let before = coverage(&ada, "it");
    assert_eq!(before[1], 0, "nothing is translated into Italian yet: {before:?}");
    let prefix = "verification.code.subject";
    let only = ["--prefix", prefix, "--only-open", "--out", out];
    ada.well(&[&["export", "it", "--format", "csv"], &only[..]].concat());
    let file = folder.path().join("it.csv");
    let table = fs::read_to_string(&file).unwrap();
    assert!(table.starts_with("key,source,target"), "{table}");

    // A translator who forgets the value is told, and nothing is published.
    let name = file.to_str().unwrap();
    let source = table.lines().nth(1).unwrap().to_owned();
    let written = |target: &str| {
        let row = source.trim_end().trim_end_matches(',');
        fs::write(&file, format!("key,source,target\r\n{row},{target}\r\n")).unwrap();
    };
    written("Il tuo codice {$cifra}");
    let refused = ada.ill(&["import", name]);
    assert!(refused.out.contains(prefix), "{}", refused.out);
    ada.ill(&["submit", "it"]);

    written("Il tuo codice di verifica");
    ada.well(&["import", name, "--replace-drafts"]);
    assert!(ada.well(&["check", "it"]).contains("1 draft: nothing is wrong"));
    ada.well(&["submit", "it"]);

    // Who wrote it does not approve it.
    let own = ada.ill(&["approve", "it", "--yes"]);
    assert!(own.err.contains("MESSAGE_APPROVER_IS_AUTHOR"), "{}", own.err);
    let shown = grace.well(&["approve", "it", "--yes"]);
    assert!(shown.contains("Il tuo codice di verifica"), "{shown}");
    let set = grace.well(&["publish", "--note", "Italian begins"]);
    assert!(set.contains("it 1"), "{set}");
    assert_eq!(coverage(&ada, "it")[1], 1);

    let sets = grace.well(&["sets"]);
    assert!(sets.contains("Italian begins"), "{sets}");
    let newest: i64 = set.split([' ', ':']).nth(1).unwrap().parse().unwrap();
    let older = (newest - 1).to_string();
    grace.well(&["roll-back", &older, "--note", "not yet", "--yes"]);
    assert_eq!(coverage(&ada, "it")[1], 0, "the words of the set before hold again");
    assert!(grace.well(&["sets"]).contains(&format!("back to {older}")));

    // XLIFF and the message resource of a language that is translated come back unchanged.
    for (format, file) in [("xliff", "de.xlf"), ("mf2", "de.mf2")] {
        ada.well(&["export", "de", "--format", format, "--out", out]);
        let file = folder.path().join(file);
        let said = ada.well(&["import", file.to_str().unwrap()]);
        assert!(said.contains("0 drafts written"), "{said}");
    }
}
