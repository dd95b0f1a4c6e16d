//! What agents learn, what they are certified for, and what that lets them do.

use serde_json::json;
use support_chassis::client::Peer;
use support_chassis::error::explain;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::training_service_client::TrainingServiceClient;
use support_routing::domain::{Certified, TrainingRules};
use support_routing::{ops, store};
use time::Duration;
use tonic::Code;

use crate::system::{System, next_offer, request_id};
use crate::world::World;

fn training(system: &System) -> TrainingServiceClient<Peer> {
    TrainingServiceClient::new(system.peer(CallerKind::Operator, "olga", &["agents.write", "agents.read"]))
}

async fn put_course(system: &System, course: &str, certification: &str, valid_days: i32) {
    let request = pb::PutCourseRequest {
        request_id: request_id(),
        course: Some(pb::Course {
            course: course.to_owned(),
            title: "A course".to_owned(),
            certification: certification.to_owned(),
            valid_days,
        }),
    };
    training(system).put_course(request).await.unwrap();
}

fn enrol(agent: &pb::Agent, course: &str) -> pb::EnrolRequest {
    pb::EnrolRequest {
        request_id: request_id(),
        agent_id: agent.agent_id.clone(),
        course: course.to_owned(),
    }
}

fn attempt(agent: &pb::Agent, course: &str, outcome: pb::AttemptOutcome) -> pb::RecordAttemptRequest {
    pb::RecordAttemptRequest {
        request_id: request_id(),
        agent_id: agent.agent_id.clone(),
        course: course.to_owned(),
        outcome: outcome.into(),
    }
}

#[tokio::test]
async fn who_passes_a_course_is_certified_for_as_long_as_it_says() {
    let system = System::start().await;
    let amy = system.agent("amy").await;
    let missing = training(&system).enrol(enrol(&amy, "battery")).await.unwrap_err();
    assert_eq!(explain(&missing).reason, "ROUTING_ERROR_REASON_COURSE_NOT_FOUND");
    put_course(&system, "battery", "cert/battery", 365).await;
    let passed = attempt(&amy, "battery", pb::AttemptOutcome::Passed);
    let stranger = training(&system).record_attempt(passed.clone()).await.unwrap_err();
    assert_eq!(
        (stranger.code(), explain(&stranger).reason.as_str()),
        (Code::FailedPrecondition, "ROUTING_ERROR_REASON_NOT_ENROLLED")
    );
    for _ in 0..2 {
        let enrolled = training(&system)
            .enrol(enrol(&amy, "battery"))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(enrolled.enrolment.unwrap().attempts, []);
    }
    let failed = attempt(&amy, "battery", pb::AttemptOutcome::Failed);
    let failed = training(&system).record_attempt(failed).await.unwrap().into_inner();
    assert_eq!(
        (failed.enrolment.unwrap().attempts.len(), failed.certification),
        (1, None)
    );
    let passed = training(&system).record_attempt(passed).await.unwrap().into_inner();
    let certification = passed.certification.unwrap();
    let (start, end) = (certification.grant_time.unwrap(), certification.expire_time.unwrap());
    assert_eq!(
        (certification.name.as_str(), end.seconds - start.seconds),
        ("cert/battery", 365 * 86_400)
    );
    let outcomes: Vec<_> = passed
        .enrolment
        .unwrap()
        .attempts
        .iter()
        .map(pb::Attempt::outcome)
        .collect();
    assert_eq!(outcomes, [pb::AttemptOutcome::Failed, pb::AttemptOutcome::Passed]);
    let listed = training(&system)
        .list_enrolments(pb::ListEnrolmentsRequest {
            agent_id: amy.agent_id.clone(),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.enrolments.len(), 1);
    let courses = training(&system)
        .list_courses(pb::ListCoursesRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(courses.courses[0].certification, "cert/battery");

    // It ends in a year: not within the 30 days that are asked for usually.
    let ending = |within_days, page_token: &str| pb::ListExpiringCertificationsRequest {
        within_days,
        page_size: 1,
        page_token: page_token.to_owned(),
        ..pb::ListExpiringCertificationsRequest::default()
    };
    let soon = training(&system)
        .list_expiring_certifications(ending(0, ""))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(soon.certifications, []);
    put_course(&system, "tools", "cert/tools", 10).await;
    training(&system).enrol(enrol(&amy, "tools")).await.unwrap();
    let passed = attempt(&amy, "tools", pb::AttemptOutcome::Passed);
    training(&system).record_attempt(passed).await.unwrap();
    let first = training(&system)
        .list_expiring_certifications(ending(365, ""))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.certifications[0].certification, "cert/tools");
    let page = ending(365, &first.next_page_token);
    let second = training(&system)
        .list_expiring_certifications(page)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(second.certifications[0].certification, "cert/battery");
    assert_eq!(second.next_page_token, "");

    let revoke = pb::RevokeCertificationRequest {
        request_id: request_id(),
        agent_id: amy.agent_id.clone(),
        certification: "cert/tools".to_owned(),
    };
    let left = training(&system)
        .revoke_certification(revoke)
        .await
        .unwrap()
        .into_inner()
        .agent
        .unwrap();
    let names: Vec<_> = left.certifications.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["cert/battery"]);
}

