//! Every law must notice when it is broken: sound records, and each way to break them.

use prost_types::Timestamp;

use super::*;

fn entry(sequence: i64, kind: TimelineEntryKind) -> TimelineEntry {
    TimelineEntry {
        sequence,
        kind: kind.into(),
        ..Default::default()
    }
}

fn step(sequence: i64, change: TaskChange, seconds: i64) -> TaskHistoryEntry {
    TaskHistoryEntry {
        sequence,
        change: change.into(),
        agent_id: if change == TaskChange::Queued {
            String::new()
        } else {
            "agent".to_owned()
        },
        agent_load: if matches!(change, TaskChange::Offered | TaskChange::Accepted) {
            6
        } else {
            0
        },
        agent_capacity: 6,
        occur_time: Some(Timestamp { seconds, nanos: 0 }),
        ..Default::default()
    }
}

fn contact(end: End, repair: Option<RepairOutcome>) -> Contact {
    Contact {
        key: "L-1".to_owned(),
        customer_id: "eu-1".to_owned(),
        end,
        wait: None,
        late: 0.0,
        repair,
    }
}

fn answered() -> (Contact, Record) {
    use TimelineEntryKind as Kind;
    let kinds = [
        Kind::CaseOpened,
        Kind::TaskQueued,
        Kind::CaseAssigned,
        Kind::TaskCompleted,
        Kind::CaseResolved,
    ];
    let record = Record {
        case: Case {
            case_id: "case".to_owned(),
            customer_id: "eu-1".to_owned(),
            state: CaseState::Resolved.into(),
            source_reference: "L-1".to_owned(),
            ..Default::default()
        },
        timeline: (1..).zip(kinds).map(|(sequence, kind)| entry(sequence, kind)).collect(),
        tasks: vec![(
            Task {
                task_id: "task".to_owned(),
                weight: 6,
                state: TaskState::Completed.into(),
                ..Default::default()
            },
            vec![
                step(1, TaskChange::Queued, 10),
                step(2, TaskChange::Offered, 11),
                step(3, TaskChange::Accepted, 12),
                step(4, TaskChange::Completed, 20),
            ],
        )],
        repairs: Vec::new(),
    };
    (contact(End::Answered, None), record)
}

fn gave_up() -> (Contact, Record) {
    use TimelineEntryKind as Kind;
    let (_, mut record) = answered();
    record.case.state = CaseState::Closed.into();
    record.case.close_reason = CloseReason::Withdrawn.into();
    let kinds = [Kind::CaseOpened, Kind::CaseClosed, Kind::TaskQueued, Kind::TaskCanceled];
    record.timeline = (1..).zip(kinds).map(|(sequence, kind)| entry(sequence, kind)).collect();
    record.tasks[0].0.state = TaskState::Canceled.into();
    record.tasks[0].1 = vec![step(1, TaskChange::Queued, 10), step(2, TaskChange::Canceled, 12)];
    (contact(End::GaveUp, None), record)
}

fn repaired() -> (Contact, Record) {
    use TimelineEntryKind as Kind;
    let (_, mut record) = answered();
    let resolved = record.timeline.pop().unwrap();
    record.timeline.push(entry(5, Kind::RepairSubmitted));
    record
        .timeline
        .extend((6..=10).map(|sequence| entry(sequence, Kind::RepairStateChanged)));
    record.timeline.push(TimelineEntry {
        sequence: 11,
        ..resolved
    });
    record.repairs = vec![Repair {
        state: RepairState::Returned.into(),
        outcome: RepairOutcome::Repairable.into(),
        ..Default::default()
    }];
    (contact(End::Answered, Some(RepairOutcome::Repairable)), record)
}

fn laws(violations: &[Violation]) -> Vec<Law> {
    let mut laws: Vec<Law> = violations.iter().map(|violation| violation.law).collect();
    laws.dedup();
    laws
}

#[test]
fn sound_records_break_no_law() {
    for (contact, record) in [answered(), gave_up(), repaired()] {
        assert_eq!(one_contact(&contact, &record), []);
        assert_eq!(never_over(&[record], 6), []);
    }
}

