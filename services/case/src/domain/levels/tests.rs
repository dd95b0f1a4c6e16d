use proptest::prelude::*;
use time::macros::datetime;

use super::*;

const DUE: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);

#[test]
fn how_a_promise_stands_follows_from_times() {
    let early = Some(DUE - Duration::SECOND);
    let on_time = Some(DUE);
    let late = Some(DUE + Duration::SECOND);
    for (done, ended, now, expected) in [
        (None, None, DUE, ClockState::Running),
        (None, None, DUE + Duration::SECOND, ClockState::Missed),
        (early, None, DUE + Duration::DAY, ClockState::Met),
        (on_time, None, DUE + Duration::DAY, ClockState::Met),
        (late, None, DUE + Duration::DAY, ClockState::Missed),
        (early, late, DUE + Duration::DAY, ClockState::Met),
        (late, late, DUE + Duration::DAY, ClockState::Missed),
        (None, early, DUE + Duration::DAY, ClockState::Stopped),
        (None, on_time, DUE + Duration::DAY, ClockState::Stopped),
        (None, late, DUE + Duration::DAY, ClockState::Missed),
    ] {
        assert_eq!(
            state(DUE, done, ended, now),
            expected,
            "done {done:?}, ended {ended:?}, at {now}"
        );
    }
}

fn length() -> impl Strategy<Value = Duration> {
    (1_i64..100_000).prop_map(Duration::seconds)
}

prop_compose! {
    fn any_levels()(
        targets in proptest::array::uniform4((length(), length())),
        channels in proptest::collection::btree_map(proptest::sample::select(Channel::ALL), length(), 0..6),
        stood in 0_i64..1000,
    ) -> (Levels, Duration) {
        let levels = Levels {
            targets: targets.map(|(first_response, resolution)| Target { first_response, resolution }),
            channels: channels.into_iter().map(|(channel, length)| (channel.as_str(), length)).collect(),
            reopen_within: Duration::DAY,
            no_answer_after: Duration::DAY,
            answer_first: vec![Channel::Email],
            basis: "case/service-levels@1".to_owned(),
        };
        (levels, Duration::seconds(stood))
    }
}

proptest! {
    #[test]
    fn an_entry_for_a_channel_only_promises_more((levels, stood) in any_levels(), now in -1000_i64..200_000) {
        let without = Levels { channels: BTreeMap::new(), ..levels.clone() };
        for severity in Severity::ALL {
            for channel in Channel::ALL {
                let promise = levels.promise(*severity, *channel, DUE, stood);
                let plain = without.promise(*severity, *channel, DUE, stood);
                prop_assert!(promise.first_response_due <= plain.first_response_due);
                prop_assert_eq!(promise.resolve_due, plain.resolve_due);
                prop_assert_eq!(promise.resolve_due - stood, levels.promise(*severity, *channel, DUE, Duration::ZERO).resolve_due);
                prop_assert_eq!(promise.answer_first, *channel == Channel::Email);
                // Late once, late for ever.
                let later = DUE + Duration::seconds(now);
                if state(promise.resolve_due, None, None, later) == ClockState::Missed {
                    prop_assert_eq!(state(promise.resolve_due, None, None, later + Duration::HOUR), ClockState::Missed);
                    prop_assert_eq!(state(promise.resolve_due, Some(later), None, later), ClockState::Missed);
                }
            }
        }
    }
}
