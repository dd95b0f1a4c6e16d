use proptest::prelude::*;
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::macros::datetime;

use super::*;
use crate::domain::{Attributes, Channel, Named, Priorities};

const START: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);

fn ids() -> Ids {
    Ids::seeded("eu".parse().unwrap(), Clock::manual(START).0, 7)
}

fn opening(ids: &Ids, channel: Channel) -> Opening {
    Opening {
        case_id: ids.next(),
        attributes: Attributes::new(channel, "en".parse().unwrap()),
        named: Named::default(),
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
            if change.is_of_participants() {
                prop_assert_eq!(apply(&task, Some(&mine), change, START).is_err(), true);
                continue;
            }
            let given = (task.state.is_held() || change.gives()).then_some(&mine);
            match apply(&task, given, change, START) {
                Ok(changed) => {
                    prop_assert!(!task.state.is_ended());
                    prop_assert_eq!(changed.entry.sequence, task.version + 1);
                    prop_assert_eq!(changed.offer_end.is_some(), task.state == TaskState::Offered);
                    let is_at_work = matches!(changed.task.state, TaskState::Accepted | TaskState::Wrapping);
                    prop_assert!(!is_at_work || changed.task.accept_time.is_some());
                    prop_assert!(changed.task.state != TaskState::Queued || changed.task.accept_time.is_none());
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

/// What is done with a contact, by whom: 0 has it at first, the others may join.
#[derive(Clone, Copy, Debug)]
enum Step {
    Join(usize),
    Leave(usize),
    HandOver(usize),
    EndContact,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_usize).prop_map(Step::Join),
        2 => (0..4_usize).prop_map(Step::Leave),
        2 => (0..4_usize).prop_map(Step::HandOver),
        1 => Just(Step::EndContact),
    ]
}

proptest! {
    /// Whoever joins, leaves and hands over in whatever order: one has the task, nobody is in it twice, nobody holds more than they
    /// can, and what each holds is what they have a part in.
    #[test]
    fn a_contact_of_several_keeps_the_books(
        steps in proptest::collection::vec(any_step(), 0..40),
        channel in proptest::sample::select(Channel::ALL),
    ) {
        let ids = ids();
        let opened = open(ids.next(), opening(&ids, channel), &plan(), START, START).task;
        // One has room for a letter alone, or for a call.
        let mut books: Vec<Book> = [6, 7, 6, 1].map(|capacity| book(&ids, capacity)).to_vec();
        let taken = apply(&opened, Some(&books[0]), Change::TakenOver, START).unwrap();
        books[0] = taken.book.unwrap();
        let mut party = Party { task: taken.task, joined: Vec::new() };
        for step in steps {
            let before = party.clone();
            let is_open = party.task.state == TaskState::Accepted;
            let is_in = |agent| party.joined.iter().any(|joined| joined.agent == agent);
            let (who, done) = match step {
                Step::Join(who) => {
                    let may = is_open && !is_in(books[who].agent) && party.task.agent != Some(books[who].agent)
                        && party.joined.len() < 2 && books[who].taking(channel).is_some();
                    let done = party.join(&books[who], 2, START);
                    prop_assert_eq!(done.is_ok(), may);
                    (who, done)
                }
                Step::Leave(who) => {
                    let may = is_open && is_in(books[who].agent);
                    let done = party.leave(&books[who], START);
                    prop_assert_eq!(done.is_ok(), may);
                    (who, done)
                }
                Step::HandOver(who) => {
                    let may = is_open && is_in(books[who].agent);
                    let done = party.hand_over(&books[who], START);
                    prop_assert_eq!(done.is_ok(), may);
                    (who, done)
                }
                Step::EndContact => {
                    let who = books.iter().position(|book| Some(book.agent) == party.task.agent).unwrap();
                    if !party.joined.is_empty() {
                        continue;
                    }
                    let done = apply(&party.task, Some(&books[who]), Change::ContactEnded, START);
                    prop_assert_eq!(done.is_ok(), is_open);
                    if let Ok(changed) = &done {
                        party.task = changed.task.clone();
                    }
                    (who, done)
                }
            };
            if let Ok(changed) = done {
                prop_assert_eq!(changed.entry.sequence, before.task.version + 1);
                prop_assert_eq!(&changed.task, &party.task);
                books[who] = changed.book.unwrap();
            } else {
                prop_assert_eq!(&before, &party, "what is refused changes nothing");
            }
            for book in &books {
                let has = i32::from(party.task.agent == Some(book.agent)) * party.task.weight;
                let joined: i32 = party.joined.iter().filter(|one| one.agent == book.agent).map(|one| one.weight).sum();
                prop_assert!(has == 0 || joined == 0);
                prop_assert_eq!(book.load, has + joined);
                prop_assert!(book.load <= book.capacity);
            }
        }
    }
}
