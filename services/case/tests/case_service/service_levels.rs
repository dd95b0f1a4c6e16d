//! What is promised for a case, and what follows from it.

use support_chassis::error::Explained;
use support_proto::support::case::v1::{
    Case, CaseArea, CaseErrorReason, CaseSeverityChanged, CaseState, ChangeSeverityRequest, ClockState,
    CloseCaseRequest, CloseReason, GetCaseRequest, OpenCaseRequest, ReopenCaseRequest, Resolution, ResolveCaseRequest,
    Severity, TimelineEntryKind as Kind,
};
use support_proto::support::routing::v1::TaskAccepted;
use support_proto::support::types::v1::Channel;
use time::Duration;
use tonic::Code;

use crate::world::{Client, World, case_id, new_agent, new_id, open, opening, refused, request_id, saying};

pub(crate) fn about(channel: Channel, severity: Severity) -> OpenCaseRequest {
    OpenCaseRequest {
        channel: channel.into(),
        severity: severity.into(),
        ..opening()
    }
}

pub(crate) fn seconds(at: Option<&prost_types::Timestamp>) -> i64 {
    at.expect("there is a time").seconds
}

/// Seconds from the opening to when it is to be answered and settled.
pub(crate) fn targets(case: &Case) -> (i64, i64) {
    let opened = seconds(case.open_time.as_ref());
    (
        seconds(case.first_response_due_time.as_ref()) - opened,
        seconds(case.resolve_due_time.as_ref()) - opened,
    )
}

pub(crate) async fn read(client: &mut Client, case: &Case) -> Case {
    let request = GetCaseRequest {
        case_id: case.case_id.clone(),
    };
    client.get_case(request).await.unwrap().into_inner().case.unwrap()
}

pub(crate) async fn resolve(world: &World, case: &Case) -> Result<Case, Explained> {
    let request = ResolveCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        resolution: Resolution::Answered.into(),
        etag: String::new(),
    };
    match world.staff().resolve_case(request).await {
        Ok(answer) => Ok(answer.into_inner().case.unwrap()),
        Err(status) => Err(support_chassis::error::explain(&status)),
    }
}

pub(crate) async fn rate(world: &World, case: &Case, severity: Severity) -> Case {
    let request = ChangeSeverityRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        severity: severity.into(),
        etag: String::new(),
    };
    let answer = world.staff().change_severity(request).await.unwrap();
    answer.into_inner().case.unwrap()
}

/// As if all that happened to the case had happened that much earlier.
async fn age(world: &World, case: &Case, by: Duration) {
    let microseconds = i64::try_from(by.whole_microseconds()).unwrap();
    sqlx::query(
        "update cases set open_time = open_time - age, update_time = update_time - age, resolve_time = resolve_time - age,
             first_response_time = first_response_time - age, silent_since = silent_since - age,
             first_response_due_time = first_response_due_time - age, resolve_due_time = resolve_due_time - age
         from (select $2 * interval '1 microsecond' as age) as by where id = $1",
    )
    .bind(case_id(case).uuid())
    .bind(microseconds)
    .execute(world.db.pool())
    .await
    .unwrap();
}

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

#[tokio::test]
async fn what_is_shipped_stands_on_each_case() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    for (channel, severity, expected) in [
        (Channel::Email, Severity::Unspecified, (4 * HOUR, 7 * DAY)),
        (Channel::Email, Severity::Critical, (15 * MINUTE, DAY)),
        (Channel::Chat, Severity::Low, (MINUTE, 14 * DAY)),
        (Channel::Social, Severity::Low, (2 * HOUR, 14 * DAY)),
        (Channel::Social, Severity::High, (HOUR, 3 * DAY)),
    ] {
        let case = open(&mut client, about(channel, severity)).await;
        assert_eq!(targets(&case), expected, "{channel:?} {severity:?}");
        assert!(
            case.standard_basis.starts_with("case/service-levels@"),
            "{}",
            case.standard_basis
        );
        assert_eq!(
            (
                case.first_response_clock(),
                case.resolution_clock(),
                case.first_response_time
            ),
            (ClockState::Running, ClockState::Running, None)
        );
        assert_eq!(
            read(&mut client, &case).await,
            case,
            "what is read is what was answered"
        );
    }
    let request = OpenCaseRequest {
        country_code: "ES".to_owned(),
        area: CaseArea::AccountSecurity.into(),
        ..opening()
    };
    let case = open(&mut client, request).await;
    assert_eq!(
        (case.country_code.as_str(), case.area()),
        ("ES", CaseArea::AccountSecurity)
    );
    assert_eq!(read(&mut client, &case).await, case);
}

