//! Agents who can do two of many things, in a chain, serve nearly as well as agents who can do all of them.

use time::Duration;

use super::super::worlds::{agents, calls, scenario};
use super::super::*;
use crate::domain::ProductLine;

/// All lines with two agents each, who know so many lines: their own, the next, and so on.
fn with(lines_each: usize) -> Measured {
    let length = Duration::hours(25);
    let lines = ProductLine::ALL;
    let works = lines.iter().map(|line| calls(34.0, Some(*line), Law::Never)).collect();
    let groups = (0..lines.len()).map(|first| {
        let known: Vec<_> = (0..lines_each)
            .map(|more| lines[(first + more) % lines.len()])
            .collect();
        agents(2, &known, length)
    });
    let scenario = scenario(length, works, groups.collect());
    simulate(&scenario, 8, &Effort::free()).unwrap()
}

#[test]
fn two_skills_are_nearly_as_good_as_all() {
    let wait = |lines_each| with(lines_each).all.wait.unwrap();
    let (one, two, all) = (wait(1), wait(2), wait(ProductLine::ALL.len()));
    assert!(all.mean + all.half_width < two.mean - two.half_width, "{all:?} {two:?}");
    assert!(two.mean + two.half_width < one.mean - one.half_width, "{two:?} {one:?}");
    // Of what all skills save, two save at least four fifths.
    let saved = (one.mean - two.mean) / (one.mean - all.mean);
    assert!(saved > 0.8, "{saved}: {one:?} {two:?} {all:?}");
}
