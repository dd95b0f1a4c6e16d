//! Checks files without a system: their form, their field rules, and each overlay against what the other files say above it.
//! What no file says is as the program ships it.

use std::collections::HashMap;

use support_chassis::standard::{Content, Departed, Patch, Place, effective, looser};
use support_proto::support::standard::v1::Territories;

use super::file::{Problem, RuleFile, Said};
use super::library::Library;
use super::words::value;

/// What was found about one file: nothing where it is as it should be.
pub(crate) type Findings = Vec<Problem>;

/// Checks files of good form against each other. The answer has the findings of each, in the same order.
pub(crate) fn check(files: &[RuleFile]) -> Vec<Findings> {
    let said: HashMap<(&str, &Place), &Said> = files
        .iter()
        .map(|file| ((file.document(), &file.place), &file.says))
        .collect();
    files.iter().map(|file| one(file, &said)).collect()
}

fn one(file: &RuleFile, said: &HashMap<(&str, &Place), &Said>) -> Findings {
    let schema = &file.known.schema;
    let patch = match &file.says {
        Said::Content(content) => {
            let faults = schema.faults(content).into_iter();
            let mut findings: Findings = faults.map(|fault| file.problem(&fault.path, fault.fault)).collect();
            findings.sort();
            return findings;
        }
        Said::Changes(patch) => patch,
    };
    let mut findings = Findings::new();
    if patch.is_empty() {
        findings.push(file.problem("", "changes nothing"));
    }
    let layers = match territories(file, said) {
        None => Some(vec![file.place.clone()]),
        Some(territories) => file.place.layers(&territories),
    };
    let Some(layers) = layers else {
        findings.push(file.problem_of("place", format!("place: {} is not in the territories", file.place)));
        return findings;
    };
    let global = match said.get(&(file.document(), &Place::Global)) {
        Some(Said::Content(content)) => content,
        _ => &file.known.shipped,
    };
    let above: Vec<&Patch> = layers
        .iter()
        .filter(|place| **place != file.place)
        .filter_map(|place| match said.get(&(file.document(), place)) {
            Some(Said::Changes(patch)) => Some(patch),
            _ => None,
        })
        .collect();
    let folded = effective::fold(schema, global, above);
    let above = folded.last().map_or(global, |laid| &laid.content);
    let candidate = patch.apply(above);
    // A fault that the standard above has already is not the overlay's.
    let old = schema.faults(above);
    let faults = schema
        .faults(&candidate)
        .into_iter()
        .filter(|fault| !old.contains(fault));
    findings.extend(faults.map(|fault| file.problem(&fault.path, fault.fault)));
    let loosened = looser(above, &candidate);
    findings.extend(
        loosened
            .iter()
            .map(|departed| file.problem(&departed.path, loosens(departed))),
    );
    findings.sort();
    findings
}

/// `may only be lower; the standard says 5, the overlay 7`.
fn loosens(departed: &Departed) -> String {
    format!(
        "{}; the standard says {}, the overlay {}",
        departed.rule.in_words(),
        value(&departed.standard),
        value(&departed.overlay)
    )
}

/// The territories of a file's service: what the files say, else what is shipped; none where the service has none.
fn territories(file: &RuleFile, said: &HashMap<(&str, &Place), &Said>) -> Option<Territories> {
    let (service, _) = file.document().split_once('/')?;
    let known = Library::own().get(&format!("{service}/territories"))?;
    let content: &Content = match said.get(&(known.name.as_str(), &Place::Global)) {
        Some(Said::Content(content)) => content,
        _ => &known.shipped,
    };
    content.decode()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const POLICY: &str = "identity-verification/verification-policy";

    fn file(name: &str, text: &str) -> RuleFile {
        RuleFile::parse(Path::new(name), text.to_owned(), Library::own())
            .unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    fn overlay(place: &str, changes: &str) -> RuleFile {
        let text = format!("document: {POLICY}\nplace: {place}\nreason: as agreed\nchanges: {changes}\n");
        file(&format!("{}.yaml", place.replace('/', "-")), &text)
    }

    fn found(files: &[RuleFile]) -> Vec<String> {
        check(files).concat().iter().map(ToString::to_string).collect()
    }

    /// The world as the program ships it, with one value changed.
    fn global(before: &str, after: &str) -> RuleFile {
        let known = Library::own().get(POLICY).unwrap();
        let text = known.shipped.print();
        assert!(text.contains(before), "{text}");
        let content = text.replacen(before, after, 1);
        file(
            "global.json",
            &format!("{{\"document\": \"{POLICY}\", \"reason\": \"as agreed\", \"content\": {content}}}"),
        )
    }

    #[test]
    fn an_overlay_is_held_against_what_is_shipped_or_what_a_file_says() {
        let stricter = || overlay("country/DE", "{codes: {lifetime: 300s}}");
        assert_eq!(found(&[stricter()]), [""; 0]);
        assert_eq!(
            found(&[overlay("country/DE", "{codes: {sends_per_hour: 11}}")]),
            ["country-DE.yaml:4:19: codes.sends_per_hour: may only be lower; the standard says 10, the overlay 11"]
        );
        assert_eq!(
            found(&[stricter(), global("\"600s\"", "\"120s\"")]),
            [
                "country-DE.yaml:4:19: codes.lifetime: may only be shorter; the standard says \"120s\", the overlay \"300s\""
            ]
        );
    }

    #[test]
    fn an_overlay_lies_over_those_of_the_places_around_it() {
        let files = [
            overlay("group/eea", "{codes: {lifetime: 300s}}"),
            overlay("country/DE", "{codes: {lifetime: 400s}}"),
            // Not of that group.
            overlay("country/US", "{codes: {lifetime: 400s}}"),
        ];
        let found = found(&files);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("country-DE.yaml:4:19: codes.lifetime: "),
            "{found:?}"
        );
        assert!(
            found[0].ends_with("the standard says \"300s\", the overlay \"400s\""),
            "{found:?}"
        );
    }

    #[test]
    fn rules_of_fields_and_places_that_are_not_there_are_told() {
        let broken = global("\"sends\":5", "\"sends\":9");
        let told = found(&[broken]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("codes.sends: "), "{told:?}");
        assert_eq!(
            found(&[overlay("site/atlantis", "{codes: {checks: 3}}")]),
            ["site-atlantis.yaml:2:1: place: site/atlantis is not in the territories"]
        );
        assert_eq!(
            found(&[overlay("country/DE", "{}")]),
            ["country-DE.yaml:4:1: changes nothing"]
        );
    }
}