#[tokio::test]
async fn a_promise_is_kept_or_it_is_not() {
    let world = World::with_peers().await;
    let (_, mut client) = world.customer();
    let case = open(&mut client, about(Channel::Chat, Severity::Normal)).await;
    world
        .staff()
        .post_message(saying(&case.case_id, "Guten Tag"))
        .await
        .unwrap();
    let answered = read(&mut client, &case).await;
    assert_eq!(answered.first_response_clock(), ClockState::Met);
    assert!(answered.first_response_time.is_some());

    let late = open(&mut client, about(Channel::Chat, Severity::Normal)).await;
    age(&world, &late, Duration::seconds(2 * MINUTE)).await;
    assert_eq!(
        read(&mut client, &late).await.first_response_clock(),
        ClockState::Missed
    );
    world
        .staff()
        .post_message(saying(&late.case_id, "Endlich"))
        .await
        .unwrap();
    let late = read(&mut client, &late).await;
    assert_eq!(late.first_response_clock(), ClockState::Missed, "late is late");

    // On the phone it is that an agent took the call.
    let call = open(&mut client, about(Channel::Phone, Severity::Normal)).await;
    let routing = world.routing.as_ref().unwrap();
    let task = new_id();
    let accepted = TaskAccepted {
        task_id: task.clone(),
        case_id: call.case_id.clone(),
        agent_id: new_agent().to_string(),
    };
    routing.tell(task.parse().unwrap(), &accepted).await;
    world.caught_up(routing).await;
    assert_eq!(read(&mut client, &call).await.first_response_clock(), ClockState::Met);

    // The clock stands while the case is resolved, and goes on from there.
    age(&world, &case, Duration::days(6)).await;
    resolve(&world, &case).await.unwrap();
    assert_eq!(read(&mut client, &case).await.resolution_clock(), ClockState::Met);
    age(&world, &case, Duration::days(20)).await;
    client.post_message(saying(&case.case_id, "Doch nicht")).await.unwrap();
    let reopened = read(&mut client, &case).await;
    assert_eq!(reopened.resolution_clock(), ClockState::Running);
    let (_, due) = targets(&reopened);
    assert!(
        (27 * DAY..27 * DAY + HOUR).contains(&due),
        "twenty days later than a week: {due}"
    );
    age(&world, &case, Duration::days(1)).await;
    assert_eq!(read(&mut client, &case).await.resolution_clock(), ClockState::Missed);

    let withdrawn = open(&mut client, opening()).await;
    let close = CloseCaseRequest {
        request_id: request_id(),
        case_id: withdrawn.case_id.clone(),
        close_reason: CloseReason::Withdrawn.into(),
        etag: String::new(),
    };
    let closed = client.close_case(close).await.unwrap().into_inner().case.unwrap();
    assert_eq!(
        (closed.first_response_clock(), closed.resolution_clock()),
        (ClockState::Stopped, ClockState::Stopped)
    );
}

#[tokio::test]
async fn a_new_severity_brings_new_targets() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let case = open(&mut client, about(Channel::Email, Severity::Low)).await;
    let rated = rate(&world, &case, Severity::Critical).await;
    assert_eq!(
        (rated.severity(), targets(&rated)),
        (Severity::Critical, (15 * MINUTE, DAY))
    );
    assert_eq!(
        (rated.etag.as_str(), read(&mut client, &case).await),
        ("2", rated.clone())
    );
    assert_eq!(
        rate(&world, &case, Severity::Critical).await,
        rated,
        "the same changes nothing"
    );

    let history = world.history(&case.case_id).await;
    let told: Vec<_> = history
        .iter()
        .map(|entry| (entry.kind(), entry.detail.as_str()))
        .collect();
    assert_eq!(
        told,
        [(Kind::CaseOpened, ""), (Kind::SeverityChanged, "SEVERITY_CRITICAL")]
    );
    let event = &world.events(2).await[1];
    assert_eq!(event.event_type, "support.case.v1.CaseSeverityChanged");
    let told: CaseSeverityChanged = prost::Message::decode(&event.payload[..]).unwrap();
    assert_eq!(
        (told.case_id.as_str(), told.severity()),
        (case.case_id.as_str(), Severity::Critical)
    );

    resolve(&world, &open(&mut client, opening()).await).await.unwrap();
    client.post_message(saying(&case.case_id, "?")).await.unwrap();
    world.staff().post_message(saying(&case.case_id, "!")).await.unwrap();
    resolve(&world, &case).await.unwrap();
    let request = ChangeSeverityRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        severity: Severity::Low.into(),
        etag: String::new(),
    };
    let told = refused(world.staff().change_severity(request).await);
    assert_eq!(told.reason, CaseErrorReason::CaseState.as_str_name());
    assert_eq!(told.metadata["action"], "change_severity");
}

