//! What a replayed month is told as.

use std::fmt::Write as _;

use super::bank::{Played, real};
use crate::terminal::table;

const PLANS: [&str; 4] = [
    "by the bank's rules",
    "by the shipped plan, nothing relaxed",
    "by the shipped plan",
    "any server after one minute",
];

/// Day by day, and all days together.
pub(super) fn told(played: &[Played]) -> String {
    let mut days = table(&["day", "calls", "gave up", "played", "mean wait", "played"]);
    for day in played {
        days.add_row([
            day.day.clone(),
            day.calls.to_string(),
            percent(day.was.0),
            format!("{} ± {:.1}", percent(day.own.gave_up), day.own.gave_up_within * 100.0),
            format!("{:.1} s", day.was.1),
            format!("{:.1} ± {:.1} s", day.own.wait, day.own.wait_within),
        ]);
    }
    let mut told = format!("{days}\n");
    let of = |figure: &dyn Fn(&Played) -> f64| played.iter().map(figure).collect::<Vec<f64>>();
    let (was, own) = (of(&|day| day.was.0), of(&|day| day.own.gave_up));
    let _ = writeln!(
        told,
        "gave up:   {} a day as it was, {} as it was played; a day is missed by {} on average, days differ by {}",
        percent(mean(&was)),
        percent(mean(&own)),
        percent(missed(&was, &own)),
        percent(deviation(&was)),
    );
    let (was, own) = (of(&|day| day.was.1), of(&|day| day.own.wait));
    let _ = writeln!(
        told,
        "mean wait: {:.1} s as it was, {:.1} s as it was played; a day is missed by {:.1} s on average, days differ by {:.1} s\n",
        mean(&was),
        mean(&own),
        missed(&was, &own),
        deviation(&was),
    );
    let mut plans = table(&["the same callers", "gave up", "mean wait", "90 of 100"]);
    let is_asked = played.iter().all(|day| day.by_plans.is_some());
    for (place, name) in PLANS.iter().enumerate().take(if is_asked { PLANS.len() } else { 1 }) {
        let fared = |day: &Played| match (place, day.by_plans) {
            (1.., Some(by_plans)) => by_plans[place - 1],
            _ => day.own,
        };
        plans.add_row([
            (*name).to_owned(),
            percent(mean(&of(&|day| fared(day).gave_up))),
            format!("{:.1} s", mean(&of(&|day| fared(day).wait))),
            format!("{:.1} s", mean(&of(&|day| fared(day).wait_p90))),
        ]);
    }
    let left_out: usize = played.iter().map(|day| day.left_out).sum();
    told + &format!("{plans}\n{left_out} callers hung up before they stood in line and are left out")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / real(values.len())
}

/// By how much a day is missed on average.
pub(super) fn missed(was: &[f64], played: &[f64]) -> f64 {
    let each: Vec<f64> = was
        .iter()
        .zip(played)
        .map(|(was, played)| (was - played).abs())
        .collect();
    mean(&each)
}

/// The standard deviation between days.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    (squares / real(values.len().saturating_sub(1).max(1))).sqrt()
}
