//! What customers are told of their wait is about as true as it says.

use time::Duration;

use super::super::worlds::{agents, calls, scenario};
use super::super::*;

#[test]
fn of_ten_waits_one_is_below_the_range_and_one_above() {
    let length = Duration::hours(40);
    let scenario = Scenario {
        foretells: true,
        // Always somebody in line: it moves as fast as agents are freed.
        ..scenario(
            length,
            vec![calls(194.0, None, Law::Never)],
            vec![agents(10, &[], length)],
        )
    };
    let measured = simulate(&scenario, 10, &Effort::free()).unwrap();
    let foretold = measured.foretold.unwrap();
    assert!(foretold.told.unwrap().mean > 0.99, "{foretold:?}");
    for (share, wanted) in foretold.shorter_than.iter().zip([0.1, 0.5, 0.9]) {
        let share = share.unwrap().mean;
        assert!((share - wanted).abs() < 0.1, "{share} for {wanted}: {foretold:?}");
    }
}
