use proptest::prelude::*;
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::macros::datetime;

use super::*;
use crate::domain::{Attributes, Channel, Priorities};

const START: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);

fn ids() -> Ids {
    Ids::seeded("eu".parse().unwrap(), Clock::manual(START).0, 7)
}

fn opening(ids: &Ids, channel: Channel) -> Opening {
    Opening {
        case_id: ids.next(),
        attributes: Attributes::new(channel, "en".parse().unwrap()),
        account_manager: None,
    }
}

/// Of it only the priorities and the basis matter here.
fn plan() -> Plan {
    Plan {
        basis: "routing/routing-plan@3".to_owned(),
        priorities: Priorities {
            by_severity: [2, 4, 6, 8],
            account_security: 5,
            ageing_step: time::Duration::MINUTE,
            ageing_limit: 7,
        },
        language_level: 1,
        skill_level: 1,
        offer_timeout: time::Duration::MINUTE,
        refusal_delay: time::Duration::MINUTE,
        presence_timeout: time::Duration::MINUTE,
        waits_from_opening: true,
        ..Plan::default()
    }
}

#[test]
fn what_a_plan_decided_is_said_with_it() {
    let ids = ids();
    let opened = open(ids.next(), opening(&ids, Channel::Chat), &plan(), START, START);
    assert_eq!(opened.task.priority, 4);
    let named = Some("routing/routing-plan@3".to_owned());
    assert_eq!((&opened.task.basis, &opened.entry.basis), (&named, &named));
    let offered = apply(&opened.task, Some(&book(&ids, 6)), Change::Offered, START)
        .unwrap()
        .decided_by("routing/routing-plan@4");
    let accepted = apply(&offered.task, offered.book.as_ref(), Change::Accepted, START).unwrap();
    let named = Some("routing/routing-plan@4".to_owned());
    assert_eq!((&offered.entry.basis, &accepted.task.basis), (&named, &named));
    assert_eq!(accepted.entry.basis, None, "an agent decides that, not a plan");
}

fn book(ids: &Ids, capacity: i32) -> Book {
    Book::new(ids.next(), capacity, START)
}

#[test]
fn the_readme_shows_the_table() {
    assert!(include_str!("../../../README.md").contains(&diagram()), "{}", diagram());
}

#[test]
fn nothing_follows_an_end() {
    for state in TaskState::ALL.iter().filter(|state| state.is_ended()) {
        for change in Change::ALL {
            assert_eq!(transition(Some(*state), *change), None);
        }
    }
}

#[test]
fn an_offer_keeps_the_place_in_line() {
    let ids = ids();
    let later = START + time::Duration::minutes(1);
    let opened = open(ids.next(), opening(&ids, Channel::Phone), &plan(), START, later).task;
    let offered = apply(&opened, Some(&book(&ids, 6)), Change::Offered, later).unwrap();
    let returned = apply(&offered.task, offered.book.as_ref(), Change::TimedOut, later).unwrap();
    assert_eq!(returned.task.queue_time, START);
    assert_eq!(
        (returned.task.agent, returned.task.offer_count, returned.task.version),
        (None, 1, 3)
    );
    assert_eq!(returned.offer_end, Some(OfferEnd::TimedOut));
    let freed = returned.book.unwrap();
    assert_eq!((freed.load, freed.idle_since), (0, later));
}

#[test]
fn nobody_holds_more_than_they_can() {
    let ids = ids();
    let opened = open(ids.next(), opening(&ids, Channel::Phone), &plan(), START, START).task;
    let mut full = book(&ids, 6);
    (full, _) = full.taking(Channel::Email).unwrap();
    assert_eq!(
        apply(&opened, Some(&full), Change::Offered, START),
        Err(Refused::NoRoom)
    );
}

#[test]
fn the_book_must_be_the_holders() {
    let ids = ids();
    let opened = open(ids.next(), opening(&ids, Channel::Chat), &plan(), START, START).task;
    assert_eq!(apply(&opened, None, Change::Offered, START), Err(Refused::NotTheHolder));
    assert_eq!(
        apply(&opened, Some(&book(&ids, 6)), Change::Canceled, START),
        Err(Refused::NotTheHolder)
    );
    let offered = apply(&opened, Some(&book(&ids, 6)), Change::Offered, START)
        .unwrap()
        .task;
    assert_eq!(
        apply(&offered, None, Change::Canceled, START),
        Err(Refused::NotTheHolder)
    );
    assert_eq!(
        apply(&offered, Some(&book(&ids, 6)), Change::Accepted, START),
        Err(Refused::NotTheHolder)
    );
}

proptest! {
    /// Whatever is asked of a task in whatever order: the load is what is held, the history counts on, an end is final.
    #[test]
    fn any_order_of_changes_keeps_the_books(
        changes in proptest::collection::vec(proptest::sample::select(Change::ALL), 0..40),
        channel in proptest::sample::select(Channel::ALL),
    ) {
        let ids = ids();
        let mut task = open(ids.next(), opening(&ids, channel), &plan(), START, START).task;
        let mut mine = book(&ids, 7);
        for change in changes {
            let given = (task.state.is_held() || change == Change::Offered).then_some(&mine);
            match apply(&task, given, change, START) {
                Ok(changed) => {
                    prop_assert!(!task.state.is_ended());
                    prop_assert_eq!(changed.entry.sequence, task.version + 1);
                    prop_assert_eq!(changed.offer_end.is_some(), task.state == TaskState::Offered);
                    prop_assert_eq!(changed.task.queue_time, task.queue_time);
                    prop_assert_eq!(changed.task.state.is_ended(), changed.task.end_time.is_some());
                    prop_assert_eq!(changed.task.state == TaskState::Queued, changed.task.agent.is_none() && !changed.task.state.is_ended());
                    if let Some(after) = changed.book {
                        mine = after;
                    }
                    task = changed.task;
                }
                Err(Refused::State { state, change }) => {
                    prop_assert_eq!(transition(Some(state), change), None);
                }
                Err(refused) => prop_assert!(false, "{}", refused),
            }
            prop_assert_eq!(mine.load, if task.state.is_held() { task.weight } else { 0 });
        }
    }
}
