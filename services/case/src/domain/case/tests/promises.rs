//! What was promised for a case, and who is held to it.

use super::*;

#[test]
fn the_first_answer_is_the_first_that_reaches_the_customer() {
    let ids = ids();
    let minutes = |minutes| START + Duration::minutes(minutes);
    let taken = |at| Cause::Task {
        task: ids.next(),
        agent: ids.next(),
        at,
    };
    // By chat: what staff writes, not that somebody took the case or was given it.
    let mut chat = opened(&ids);
    chat.act(Command::Assign(ids.next()), &taken(minutes(1)), minutes(2))
        .unwrap();
    customer_says(&mut chat, &ids, minutes(3)).unwrap();
    assert_eq!(chat.first_response_time, None);
    assert_eq!(chat.first_response_clock(minutes(60)), Some(ClockState::Running));
    assert_eq!(chat.first_response_clock(minutes(61)), Some(ClockState::Missed));
    staff_says(&mut chat, &ids, minutes(59));
    staff_says(&mut chat, &ids, minutes(70));
    assert_eq!(chat.first_response_time, Some(minutes(59)));
    assert_eq!(chat.first_response_clock(minutes(100)), Some(ClockState::Met));

    // On the phone: that an agent took it, when they took it; a hand on the case is no voice on the line.
    let mut call = opened(&ids);
    call.concern.channel = Channel::Phone;
    call.act(Command::Assign(ids.next()), &cause(), minutes(1)).unwrap();
    assert_eq!(call.first_response_time, None);
    // The news of it comes only after the case is settled.
    call.act(Command::Resolve(Resolution::Answered), &cause(), minutes(9))
        .unwrap();
    assert_eq!(
        call.first_response_time,
        Some(minutes(9)),
        "at the latest that it is settled"
    );
    call.note_late_assignment(&taken(minutes(2)), minutes(10));
    assert_eq!(call.first_response_time, Some(minutes(2)));
}

#[test]
fn a_new_severity_counts_from_the_opening_and_leaves_answers_as_they_were() {
    let ids = ids();
    let minutes = |minutes| START + Duration::minutes(minutes);
    let newer = Levels {
        basis: "case/service-levels@4".to_owned(),
        ..levels()
    };
    let mut case = opened(&ids);
    let outcome = case.rate(Severity::High, &newer, &cause(), minutes(40)).unwrap();
    assert_eq!(
        outcome.entries[0].note.detail.as_ref().unwrap().as_str(),
        "SEVERITY_HIGH"
    );
    let promise = case.promise.clone().unwrap();
    assert_eq!(promise.basis, newer.basis);
    assert_eq!(
        promise.first_response_due,
        minutes(30),
        "half an hour from the opening on, not from now"
    );
    assert_eq!(promise.resolve_due, START + Duration::hours(12));
    assert_eq!(case.first_response_clock(minutes(40)), Some(ClockState::Missed));

    let mut answered = opened(&ids);
    staff_says(&mut answered, &ids, minutes(50));
    answered.rate(Severity::High, &newer, &cause(), minutes(55)).unwrap();
    assert_eq!(
        answered.first_response_clock(minutes(55)),
        Some(ClockState::Met),
        "it was in time when it was given"
    );
    let before = answered.clone();
    let outcome = answered.rate(Severity::High, &levels(), &cause(), minutes(60)).unwrap();
    assert_eq!(
        (outcome, answered),
        (Outcome::default(), before),
        "the same severity changes nothing"
    );
}

#[test]
fn a_customer_can_open_a_case_again_as_long_as_was_promised() {
    let ids = ids();
    let end = START + Duration::WEEK;
    let mut case = opened(&ids);
    case.act(Command::Resolve(Resolution::Answered), &cause(), START)
        .unwrap();
    assert_eq!(case.reopen_end(), Some(end));
    let mut in_time = case.clone();
    customer_says(&mut in_time, &ids, end).unwrap();
    assert_eq!((in_time.state(), in_time.reopen_end()), (State::Open, None));

    let late = end + Duration::SECOND;
    let refused = Err(Refusal::ReopenPeriodOver { until: end });
    let before = case.clone();
    assert_eq!(customer_says(&mut case, &ids, late), refused);
    let customer = by_customer(&case);
    assert_eq!(case.act(Command::Reopen, &customer, late).map(|_| ()), refused);
    assert_eq!(case, before, "a refused message leaves no trace");
    case.act(Command::Reopen, &cause(), late)
        .expect("staff can at any time");
}

