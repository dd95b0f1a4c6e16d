use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::Duration;
use time::macros::datetime;

use super::*;
use crate::domain::case::{Bearing, Command, Concern};
use crate::domain::happening::Cause;
use crate::domain::kinds::{Author, CloseReason, Resolution, Severity};
use crate::domain::language::Language;
use crate::domain::levels::Promise;
use crate::domain::number::CaseNumber;
use crate::domain::playbook::{Step, StepOutcome};
use crate::domain::speech::Speech;

const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn talk() -> Conversation {
    let ids = Ids::seeded("eu".parse().unwrap(), Clock::manual(START).0, 7);
    let language = Language::parse("pt").unwrap();
    let concern = Concern {
        customer: ids.next(),
        channel: Channel::Chat,
        language: language.clone(),
        speech: Speech::new(language, Vec::new()),
        product_line: None,
        device: None,
        severity: Severity::Normal,
        words: None,
        source_reference: None,
        country: None,
        area: None,
        bearing: Bearing::default(),
    };
    let promise = Promise {
        basis: "case/service-levels@1".to_owned(),
        calendar_basis: None,
        first_response_due: START + Duration::HOUR,
        resolve_due: START + Duration::DAY,
        reopen_within: Duration::DAY,
        no_answer_after: Duration::DAY,
        answer_first: false,
    };
    let number = CaseNumber::from_sequence(1_000_000).unwrap();
    Conversation {
        case: Case::open(ids.next(), number, concern, promise, START),
        marks: Vec::new(),
        last_channel: None,
        repair_time: None,
    }
}

fn mark(step: &str, minutes: i64) -> Mark {
    Mark {
        step: Step::parse(step).unwrap(),
        outcome: StepOutcome::Done,
        channel: Channel::Chat,
        actor: "staff-1".to_owned(),
        at: START + Duration::minutes(minutes),
        text: None,
    }
}

fn steps() -> Steps {
    let step = |step: &str, stage: wire::PlaybookStage| wire::RenderedStep {
        step: step.to_owned(),
        stage: stage.into(),
        ..wire::RenderedStep::default()
    };
    let given = Given {
        steps: vec![
            step("always/greet", wire::PlaybookStage::Open),
            step("repair/back-up", wire::PlaybookStage::Remind),
            step("always/farewell", wire::PlaybookStage::Close),
        ],
        basis: "localisation/playbooks@1".to_owned(),
        is_stale: false,
    };
    Steps {
        instructions: given.clone(),
        words: given,
    }
}

fn next(talk: &Conversation) -> (String, wire::PlaybookStage) {
    let shown = view(talk, "", talk.channel(), Some(&steps()));
    (shown.next_step.clone(), shown.stage())
}

fn by_staff() -> Cause {
    Cause::Call {
        actor: "staff-1".to_owned(),
        author: Author::Staff,
    }
}

#[test]
fn the_first_step_that_is_not_done_comes_next() {
    let mut talk = talk();
    assert_eq!(next(&talk), ("always/greet".to_owned(), wire::PlaybookStage::Open));
    talk.marks = vec![mark("always/greet", 1)];
    assert_eq!(next(&talk), ("repair/back-up".to_owned(), wire::PlaybookStage::Remind));
    talk.marks = vec![
        mark("always/greet", 1),
        mark("repair/back-up", 2),
        mark("always/farewell", 3),
    ];
    assert_eq!(next(&talk), (String::new(), wire::PlaybookStage::Unspecified));
}

#[test]
fn in_a_resolved_case_only_the_last_words_are_left_and_in_a_closed_one_none() {
    let mut talk = talk();
    talk.case
        .act(Command::Resolve(Resolution::Answered), &by_staff(), START)
        .unwrap();
    assert_eq!(next(&talk), ("always/farewell".to_owned(), wire::PlaybookStage::Close));
    talk.case
        .act(Command::Close(CloseReason::Solved), &by_staff(), START)
        .unwrap();
    let shown = view(&talk, "", Channel::Chat, Some(&steps()));
    assert!(shown.steps.is_empty() && !shown.is_stale, "{shown:?}");
}

#[test]
fn the_purpose_is_what_was_last_talked_about_or_the_repair_ordered_since() {
    let mut talk = talk();
    assert_eq!(talk.purpose(), None);
    talk.marks = vec![mark("fault/since-when", 1), mark("always/summary", 2)];
    assert_eq!(talk.purpose().as_deref(), Some("fault"));
    talk.repair_time = Some(START + Duration::minutes(5));
    assert_eq!(talk.purpose().as_deref(), Some("repair"));
    talk.marks.push(mark("complaint/listen", 9));
    assert_eq!(talk.purpose().as_deref(), Some("complaint"));
}

#[test]
fn the_channel_is_that_of_the_last_message() {
    let mut talk = talk();
    assert_eq!(talk.channel(), Channel::Chat);
    talk.last_channel = Some(Channel::Email);
    assert_eq!(talk.channel(), Channel::Email);
}

#[test]
fn without_steps_the_view_says_so() {
    let shown = view(&talk(), "", Channel::Chat, None);
    assert!(shown.is_stale && shown.steps.is_empty());
}