/// A new product's cases wait for somebody who is certified for it, from its day on, and go to them as soon as they are.
#[tokio::test]
async fn a_new_products_cases_go_to_who_is_certified_for_it() {
    let system = System::start().await;
    let channel = support_testing::channel(system.routing.address);
    let rules = json!({
        "skills": {},
        "products": {"phones": {"product_line": "phone", "certification": "cert/phones", "from": "2020-01-01"}},
        "warning_days": [30, 7],
    });
    support_testing::publish(&channel, "routing/training-rules", "global", &rules).await;
    let amy = system.agent("amy").await;
    let (mut stream, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    let case = system.open_case().await;
    system.tasks_of(case, 1, pb::TaskState::Queued).await;
    put_course(&system, "phones", "cert/phones", 0).await;
    training(&system).enrol(enrol(&amy, "phones")).await.unwrap();
    let passed = attempt(&amy, "phones", pb::AttemptOutcome::Passed);
    training(&system).record_attempt(passed).await.unwrap();
    let offer = next_offer(&mut stream).await;
    assert_eq!(offer.task.unwrap().case_id, case.to_string());
}

#[tokio::test]
async fn the_end_of_a_certification_is_told_ahead_and_then_once() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let start = world.now();
    let certified = Certified {
        certification: "cert/battery".parse().unwrap(),
        granted_at: start,
        expires_at: Some(start + Duration::days(40)),
    };
    let mut connection = world.db.read().await.unwrap();
    store::training::grant(&mut connection, &[(amy, certified.clone())])
        .await
        .unwrap();
    let rules = TrainingRules {
        warning_days: vec![30, 7],
        ..TrainingRules::default()
    };
    let mut told = Vec::new();
    for _ in 0..=41 {
        let mut tx = world.db.begin().await.unwrap();
        let count = ops::training::tell(&mut tx, &rules, 10, world.now()).await.unwrap();
        tx.commit().await.unwrap();
        if count > 0 {
            told.push((world.now() - start).whole_days());
        }
        let holds = store::line::all_agents(&mut connection, world.now()).await.unwrap();
        let wanted = support_routing::domain::Need {
            languages: vec![("en".parse().unwrap(), 1)],
            skills: Vec::new(),
            certifications: vec![certified.certification.clone()],
            scope: support_routing::domain::Scope::Anywhere,
            agents: Vec::new(),
            channel: support_routing::domain::Channel::Chat,
        };
        let is_certified = holds[0].profile.fulfils(&wanted);
        assert_eq!(is_certified, world.now() < start + Duration::days(40));
        world.hand.advance(std::time::Duration::from_hours(24));
    }
    assert_eq!(told, [10, 33, 40]);
    let events = sqlx::query_scalar!(
        r#"select event_type from outbox where event_type like '%Certification%' order by position"#
    )
    .fetch_all(world.db.pool())
    .await
    .unwrap();
    let names: Vec<_> = events.iter().map(|event| event.rsplit('.').next().unwrap()).collect();
    assert_eq!(
        names,
        ["CertificationExpiring", "CertificationExpiring", "CertificationEnded"]
    );
}