#[test]
fn silence_has_to_last_before_it_ends_a_case() {
    let ids = ids();
    let hours = |hours| START + Duration::hours(hours);
    let close = Command::Close(CloseReason::NoAnswer);
    let refused = |until| Err(Refusal::CustomerNotSilent { until });
    let mut case = opened(&ids);
    assert_eq!(
        case.act(close, &cause(), hours(100)).map(|_| ()),
        refused(None),
        "it is our turn"
    );
    staff_says(&mut case, &ids, hours(100));
    customer_says(&mut case, &ids, hours(101)).unwrap();
    assert_eq!(
        case.act(close, &cause(), hours(200)).map(|_| ()),
        refused(None),
        "it is our turn again"
    );
    staff_says(&mut case, &ids, hours(200));
    assert_eq!(
        case.act(close, &cause(), hours(247)).map(|_| ()),
        refused(Some(hours(248)))
    );
    case.act(close, &cause(), hours(248)).unwrap();
    assert_eq!(case.resolution_clock(hours(248)), Some(ClockState::Missed));
}

#[test]
fn a_letter_is_answered_before_it_is_settled() {
    let ids = ids();
    let mut case = opened(&ids);
    case.concern.channel = Channel::Email;
    case.promise = Some(levels().promise(Severity::Normal, Channel::Email, START, Duration::ZERO));
    let settle = Command::Resolve(Resolution::Answered);
    let refused = Err(Refusal::AnswerMissing {
        channel: Channel::Email,
    });
    case.act(Command::Assign(ids.next()), &cause(), START).unwrap();
    assert_eq!(case.act(settle, &cause(), START).map(|_| ()), refused);
    staff_says(&mut case, &ids, START);
    case.act(settle, &cause(), START).unwrap();
}

#[test]
fn what_is_older_than_the_service_levels_is_promised_nothing() {
    let ids = ids();
    let mut case = opened(&ids);
    case.promise = None;
    let now = START + 100 * Duration::WEEK;
    assert_eq!(
        (case.first_response_clock(now), case.resolution_clock(now)),
        (None, None)
    );
    case.act(Command::Resolve(Resolution::Answered), &cause(), START)
        .unwrap();
    assert_eq!(case.reopen_end(), None);
    customer_says(&mut case, &ids, now).expect("nothing says that it is too late");
    case.act(Command::Close(CloseReason::NoAnswer), &cause(), now).unwrap();
}

/// When a case is due of which this is the whole history of states, each with when it came to it: the time it may take,
/// counted while it is open or assigned.
fn due(history: &[(OffsetDateTime, State)], takes: Duration) -> OffsetDateTime {
    let runs = |state| matches!(state, State::Open | State::Assigned);
    let mut left = takes;
    for step in history.windows(2) {
        if runs(step[0].1) {
            left -= step[1].0 - step[0].0;
        }
    }
    history.last().unwrap().0 + left
}

proptest! {
    #[test]
    fn the_clock_runs_while_the_case_waits_for_us(
        actions in proptest::collection::vec((any_action(), 0_i64..600), 0..40),
    ) {
        let ids = ids();
        let mut case = opened(&ids);
        let (mut now, mut history) = (START, vec![(START, State::Open)]);
        let mut was_late = false;
        for (action, minutes) in actions {
            now += Duration::minutes(minutes);
            if perform(&mut case, &ids, action, now).is_ok() {
                history.push((now, case.state()));
            }
            let takes = levels().target(case.concern.severity).resolution;
            // The history ends where the case is: a clock that stands is due as if it ran from here on.
            if !matches!(case.state(), State::Resolved | State::Closed) {
                prop_assert_eq!(case.promise.as_ref().unwrap().resolve_due, due(&history, takes));
            }
            let is_late = case.resolution_clock(now) == Some(ClockState::Missed);
            prop_assert!(is_late || !was_late || action == Action::Rate, "late once, late for ever: {:?}", history);
            was_late = is_late;
        }
    }
}