#[track_caller]
pub(crate) fn assert_promised(told: &Explained, reason: CaseErrorReason, case: &Case) {
    assert_eq!(
        (told.code, told.reason.as_str(), told.domain.as_str()),
        (Code::FailedPrecondition, reason.as_str_name(), "support.case.v1")
    );
    assert_eq!(told.metadata["standard_basis"], case.standard_basis);
    assert_eq!(told.preconditions[0].subject, case.case_id);
}

#[tokio::test]
async fn what_was_promised_is_held_against_those_who_would_end_it() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let mut staff = world.staff();

    let letter = open(&mut client, about(Channel::Email, Severity::Normal)).await;
    let told = resolve(&world, &letter).await.unwrap_err();
    assert_promised(&told, CaseErrorReason::AnswerMissing, &letter);
    assert_eq!(told.metadata["channel"], "CHANNEL_EMAIL");

    let close = || CloseCaseRequest {
        request_id: request_id(),
        case_id: letter.case_id.clone(),
        close_reason: CloseReason::NoAnswer.into(),
        etag: String::new(),
    };
    let told = refused(staff.close_case(close()).await);
    assert_promised(&told, CaseErrorReason::CustomerNotSilent, &letter);
    assert!(
        !told.metadata.contains_key("until"),
        "it is our turn to speak: {:?}",
        told.metadata
    );
    staff
        .post_message(saying(&letter.case_id, "Bitte mehr davon"))
        .await
        .unwrap();
    let told = refused(staff.close_case(close()).await);
    assert_promised(&told, CaseErrorReason::CustomerNotSilent, &letter);
    assert!(told.metadata["until"].ends_with('Z'), "{:?}", told.metadata);
    age(&world, &letter, Duration::days(10)).await;
    staff.close_case(close()).await.unwrap();

    let call = open(&mut client, about(Channel::Phone, Severity::Normal)).await;
    let resolved = resolve(&world, &call).await.expect("people talked");
    let end = seconds(resolved.reopen_end_time.as_ref()) - seconds(resolved.resolve_time.as_ref());
    assert_eq!(end, 30 * DAY);
    age(&world, &call, Duration::days(30) + Duration::SECOND).await;
    let reopen = || ReopenCaseRequest {
        request_id: request_id(),
        case_id: call.case_id.clone(),
        etag: String::new(),
    };
    for told in [
        refused(client.reopen_case(reopen()).await),
        refused(client.post_message(saying(&call.case_id, "Noch etwas")).await),
    ] {
        assert_promised(&told, CaseErrorReason::ReopenPeriodOver, &call);
        assert!(told.metadata["until"].ends_with('Z'), "{:?}", told.metadata);
    }
    let reopened = staff.reopen_case(reopen()).await.unwrap().into_inner().case.unwrap();
    assert_eq!((reopened.state(), reopened.reopen_end_time), (CaseState::Open, None));
}

#[tokio::test]
async fn cases_from_before_there_were_service_levels_live_on() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let case = open(&mut client, about(Channel::Email, Severity::Normal)).await;
    sqlx::query(
        "update cases set standard_basis = null, first_response_due_time = null, resolve_due_time = null,
             reopen_within_us = null, no_answer_after_us = null, answer_first = null",
    )
    .execute(world.db.pool())
    .await
    .unwrap();
    let old = read(&mut client, &case).await;
    assert_eq!(
        (
            old.standard_basis.as_str(),
            old.first_response_clock(),
            old.resolve_due_time
        ),
        ("", ClockState::Unspecified, None)
    );
    let resolved = resolve(&world, &case).await.expect("nothing was promised");
    assert_eq!(
        (resolved.reopen_end_time, resolved.resolution_clock()),
        (None, ClockState::Unspecified)
    );
    client.post_message(saying(&case.case_id, "Noch etwas")).await.unwrap();
    let rated = rate(&world, &case, Severity::High).await;
    assert_eq!(
        rated.resolution_clock(),
        ClockState::Running,
        "now it is under what holds"
    );
}
