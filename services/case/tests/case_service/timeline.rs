//! Histories have no gaps, however many write at once.

use support_case::domain::CaseId;
use support_case::domain::timeline::{Kind, Note, Source};
use support_case::ops;
use support_proto::support::case::v1::{AssignCaseRequest, ListTimelineRequest, TimelineEntryKind};
use time::macros::datetime;

use crate::world::{World, case_id, new_id, open, opening, request_id, saying};

fn queued() -> Note {
    Note {
        kind: Kind::TaskQueued,
        source: Source::Routing,
        subject: new_id().parse().unwrap(),
        detail: None,
        actor: None,
        occur_time: datetime!(2026-03-01 12:00 UTC),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_writers_leave_no_gap() {
    const EACH: usize = 10;
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    let id: CaseId = case_id(&case);
    let mut writers = Vec::new();
    for writer in 0..20 {
        let (mut client, mut staff, db, id_text) = (
            world.calling_as(customer),
            world.staff(),
            world.db.clone(),
            case.case_id.clone(),
        );
        writers.push(tokio::spawn(async move {
            for _ in 0..EACH {
                match writer % 4 {
                    0 => drop(client.post_message(saying(&id_text, "Hallo?")).await.unwrap()),
                    1 => drop(staff.post_message(saying(&id_text, "Ja?")).await.unwrap()),
                    2 => {
                        let request = AssignCaseRequest {
                            request_id: request_id(),
                            case_id: id_text.clone(),
                            agent_id: new_id(),
                            etag: String::new(),
                        };
                        drop(staff.assign_case(request).await.unwrap());
                    }
                    _ => {
                        let mut tx = db.begin().await.unwrap();
                        assert!(ops::note(&mut tx, id, &queued()).await.unwrap());
                        tx.commit().await.unwrap();
                        // What is rolled back leaves no gap either.
                        let mut tx = db.begin().await.unwrap();
                        assert!(ops::note(&mut tx, id, &queued()).await.unwrap());
                        tx.rollback().await.unwrap();
                    }
                }
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let history = world.history(&case.case_id).await;
    let total = i64::try_from(20 * EACH).unwrap() + 1;
    assert_eq!(
        history.iter().map(|entry| entry.sequence).collect::<Vec<_>>(),
        (1..=total).collect::<Vec<_>>()
    );
    for (kind, count) in [
        (TimelineEntryKind::MessagePosted, 10 * EACH),
        (TimelineEntryKind::CaseAssigned, 5 * EACH),
        (TimelineEntryKind::TaskQueued, 5 * EACH),
    ] {
        assert_eq!(
            history.iter().filter(|entry| entry.kind() == kind).count(),
            count,
            "{kind:?}"
        );
    }
    // Re-assigned fifty times: the version rose with each, and with nothing else.
    let request = support_proto::support::case::v1::GetCaseRequest {
        case_id: case.case_id.clone(),
    };
    let now = client.get_case(request).await.unwrap().into_inner().case.unwrap();
    assert_eq!(now.etag, (1 + 5 * EACH).to_string());

    // Pages of it fit together.
    let (mut sequences, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListTimelineRequest {
            case_id: case.case_id.clone(),
            page_size: 7,
            page_token: token,
        };
        let page = client.list_timeline(request).await.unwrap().into_inner();
        sequences.extend(page.entries.iter().map(|entry| entry.sequence));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(sequences, (1..=total).collect::<Vec<_>>());

    // The feed tells the case's own changes in the order of the history.
    let own: Vec<_> = history.iter().filter(|entry| entry.source == "case").collect();
    let events = world.events(own.len()).await;
    for (entry, event) in own.iter().zip(&events) {
        let is_message = event.event_type.ends_with("CaseMessagePosted");
        assert_eq!(
            is_message,
            entry.kind() == TimelineEntryKind::MessagePosted,
            "at {}",
            entry.sequence
        );
    }
}
