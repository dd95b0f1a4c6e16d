//! When agents are planned to be at work, who is there, and what hangs on it.

use serde_json::json;
use support_chassis::client::Peer;
use support_chassis::error::explain;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::roster_service_client::RosterServiceClient;
use support_routing::domain::{AgentId, Channel, Departure, Presence, ShiftException, ShiftPattern, TaskState};
use support_routing::ops;
use time::macros::{date, datetime};
use tonic::Code;

use crate::system::{System, new_agent, request_id};
use crate::world::{PRESENCE_TIMEOUT, World};

fn roster(system: &System) -> RosterServiceClient<Peer> {
    RosterServiceClient::new(system.peer(CallerKind::Operator, "olga", &["agents.write", "agents.read"]))
}

fn pattern(agent: &str, from_day: &str, hours: &str) -> pb::SetShiftPatternRequest {
    pb::SetShiftPatternRequest {
        request_id: request_id(),
        agent_id: agent.to_owned(),
        pattern: Some(pb::ShiftPattern {
            from_day: from_day.to_owned(),
            hours: hours.to_owned(),
        }),
    }
}

fn exception(agent: &str, day: &str, kind: pb::ShiftExceptionKind, hours: &str) -> pb::SetShiftExceptionRequest {
    pb::SetShiftExceptionRequest {
        request_id: request_id(),
        agent_id: agent.to_owned(),
        exception: Some(pb::ShiftException {
            day: day.to_owned(),
            kind: kind.into(),
            hours: hours.to_owned(),
        }),
    }
}

fn times(shifts: &[pb::Shift]) -> Vec<(i64, i64)> {
    let seconds = |time: Option<prost_types::Timestamp>| time.unwrap().seconds;
    let each = shifts.iter();
    each.map(|shift| (seconds(shift.start_time), seconds(shift.end_time)))
        .collect()
}

#[tokio::test]
async fn a_week_and_its_days_are_planned_and_seen() {
    let system = System::start().await;
    let amy = system.agent("amy").await;
    let id = amy.agent_id.as_str();
    roster(&system)
        .set_shift_pattern(pattern(id, "2026-01-05", "mon-fri 09:00-17:00"))
        .await
        .unwrap();
    // The last working day before the clock is set forward where she is, and the first after it.
    let list = |from_day: &str, days| pb::ListShiftsRequest {
        agent_id: id.to_owned(),
        from_day: from_day.to_owned(),
        days,
    };
    let listed = roster(&system)
        .list_shifts(list("2026-03-27", 4))
        .await
        .unwrap()
        .into_inner();
    let zone: &str = &listed.time_zone;
    assert_eq!(zone, amy.time_zone);
    let starts: Vec<i64> = times(&listed.shifts).iter().map(|(start, _)| *start).collect();
    assert_eq!(starts.len(), 2);
    assert_eq!(starts[1] - starts[0], 3 * 86_400 - 3600, "an hour was skipped");
    assert_eq!(listed.patterns.len(), 1);

    let changed = exception(id, "2026-03-30", pb::ShiftExceptionKind::Changed, "12:00-20:00");
    let changed = roster(&system).set_shift_exception(changed).await.unwrap().into_inner();
    assert_eq!(times(&changed.shifts)[0].0, starts[1] + 3 * 3600);
    let off = exception(id, "2026-03-27", pb::ShiftExceptionKind::Off, "");
    let off = roster(&system).set_shift_exception(off).await.unwrap().into_inner();
    assert_eq!(off.shifts, []);
    let listed = roster(&system)
        .list_shifts(list("2026-03-27", 4))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((listed.shifts.len(), listed.exceptions.len()), (1, 2));

    // A second agent of whom nothing is planned is on the roster of the site too.
    let ben = system.agent("ben").await;
    system.presence("ben", pb::Presence::Available).await;
    let ask = |page_token: &str| pb::GetRosterRequest {
        site: amy.site.clone(),
        day: "2026-03-30".to_owned(),
        page_size: 1,
        page_token: page_token.to_owned(),
    };
    let first = roster(&system).get_roster(ask("")).await.unwrap().into_inner();
    assert_eq!(first.entries[0].agent_id, amy.agent_id);
    assert_eq!(first.entries[0].shifts, changed.shifts);
    assert_eq!(first.entries[0].presence(), pb::Presence::Offline);
    let second = roster(&system)
        .get_roster(ask(&first.next_page_token))
        .await
        .unwrap()
        .into_inner();
    let entry = &second.entries[0];
    assert_eq!(
        (entry.agent_id.as_str(), entry.shifts.len(), entry.planned_now),
        (ben.agent_id.as_str(), 0, false)
    );
    assert_eq!(entry.presence(), pb::Presence::Available);
    assert_eq!(second.next_page_token, "");
    // Whoever always works works now.
    roster(&system)
        .set_shift_pattern(pattern(id, "2026-01-06", "daily 00:00-24:00"))
        .await
        .unwrap();
    let first = roster(&system).get_roster(ask("")).await.unwrap().into_inner();
    assert!(first.entries[0].planned_now);

    let back = exception(id, "2026-03-27", pb::ShiftExceptionKind::Unspecified, "");
    let back = roster(&system).set_shift_exception(back).await.unwrap().into_inner();
    assert_eq!(back.shifts.len(), 1);
}

