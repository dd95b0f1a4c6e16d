use std::collections::BTreeMap;

use proptest::prelude::*;
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::macros::datetime;

use super::*;
use crate::domain::kinds::Resolution;
use crate::domain::levels::{Answer, Target};
use crate::domain::message::Speaker;
use crate::domain::state::{IllegalAction, TRANSITIONS};
use crate::domain::words::Body;

mod promises;

const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn ids() -> Ids {
    Ids::seeded("eu".parse().unwrap(), Clock::manual(START).0, 7)
}

fn opened(ids: &Ids) -> Case {
    let concern = Concern {
        customer: ids.next(),
        channel: Channel::Chat,
        language: Language::parse("de").unwrap(),
        speech: Speech::new(Language::parse("de").unwrap(), Vec::new()),
        product_line: Some(ProductLine::Laptop),
        device: None,
        severity: Severity::Normal,
        words: None,
        source_reference: None,
        country: None,
        area: None,
        bearing: Bearing::default(),
    };
    let promise = levels().promise(concern.severity, concern.channel, START, Duration::ZERO);
    Case::open(
        ids.next(),
        CaseNumber::from_sequence(1_000_000).unwrap(),
        concern,
        promise,
        START,
    )
}

/// An hour and a day for all that is normal, half of it for what is high.
fn levels() -> Levels {
    let target = |parts: i32| Target {
        answer: Answer {
            in_opening_hours: false,
            within: Duration::HOUR / parts,
        },
        resolution: Duration::DAY / parts,
        working_days: None,
    };
    Levels {
        targets: [target(1), target(1), target(2), target(2)],
        channels: BTreeMap::new(),
        reopen_within: Duration::WEEK,
        no_answer_after: 2 * Duration::DAY,
        answer_first: vec![Channel::Email],
        basis: "case/service-levels@3".to_owned(),
        calendar: None,
    }
}

/// The cause of what staff does.
fn cause() -> Cause {
    Cause::Call {
        actor: "staff-1".to_owned(),
        author: Author::Staff,
    }
}

/// The cause of what the customer does.
fn by_customer(case: &Case) -> Cause {
    Cause::Call {
        actor: case.concern.customer.to_string(),
        author: Author::Customer,
    }
}

fn staff_says(case: &mut Case, ids: &Ids, now: OffsetDateTime) {
    case.say(utterance(ids, Speaker::Staff("staff-1".to_owned())), now)
        .unwrap();
}

fn customer_says(case: &mut Case, ids: &Ids, now: OffsetDateTime) -> Result<(), Refusal> {
    let customer = Speaker::Customer(case.concern.customer);
    case.say(utterance(ids, customer), now).map(|_| ())
}

fn utterance(ids: &Ids, speaker: Speaker) -> Utterance {
    Utterance {
        id: ids.next(),
        speaker,
        channel: Channel::Chat,
        language: None,
        body: Body::parse("Hallo").unwrap(),
        text: None,
    }
}

#[test]
fn a_customers_words_open_a_resolved_case_again() {
    let ids = ids();
    let mut case = opened(&ids);
    case.act(Command::Resolve(Resolution::Answered), &cause(), START)
        .unwrap();
    let customer = case.concern.customer;
    let (message, outcome) = case.say(utterance(&ids, Speaker::Customer(customer)), START).unwrap();
    assert_eq!(case.standing, Standing::Open);
    assert_eq!(case.resolve_time, Some(START), "when it was last resolved stays known");
    assert_eq!(
        outcome
            .entries
            .iter()
            .map(|entry| (entry.sequence, entry.note.kind))
            .collect::<Vec<_>>(),
        [(3, Kind::MessagePosted), (4, Kind::CaseReopened)]
    );
    assert_eq!(message.sequence, 3);
    assert_eq!(
        message.language.as_str(),
        "de",
        "the case's language is taken where none is given"
    );
    assert_eq!(outcome.happenings[1], Happening::Reopened);
}

#[test]
fn staffs_words_leave_a_resolved_case_resolved() {
    let ids = ids();
    let mut case = opened(&ids);
    case.act(Command::Resolve(Resolution::Answered), &cause(), START)
        .unwrap();
    let version = case.version;
    let (_, outcome) = case
        .say(utterance(&ids, Speaker::Staff("staff-1".to_owned())), START)
        .unwrap();
    assert_eq!(case.state(), State::Resolved);
    assert_eq!(case.version, version, "a message is no change of the case");
    assert_eq!(outcome.happenings.len(), 1);
}

