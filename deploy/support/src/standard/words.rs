//! How the standard is told to people on a terminal.

use std::fmt::Write as _;

use support_chassis::day;
use support_chassis::standard::Rule;
use support_proto::support::options::v1::Departure;
use support_proto::support::standard::v1::{CheckReport, Consequence, Departed, Examination, MoneyChange};
use support_proto::support::types::v1::Date;

/// Values longer than this are cut where they are shown, in characters.
const LONGEST_VALUE: usize = 100;
/// Ids of examples that are shown.
const MOST_EXAMPLES: usize = 3;

/// A value as it is shown, where it may be nothing.
pub(crate) fn value(json: &str) -> String {
    match json.char_indices().nth(LONGEST_VALUE) {
        _ if json.is_empty() => "nothing".to_owned(),
        Some((end, _)) => format!("{}…", &json[..end]),
        None => json.to_owned(),
    }
}

/// `path: 24 → 12`.
pub(crate) fn change(path: &str, before: &str, after: &str) -> String {
    format!("{path}: {} → {}", value(before), value(after))
}

/// A rule in words.
pub(crate) fn rule(departure: Departure) -> &'static str {
    Rule::try_from(departure).map_or("a rule that this program does not know", Rule::in_words)
}

/// What an overlay says against a rule: `may only be lower; the standard says 5, the overlay 7`.
pub(crate) fn against(departed: &Departed) -> String {
    format!(
        "{}; the standard says {}, the overlay {}",
        rule(departed.rule()),
        value(&departed.standard_value),
        value(&departed.overlay_value)
    )
}

/// What would change, place by place and for whom: a line each, `margin` before it.
pub(crate) fn report(report: &CheckReport, margin: &str) -> String {
    let mut lines = String::new();
    let mut line = |words: String| {
        let _ = writeln!(lines, "{margin}{words}");
    };
    for place in &report.changes {
        for value in &place.values {
            line(format!(
                "{}  {}",
                place.place,
                change(&value.path, &value.before, &value.after)
            ));
        }
        for lifted in &place.lifted {
            line(format!("{}  lifts {}: {}", place.place, lifted.path, against(lifted)));
        }
        if place.set_aside {
            line(format!(
                "{}  SETS ASIDE the overlay as a whole: with what remains of it there is no valid document",
                place.place
            ));
        }
    }
    for one in &report.consequences {
        line(consequence(one));
    }
    for examination in &report.examinations {
        for words in examined(examination) {
            line(words);
        }
    }
    lines
}

/// For how many something would turn out differently, how, by which rule, and some of them.
fn consequence(consequence: &Consequence) -> String {
    let mut words = format!(
        "{}  {} × {}: {} → {}",
        consequence.place, consequence.count, consequence.whom, consequence.before, consequence.after
    );
    let because = [consequence.rule.as_str(), consequence.because.as_str()];
    let because: Vec<_> = because.into_iter().filter(|words| !words.is_empty()).collect();
    if !because.is_empty() {
        let _ = write!(words, ", by {}", because.join(": "));
    }
    words.push_str(&money(&consequence.money));
    if !consequence.examples.is_empty() {
        let shown: Vec<&str> = consequence
            .examples
            .iter()
            .take(MOST_EXAMPLES)
            .map(String::as_str)
            .collect();
        let more = if consequence.examples.len() > MOST_EXAMPLES {
            ", …"
        } else {
            ""
        };
        let _ = write!(words, " ({}{more})", shown.join(", "));
    }
    words
}

/// How many would fare how, case by case; where they are is left out.
fn examined(examination: &Examination) -> Vec<String> {
    let looked_at = if examination.complete {
        format!("all {} {}", examination.total, examination.what)
    } else {
        format!(
            "only {} of {} {}",
            examination.looked_at, examination.total, examination.what
        )
    };
    let all = examination.farings.iter();
    let all = all.filter(|faring| faring.country_code.is_empty() && faring.product.is_empty());
    let told: Vec<_> = all
        .filter(|faring| faring.better + faring.worse + faring.otherwise > 0 || !examination.complete)
        .map(|faring| {
            let case = if faring.tried.is_empty() {
                String::new()
            } else {
                format!(", {}", faring.tried)
            };
            format!(
                "{}  {looked_at}{case}: {} better, {} worse, {} otherwise, {} the same{}",
                examination.place,
                faring.better,
                faring.worse,
                faring.otherwise,
                faring.same,
                money(&faring.money)
            )
        })
        .collect();
    if told.is_empty() {
        return vec![format!("{}  {looked_at}: nothing else", examination.place)];
    }
    told
}

/// What is paid more and less: `; 1200 minor units of EUR less`.
fn money(changes: &[MoneyChange]) -> String {
    let mut words = String::new();
    for change in changes {
        for (minor, what) in [(change.more_minor_units, "more"), (change.less_minor_units, "less")] {
            if minor != 0 {
                let _ = write!(words, "; {minor} minor units of {} {what}", change.currency_code);
            }
        }
    }
    words
}

/// A day of the contract; empty for none.
pub(crate) fn day_of(date: Option<&Date>) -> String {
    date.and_then(day::from_proto).map(super::file::day).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use support_proto::support::standard::v1::Faring;

    use super::*;

    #[test]
    fn who_would_fare_how_is_told_with_the_rule_and_the_money() {
        let money = vec![MoneyChange {
            currency_code: "EUR".to_owned(),
            more_minor_units: 0,
            less_minor_units: 1200,
        }];
        let consequence = Consequence {
            place: "country/DE".to_owned(),
            whom: "of all 7 devices, damage none".to_owned(),
            count: 2,
            before: "out of warranty".to_owned(),
            after: "limited warranty".to_owned(),
            rule: "limited-warranty".to_owned(),
            because: "period over -> within period".to_owned(),
            money: money.clone(),
            examples: vec!["a".to_owned(), "b".to_owned()],
            ..Consequence::default()
        };
        let faring = |tried: &str, country: &str, better| Faring {
            tried: tried.to_owned(),
            country_code: country.to_owned(),
            better,
            same: 7 - better,
            money: if better > 0 { money.clone() } else { Vec::new() },
            ..Faring::default()
        };
        let examination = Examination {
            place: "country/DE".to_owned(),
            what: "devices".to_owned(),
            total: 7,
            looked_at: 7,
            complete: true,
            farings: vec![
                faring("damage none", "", 2),
                faring("damage none", "DE", 2),
                faring("damage liquid", "", 0),
            ],
        };
        let partial = Examination {
            what: "coverage decisions".to_owned(),
            total: 20,
            complete: false,
            farings: vec![faring("", "", 0)],
            ..examination.clone()
        };
        let told = report(
            &CheckReport {
                consequences: vec![consequence],
                examinations: vec![examination, partial],
                ..CheckReport::default()
            },
            "  ",
        );
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(
            lines,
            [
                "  country/DE  2 × of all 7 devices, damage none: out of warranty → limited warranty, by limited-warranty: period \
                 over -> within period; 1200 minor units of EUR less (a, b)",
                "  country/DE  all 7 devices, damage none: 2 better, 0 worse, 0 otherwise, 5 the same; 1200 minor units of EUR less",
                "  country/DE  only 7 of 20 coverage decisions: 0 better, 0 worse, 0 otherwise, 7 the same",
            ]
        );
    }
}