#[tokio::test]
async fn what_names_no_hours_or_nobody_is_refused() {
    let system = System::start().await;
    let amy = system.agent("amy").await;
    let id = amy.agent_id.as_str();
    for (from_day, hours) in [
        ("2026-02-30", "mon 09:00-17:00"),
        ("1999-12-31", "mon 09:00-17:00"),
        ("2026-03-02", "someday 09:00-17:00"),
        ("2026-03-02", "mon 17:00-09:00"),
        ("2026-03-02", "mon 09:00-12:00 11:00-13:00"),
    ] {
        let request = pattern(id, from_day, hours);
        let refused = roster(&system).set_shift_pattern(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{from_day} {hours}");
    }
    for (kind, hours) in [
        (pb::ShiftExceptionKind::Off, "09:00-10:00"),
        (pb::ShiftExceptionKind::Extra, ""),
        (pb::ShiftExceptionKind::Changed, "mon 09:00-10:00"),
        (pb::ShiftExceptionKind::Unspecified, "09:00-10:00"),
    ] {
        let request = exception(id, "2026-03-02", kind, hours);
        let refused = roster(&system).set_shift_exception(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{kind:?} {hours}");
    }
    let nobody: AgentId = system.ids.next();
    let request = pattern(&nobody.to_string(), "2026-03-02", "mon 09:00-17:00");
    let missing = roster(&system).set_shift_pattern(request).await.unwrap_err();
    assert_eq!(explain(&missing).reason, "ROUTING_ERROR_REASON_AGENT_NOT_FOUND");
    let missing = roster(&system)
        .list_shifts(pb::ListShiftsRequest {
            agent_id: nobody.to_string(),
            ..pb::ListShiftsRequest::default()
        })
        .await
        .unwrap_err();
    assert_eq!(explain(&missing).reason, "ROUTING_ERROR_REASON_AGENT_NOT_FOUND");
    let denied = RosterServiceClient::new(system.peer(CallerKind::Staff, "amy", &["agents.read"]))
        .set_shift_pattern(pattern(id, "2026-03-02", ""))
        .await
        .unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
}

/// A plan is held against who is planned, not only against who there is.
#[tokio::test]
async fn hours_at_which_nobody_is_planned_are_told_before_a_plan_is_published() {
    let system = System::start().await;
    let amy = system.agent("amy").await;
    let knows_glass = pb::CreateAgentRequest {
        abilities: vec![pb::Ability {
            name: "area/glass".to_owned(),
            level: 4,
        }],
        ..new_agent("ben")
    };
    let ben = system.operator().create_agent(knows_glass).await.unwrap();
    let ben = ben.into_inner().agent.unwrap();
    let channel = support_testing::channel(system.routing.address);
    let overlay = json!({"queues": {"glass": {}}, "rules": {"glass": {
        "order": 900, "when": "product_line == \"phone\"", "queue": "glass", "skills": {"area/glass": {"level": 3, "kept": 3}},
    }}});
    let told = async || {
        let report = support_testing::check(&channel, "routing/routing-plan", "country/DE", &overlay).await;
        assert!(report.faults.is_empty(), "{report:?}");
        let of_glass = report.consequences.into_iter().filter(|told| told.rule == "glass");
        let gaps = of_glass.filter(|told| told.after.starts_with("nobody is planned"));
        gaps.map(|told| told.after).collect::<Vec<_>>()
    };
    assert_eq!(told().await, [""; 0], "of whom nothing is planned is there");
    let plan = async |agent: &pb::Agent, hours: &str| {
        let request = pattern(&agent.agent_id, "2026-01-05", hours);
        roster(&system).set_shift_pattern(request).await.unwrap();
    };
    plan(&ben, "daily 09:00-17:00").await;
    assert_eq!(told().await, [""; 0], "nobody works at other hours");
    plan(&amy, "daily 00:00-24:00").await;
    let gaps = told().await;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    // Sixteen hours a day, one more or less in a week in which the clock is set.
    let hours = gaps[0].split(" for ").nth(1).unwrap().split(':').next().unwrap();
    assert!(["111", "112", "113"].contains(&hours), "{gaps:?}");
    plan(&ben, "daily 00:00-24:00").await;
    assert_eq!(told().await, [""; 0]);
}

#[tokio::test]
async fn what_is_planned_for_many_is_taken_in_at_once_or_not_at_all() {
    let system = System::start().await;
    let amy = system.agent("amy").await;
    system.agent("ben").await;
    let week = |subject: &str, hours: &str| pb::RosterRow {
        subject: subject.to_owned(),
        pattern: Some(pb::ShiftPattern {
            from_day: "2026-01-05".to_owned(),
            hours: hours.to_owned(),
        }),
        exception: None,
    };
    let day = |subject: &str, kind: pb::ShiftExceptionKind| pb::RosterRow {
        subject: subject.to_owned(),
        pattern: None,
        exception: Some(pb::ShiftException {
            day: "2026-03-27".to_owned(),
            kind: kind.into(),
            hours: String::new(),
        }),
    };
    let import = async |rows: Vec<pb::RosterRow>| {
        let messages: Vec<_> = rows
            .chunks(2)
            .map(|rows| pb::ImportRostersRequest { rows: rows.to_vec() })
            .collect();
        let answer = roster(&system)
            .import_rosters(futures_util::stream::iter(messages))
            .await;
        answer.unwrap().into_inner()
    };
    let wrong = import(vec![
        week("amy", "mon-fri 09:00-17:00"),
        week("ben", "someday"),
        week("amy", "sat 09:00-17:00"),
        pb::RosterRow {
            subject: "ben".to_owned(),
            ..pb::RosterRow::default()
        },
    ])
    .await;
    let rows: Vec<i32> = wrong.faults.iter().map(|fault| fault.row).collect();
    assert_eq!((wrong.fault_count, rows.as_slice()), (3, &[2, 3, 4][..]), "{wrong:?}");
    let unknown = import(vec![
        week("amy", "mon-fri 09:00-17:00"),
        week("nobody", "mon 09:00-17:00"),
    ])
    .await;
    assert_eq!((unknown.fault_count, unknown.faults[0].row), (1, 2), "{unknown:?}");
    let list = async || {
        let request = pb::ListShiftsRequest {
            agent_id: amy.agent_id.clone(),
            from_day: "2026-03-26".to_owned(),
            days: 2,
        };
        roster(&system).list_shifts(request).await.unwrap().into_inner()
    };
    assert_eq!(list().await.patterns, [], "nothing was written");
    let right = || {
        vec![
            week("amy", "mon-fri 09:00-17:00"),
            week("ben", "sat 09:00-17:00"),
            day("amy", pb::ShiftExceptionKind::Off),
            day("ben", pb::ShiftExceptionKind::Unspecified),
        ]
    };
    let taken = import(right()).await;
    assert_eq!(
        (taken.changed, taken.unchanged, taken.fault_count),
        (3, 1, 0),
        "{taken:?}"
    );
    assert_eq!(list().await.shifts.len(), 1);
    let again = import(right()).await;
    assert_eq!((again.changed, again.unchanged), (0, 4));
    let back = import(vec![day("amy", pb::ShiftExceptionKind::Unspecified)]).await;
    assert_eq!((back.changed, list().await.shifts.len()), (1, 2));

    let remove = |from_day: &str| pb::RemoveShiftPatternRequest {
        request_id: request_id(),
        agent_id: amy.agent_id.clone(),
        from_day: from_day.to_owned(),
    };
    roster(&system)
        .remove_shift_pattern(remove("2026-01-06"))
        .await
        .unwrap();
    assert_eq!(list().await.patterns.len(), 1, "there is none from that day");
    roster(&system)
        .remove_shift_pattern(remove("2026-01-05"))
        .await
        .unwrap();
    assert_eq!(list().await.patterns, []);
}

async fn plan(world: &World, agent: AgentId, hours: &str) {
    let pattern = ShiftPattern::new(date!(2026 - 01 - 05), hours).unwrap();
    world
        .act(async |tx| ops::roster::set_pattern(tx, agent, &pattern).await)
        .await
        .unwrap();
}

/// A letter that an agent has accepted who goes out of sight at 08:02.
async fn letter_left(world: &World, amy: AgentId) -> support_routing::domain::TaskId {
    let letter = world.open(world.opening(Channel::Email, "en", None)).await.id;
    world.begin("amy", amy).await;
    world.hand.advance(PRESENCE_TIMEOUT);
    world.look_round().await;
    assert_eq!(world.read_agent(amy).await.presence, Presence::Offline);
    letter
}

async fn state_at(world: &World, letter: support_routing::domain::TaskId, at: time::OffsetDateTime) -> TaskState {
    world.hand.advance((at - world.now()).unsigned_abs());
    world.look_round().await;
    world.read_task(letter).await.state
}

#[tokio::test]
async fn letters_go_back_at_the_end_of_the_shift() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    plan(&world, amy, "mon-fri 07:00-11:00 12:00-15:00").await;
    let letter = letter_left(&world, amy).await;
    // The meal does not end it, and the fixed time no longer counts: it would be 16:03.
    let at = datetime!(2026-03-02 15:00:59 UTC);
    assert_eq!(state_at(&world, letter, at).await, TaskState::Accepted);
    let at = datetime!(2026-03-02 15:01 UTC);
    assert_eq!(state_at(&world, letter, at).await, TaskState::Queued);
    world.check().await;
}

#[tokio::test]
async fn letters_go_back_by_the_rules_where_nothing_was_planned() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    plan(&world, amy, "tue 09:00-17:00").await;
    let letter = letter_left(&world, amy).await;
    let at = datetime!(2026-03-02 16:02:59 UTC);
    assert_eq!(state_at(&world, letter, at).await, TaskState::Accepted);
    let at = datetime!(2026-03-02 16:03 UTC);
    assert_eq!(state_at(&world, letter, at).await, TaskState::Queued);
    world.check().await;
}

/// Also where it is planned only after they went.
#[tokio::test]
async fn a_day_that_is_planned_late_counts_for_who_has_gone() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    plan(&world, amy, "mon 07:00-20:00").await;
    let letter = letter_left(&world, amy).await;
    let today = date!(2026 - 03 - 02);
    let shorter = ShiftException::new(today, Departure::Changed, "07:00-10:00").unwrap();
    world
        .act(async |tx| ops::roster::set_exception(tx, amy, today, Some(&shorter)).await)
        .await
        .unwrap();
    let at = datetime!(2026-03-02 10:00:59 UTC);
    assert_eq!(state_at(&world, letter, at).await, TaskState::Accepted);
    let at = datetime!(2026-03-02 10:01 UTC);
    assert_eq!(state_at(&world, letter, at).await, TaskState::Queued);
    // Whoever is back is not gone: nothing is noted of their shift.
    world.presence("amy", Presence::Available).await;
    let mut connection = world.db.read().await.unwrap();
    let noted = support_routing::store::roster::shift_end(&mut connection, amy)
        .await
        .unwrap();
    assert_eq!(noted, None);
    world.check().await;
}
