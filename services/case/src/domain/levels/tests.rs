use std::sync::LazyLock;

use proptest::prelude::*;
use support_calendars::Calendars;
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

fn answer() -> impl Strategy<Value = Answer> {
    (any::<bool>(), length()).prop_map(|(in_opening_hours, within)| Answer {
        in_opening_hours,
        within,
    })
}

static CALENDARS: LazyLock<Calendars> = LazyLock::new(Calendars::shipped);

/// What is shipped, in Germany.
fn german() -> Levels {
    let document = crate::SERVICE_LEVELS.parse_shipped().unwrap();
    Levels {
        calendar: CALENDARS.country("DE".parse().ok()),
        ..crate::levels::read(&document, "case/service-levels@1".to_owned())
    }
}

#[test]
fn clocks_run_by_the_hours_and_the_holidays_of_the_country() {
    let levels = german();
    let promised = |severity, channel, opened| levels.promise(severity, channel, opened, Duration::ZERO);
    for (severity, channel, opened, due) in [
        // A letter on the afternoon of Maundy Thursday: Easter Monday is a holiday, and in between the clock was set forward.
        (
            Severity::Normal,
            Channel::Email,
            datetime!(2026-04-02 14:00 UTC),
            datetime!(2026-04-07 08:00 UTC),
        ),
        // A question in the night: by the evening.
        (
            Severity::Low,
            Channel::Email,
            datetime!(2026-03-03 01:00 UTC),
            datetime!(2026-03-03 15:00 UTC),
        ),
        // Whose device is dead does not wait for the morning, nor does who is in danger.
        (
            Severity::High,
            Channel::Email,
            datetime!(2026-03-03 01:00 UTC),
            datetime!(2026-03-03 02:00 UTC),
        ),
        (
            Severity::Critical,
            Channel::Chat,
            datetime!(2026-03-03 01:00 UTC),
            datetime!(2026-03-03 01:15 UTC),
        ),
        // A call in the hours of the line, and one in the hours of the chat alone.
        (
            Severity::Critical,
            Channel::Phone,
            datetime!(2026-03-03 08:00 UTC),
            datetime!(2026-03-03 08:01 UTC),
        ),
        (
            Severity::Low,
            Channel::Chat,
            datetime!(2026-03-03 20:30 UTC),
            datetime!(2026-03-03 20:31 UTC),
        ),
    ] {
        let promise = promised(severity, channel, opened);
        assert_eq!(promise.first_response_due, due, "{severity:?} {channel:?} {opened}");
        // The clock of a letter about a dead device goes by no calendar.
        let by_calendar = promise
            .calendar_basis
            .as_deref()
            .is_some_and(|basis| basis.starts_with("localisation/region-profiles@"));
        assert_eq!(by_calendar, (severity, channel) != (Severity::High, Channel::Email));
        assert_eq!(promise.resolve_due - opened, levels.target(severity).resolution);
    }
    // Where no country is known every hour counts.
    let everywhere = Levels {
        calendar: None,
        ..levels.clone()
    };
    let promise = everywhere.promise(Severity::Low, Channel::Email, DUE, Duration::ZERO);
    assert_eq!(
        (promise.first_response_due, promise.calendar_basis),
        (DUE + Duration::hours(8), None)
    );
}

#[test]
fn where_the_law_counts_in_working_days_the_sooner_holds() {
    let mut levels = german();
    levels.targets[0].working_days = Some(3);
    // Opened on Maundy Thursday: Tuesday, Wednesday, Thursday after Easter, to midnight in Berlin.
    let opened = datetime!(2026-04-02 14:00 UTC);
    let promise = levels.promise(Severity::Low, Channel::Email, opened, Duration::ZERO);
    assert_eq!(promise.resolve_due, datetime!(2026-04-09 22:00 UTC));
    let stood = levels.promise(Severity::Low, Channel::Email, opened, Duration::HOUR);
    assert_eq!(stood.resolve_due, datetime!(2026-04-09 23:00 UTC));
    levels.targets[0].working_days = Some(60);
    let promise = levels.promise(Severity::Low, Channel::Email, opened, Duration::ZERO);
    assert_eq!(promise.resolve_due, opened + Duration::days(14));
}

prop_compose! {
    fn any_levels()(
        targets in proptest::array::uniform4((answer(), length(), proptest::option::of(1_u16..30))),
        channels in proptest::collection::btree_map(proptest::sample::select(Channel::ALL), answer(), 0..6),
        stood in 0_i64..1000,
        country in proptest::sample::select(vec![None, Some("DE"), Some("US"), Some("EG"), Some("JP")]),
    ) -> (Levels, Duration) {
        let levels = Levels {
            targets: targets.map(|(answer, resolution, working_days)| Target { answer, resolution, working_days }),
            channels: channels.into_iter().map(|(channel, answer)| (channel.as_str(), answer)).collect(),
            reopen_within: Duration::DAY,
            no_answer_after: Duration::DAY,
            answer_first: vec![Channel::Email],
            basis: "case/service-levels@1".to_owned(),
            calendar: CALENDARS.country(country.and_then(|code| code.parse().ok())),
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