#[test]
fn every_broken_record_is_noticed() {
    type Break = fn(&mut Contact, &mut Record);
    let breaks: [(Law, Break); 16] = [
        (Law::SameEnd, |_, record| record.case.state = CaseState::Assigned.into()),
        (Law::OneHistory, |_, record| record.timeline[3].sequence = 5),
        (Law::OneHistory, |_, record| drop(record.timeline.remove(2))),
        (Law::OneHistory, |_, record| record.timeline[3].sequence = 3),
        (Law::OneHistory, |_, record| {
            record.timeline[0].kind = TimelineEntryKind::MessagePosted.into();
        }),
        (Law::OneHistory, |_, record| {
            record.timeline.push(entry(6, TimelineEntryKind::CaseResolved));
        }),
        (Law::OneHistory, |_, record| {
            record.timeline.push(entry(6, TimelineEntryKind::TaskQueued));
        }),
        (Law::OneHistory, |_, record| {
            record.timeline.push(entry(6, TimelineEntryKind::RepairSubmitted));
        }),
        (Law::OneEnd, |_, record| record.tasks.clear()),
        (Law::OneEnd, |_, record| record.tasks.push(record.tasks[0].clone())),
        (Law::OneEnd, |_, record| drop(record.tasks[0].1.pop())),
        (Law::OneEnd, |_, record| {
            record.tasks[0].1.push(step(5, TaskChange::Completed, 21));
        }),
        (Law::OneEnd, |_, record| drop(record.tasks[0].1.remove(2))),
        (Law::OneEnd, |_, record| {
            record.tasks[0].0.state = TaskState::Accepted.into();
        }),
        (Law::NeverOver, |_, record| record.tasks[0].1[1].agent_load = 7),
        (Law::RepairsDone, |_, record| record.repairs.push(Repair::default())),
    ];
    for (at, (law, spoil)) in breaks.into_iter().enumerate() {
        let (mut contact, mut record) = answered();
        spoil(&mut contact, &mut record);
        assert_eq!(laws(&one_contact(&contact, &record)), [law], "break {at}");
    }
}

#[test]
fn ends_that_do_not_match_are_noticed() {
    let (_, record) = gave_up();
    let noticed = laws(&one_contact(&contact(End::Answered, None), &record));
    assert_eq!(noticed, [Law::SameEnd, Law::OneHistory, Law::OneEnd]);
    let (gone, mut record) = gave_up();
    record.case.close_reason = CloseReason::Solved.into();
    assert_eq!(laws(&one_contact(&gone, &record)), [Law::SameEnd]);
}

#[test]
fn repairs_elsewhere_than_at_their_outcome_are_noticed() {
    let (fixed, mut record) = repaired();
    record.repairs[0].outcome = RepairOutcome::EndOfLife.into();
    assert_eq!(laws(&one_contact(&fixed, &record)), [Law::RepairsDone]);
    record.repairs[0].outcome = RepairOutcome::Repairable.into();
    record.repairs[0].state = RepairState::Finished.into();
    assert_eq!(laws(&one_contact(&fixed, &record)), [Law::RepairsDone]);
    record.repairs.clear();
    assert_eq!(laws(&one_contact(&fixed, &record)), [Law::RepairsDone]);
    let (fixed, mut record) = repaired();
    record.timeline.remove(7);
    assert_eq!(laws(&one_contact(&fixed, &record)), [Law::OneHistory]);
}

#[test]
fn lost_doubled_and_foreign_cases_are_noticed() {
    let (contact, record) = answered();
    let key_of = |case: &Case| (!case.source_reference.is_empty()).then(|| case.source_reference.clone());
    let whats = |cases: &[Case]| -> Vec<String> {
        one_case_each(std::slice::from_ref(&contact), cases, key_of)
            .into_iter()
            .map(|broken| broken.what)
            .collect()
    };
    let case = record.case;
    assert!(whats(std::slice::from_ref(&case)).is_empty());
    assert_eq!(whats(&[]), ["L-1: 0 cases"]);
    assert_eq!(whats(&[case.clone(), case.clone()]), ["L-1: 2 cases"]);
    let foreign = Case {
        customer_id: "eu-2".to_owned(),
        ..case.clone()
    };
    assert_eq!(whats(&[foreign]), ["L-1: its case is somebody else's"]);
    let other = Case {
        source_reference: "L-2".to_owned(),
        ..case.clone()
    };
    assert_eq!(
        whats(&[case.clone(), other]),
        ["L-2: a case of a contact that did not end"]
    );
    let none = Case {
        source_reference: String::new(),
        ..case.clone()
    };
    assert_eq!(whats(&[case, none]), ["case case belongs to no call"]);
}

#[test]
fn an_agent_with_two_calls_at_once_is_noticed() {
    let (_, one) = answered();
    let (_, mut other) = answered();
    // From 20 on: the first is given back at that very moment.
    for (entry, seconds) in other.tasks[0].1.iter_mut().zip([19, 20, 21, 30]) {
        entry.occur_time = Some(Timestamp { seconds, nanos: 0 });
    }
    assert_eq!(never_over(&[one.clone(), other.clone()], 6), []);
    other.tasks[0].1[1].occur_time = Some(Timestamp {
        seconds: 19,
        nanos: 999_999_000,
    });
    assert_eq!(laws(&never_over(&[one.clone(), other.clone()], 6)), [Law::NeverOver]);
    assert_eq!(never_over(&[one, other], 12), []);
}