#[test]
fn a_clock_that_goes_back_turns_no_time_back() {
    let ids = ids();
    let mut case = opened(&ids);
    case.act(
        Command::Resolve(Resolution::Answered),
        &cause(),
        START - time::Duration::HOUR,
    )
    .unwrap();
    assert_eq!((case.update_time, case.resolve_time), (START, Some(START)));
}

#[test]
fn a_case_never_prints_what_it_is_about() {
    let printed = format!("{:?}", opened(&ids()));
    assert!(
        !printed.contains("Bildschirm") && !printed.contains("gestern"),
        "{printed}"
    );
}

fn any_action() -> impl Strategy<Value = Action> {
    proptest::sample::select(Action::ALL)
}

/// Does `action`, as a call would.
fn perform(case: &mut Case, ids: &Ids, action: Action, now: OffsetDateTime) -> Result<Outcome, Refusal> {
    let command = match action {
        Action::Assign => Command::Assign(ids.next()),
        Action::Rate => {
            let severity = if case.concern.severity == Severity::Normal {
                Severity::High
            } else {
                Severity::Normal
            };
            return case.rate(severity, &levels(), &cause(), now);
        }
        Action::Speak => {
            let language = if case.concern.language.as_str() == "de" {
                "fr"
            } else {
                "de"
            };
            return case.speak(Language::parse(language).unwrap(), &cause(), now);
        }
        Action::Resolve => Command::Resolve(Resolution::Repaired),
        Action::Reopen => Command::Reopen,
        Action::Close(reason) => Command::Close(reason),
        Action::Hear => {
            let customer = case.concern.customer;
            return case
                .say(utterance(ids, Speaker::Customer(customer)), now)
                .map(|(_, outcome)| outcome);
        }
        Action::Tell => {
            return case
                .say(utterance(ids, Speaker::Staff("staff-1".to_owned())), now)
                .map(|(_, outcome)| outcome);
        }
    };
    case.act(command, &cause(), now)
}

proptest! {
    #[test]
    fn no_way_leads_along_an_edge_that_is_not_in_the_table(
        actions in proptest::collection::vec((any_action(), -5_i64..60), 0..40),
    ) {
        let ids = ids();
        let mut case = opened(&ids);
        let mut now = START;
        for (action, seconds) in actions {
            now += time::Duration::seconds(seconds);
            let before = case.clone();
            match perform(&mut case, &ids, action, now) {
                Ok(outcome) => {
                    let edge = (before.state(), action, case.state());
                    prop_assert!(TRANSITIONS.contains(&edge), "{:?} is not in the table", edge);
                    // The version rises exactly where something of the case itself changed.
                    let changed = case.standing != before.standing || !matches!(action, Action::Hear | Action::Tell);
                    prop_assert_eq!(case.version > before.version, changed);
                    prop_assert!(case.version >= before.version);
                    prop_assert!(case.update_time >= before.update_time);
                    // Every happening has its entry, and the entries go on where the history ended.
                    prop_assert_eq!(outcome.entries.len(), outcome.happenings.len());
                    for (place, (entry, happening)) in outcome.entries.iter().zip(&outcome.happenings).enumerate() {
                        prop_assert_eq!(entry.sequence, before.timeline_length + 1 + i64::try_from(place).unwrap());
                        prop_assert_eq!(entry.note.kind, happening.kind());
                    }
                    prop_assert_eq!(case.timeline_length, outcome.entries.last().unwrap().sequence);
                }
                Err(refused) => {
                    let is_in_the_table =
                        TRANSITIONS.iter().any(|(from, by, _)| (*from, *by) == (before.state(), action));
                    match refused {
                        Refusal::State(refused) => {
                            prop_assert_eq!(refused, IllegalAction { state: before.state(), action });
                            prop_assert!(!is_in_the_table);
                        }
                        // Nobody is ever silent for days here, and nothing comes by e-mail.
                        Refusal::CustomerNotSilent { .. } => {
                            prop_assert_eq!(action, Action::Close(CloseReason::NoAnswer));
                            prop_assert!(is_in_the_table);
                        }
                        other => prop_assert!(false, "{other:?}"),
                    }
                    prop_assert_eq!(&case, &before, "a refused action changes nothing");
                }
            }
        }
    }
}
