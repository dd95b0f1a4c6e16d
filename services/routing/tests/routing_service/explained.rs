//! Why a task went to whom it did, asked afterwards.

use support_proto::support::routing::v1 as pb;

use crate::invariants::check;
use crate::rules::plans;
use crate::system::{System, next_offer, reject};

/// Somebody who speaks a language, and is available.
async fn comes(system: &System, subject: &str, language: &str) -> String {
    let mut request = crate::system::new_agent(subject);
    request.languages = vec![pb::LanguageSkill {
        language: language.to_owned(),
        level: 5,
    }];
    let agent = system.operator().create_agent(request).await.unwrap().into_inner();
    system.presence(subject, pb::Presence::Available).await;
    agent.agent.unwrap().agent_id
}

fn counted(list: &pb::OfferShortlist) -> Vec<(pb::CandidateStanding, i32)> {
    let others = list.others.iter();
    others.map(|count| (count.standing(), count.count)).collect()
}

fn named(list: &pb::OfferShortlist) -> (&str, Vec<&str>) {
    let next = list.next.iter().map(|stood| stood.agent_id.as_str());
    (&list.taken.as_ref().unwrap().agent_id, next.collect())
}

#[tokio::test]
async fn who_stood_for_an_offer_is_told_as_it_was_then() {
    use pb::CandidateStanding::{Fits, Language, LetItGoBy, NoRoom};
    let system = System::start().await;
    comes(&system, "busy", "en").await;
    let case = system.open_case().await;
    system.tasks_of(case, 1, pb::TaskState::Offered).await;
    let amy = comes(&system, "amy", "en").await;
    let ben = comes(&system, "ben", "en").await;
    let cleo = comes(&system, "cleo", "en").await;
    comes(&system, "yuki", "ja").await;
    let (mut stream, _) = system.watch("amy").await;
    system.open_case().await;
    let first = next_offer(&mut stream).await;
    let (mut stream, _) = system.watch("ben").await;
    system.staff("amy").reject_offer(reject(&first)).await.unwrap();
    let second = next_offer(&mut stream).await;
    // What has become of them since changes nothing of what is told.
    for subject in ["ben", "cleo", "yuki"] {
        system.presence(subject, pb::Presence::Offline).await;
    }
    let request = pb::ExplainTaskRequest {
        task_id: second.task.unwrap().task_id,
        ..pb::ExplainTaskRequest::default()
    };
    let told = plans(&system).explain_task(request).await.unwrap().into_inner();
    let [to_amy, to_ben, ..] = told.shortlists.as_slice() else {
        panic!("each offer is explained, not {:?}", told.shortlists);
    };
    let places: Vec<i64> = told.offers.iter().map(|offer| offer.sequence).collect();
    assert_eq!([to_amy.sequence, to_ben.sequence], places[..2]);
    assert_eq!(named(to_amy), (amy.as_str(), vec![ben.as_str(), cleo.as_str()]));
    assert_eq!(counted(to_amy), [(Fits, 2), (NoRoom, 1), (Language, 1)]);
    assert_eq!(named(to_ben), (ben.as_str(), vec![cleo.as_str()]));
    assert_eq!(counted(to_ben), [(Fits, 1), (LetItGoBy, 1), (NoRoom, 1), (Language, 1)]);
    let taken = to_ben.taken.as_ref().unwrap();
    assert_eq!((taken.load, taken.capacity), (0, 6), "as they were just before");
    let since = |stood: &pb::OfferCandidate| stood.idle_since.map(|at| (at.seconds, at.nanos));
    assert!(since(taken) < since(&to_ben.next[0]), "idle the longest");
    check(&system.db).await;
}
