//! Who is passed on, and who is called back.

use time::Duration;

use super::super::worlds::{agents, calls, scenario};
use super::super::*;

const LENGTH: Duration = Duration::hours(20);

fn mean(estimate: Option<Estimate>) -> f64 {
    estimate.unwrap().mean
}

/// Calls to the first are passed on to the second, one in so many.
fn passed_on(share: f64) -> Measured {
    let mut first = calls(30.0, None, Law::Never);
    first.transfer = Some(Transfer { to: 1, share });
    let mut second = calls(0.0, None, Law::Never);
    second.name = "second".to_owned();
    second.handling = Law::Constant(Duration::minutes(2));
    let scenario = scenario(LENGTH, vec![first, second], vec![agents(12, &[], LENGTH)]);
    simulate(&scenario, 6, &Effort::free()).unwrap()
}

#[test]
fn who_is_passed_on_is_served_twice() {
    let none = passed_on(0.0);
    assert_eq!(none.works[1].faring.contacts.unwrap().mean.to_bits(), 0.0_f64.to_bits());
    let some = passed_on(0.5);
    let (first, second) = (mean(some.works[0].faring.contacts), mean(some.works[1].faring.contacts));
    assert!((second / first - 0.5).abs() < 0.05, "{second} of {first}");
    assert!((mean(some.works[1].faring.transferred) - 1.0).abs() < 1e-9);
    assert!(mean(some.works[0].faring.transferred) < 1e-9);
    // Each is answered once in each work, and nobody is lost between them.
    let answered = mean(some.groups[0].answered);
    assert!((answered - (first + second)).abs() < 1e-9, "{answered}");
    let more = mean(some.groups[0].occupancy) / mean(none.groups[0].occupancy);
    assert!(
        (more - 4.0 / 3.0).abs() < 0.08,
        "half of the calls take two minutes more than three: {more}"
    );
}

#[test]
fn who_is_passed_on_may_give_up_as_the_other_work_says() {
    let mut first = calls(30.0, None, Law::Never);
    first.transfer = Some(Transfer { to: 1, share: 0.5 });
    let mut second = calls(0.0, None, Law::Constant(Duration::seconds(30)));
    second.name = "second".to_owned();
    second.asks = crate::domain::Attributes::new(second.asks.channel, "ja".parse().unwrap()).into();
    // Nobody speaks Japanese.
    let scenario = scenario(LENGTH, vec![first, second], vec![agents(12, &[], LENGTH)]);
    let measured = simulate(&scenario, 3, &Effort::free()).unwrap();
    let faring = &measured.works[1].faring;
    assert!((mean(faring.abandonment) - 1.0).abs() < 1e-9);
    assert!((mean(faring.wait_of_all) - 30.0).abs() < 1e-6, "patience begins anew");
    assert!(mean(measured.works[0].faring.abandonment) < 1e-9);
}

/// Calls that four agents are busy with, whose customers wait for a minute; so likely each is called back.
fn called_back(share: f64) -> Measured {
    let mut work = calls(72.0, None, Law::Constant(Duration::MINUTE));
    work.callback = share;
    let scenario = scenario(LENGTH, vec![work], vec![agents(4, &[], LENGTH)]);
    simulate(&scenario, 6, &Effort::free()).unwrap()
}

#[test]
fn who_is_called_back_does_not_give_up() {
    let (none, all) = (called_back(0.0), called_back(1.0));
    assert!(mean(none.all.abandonment) > 0.05, "many give up else");
    assert!(mean(none.all.called_back) < 1e-9);
    assert!(mean(all.all.abandonment) < 1e-9);
    let answered = mean(all.groups[0].answered);
    assert!((answered - mean(all.all.contacts)).abs() < 1e-9, "all are, in the end");
    // Who had to wait is called back, and only they are.
    assert!((mean(all.all.called_back) - mean(all.all.delayed)).abs() < 1e-9);
    assert!(
        mean(all.all.until_called_back) > 60.0,
        "longer than they would have waited"
    );
    assert!(mean(all.all.wait) < 1e-9, "the others were answered at once");
}

/// The place is kept: who waits in line and who is called back are answered in the order in which they came.
#[test]
fn who_is_called_back_keeps_their_place() {
    let mut work = calls(78.0, None, Law::Never);
    work.callback = 0.5;
    let scenario = scenario(LENGTH, vec![work], vec![agents(4, &[], LENGTH)]);
    let measured = simulate(&scenario, 8, &Effort::free()).unwrap();
    let waited = mean(measured.all.wait_of_all) / (1.0 - mean(measured.all.called_back));
    assert!(waited > 0.0);
    // Of those who had to wait, half did so in line, and as long as the others.
    let share = mean(measured.all.delayed);
    let in_line = mean(measured.all.wait_of_all) * (1.0 - mean(measured.all.called_back))
        / (share - mean(measured.all.called_back));
    let ratio = in_line / mean(measured.all.until_called_back);
    assert!((0.8..1.25).contains(&ratio), "{ratio}");
}
