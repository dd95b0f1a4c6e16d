//! How a repair moves.

use support_proto::support::repair::v1::{
    CancelRepairRequest, FinishRepairRequest, ReceiveDeviceRequest, RecordDiagnosisRequest, Repair, RepairOutcome,
    RepairState, RepairStateChanged, ReturnDeviceRequest, StartRepairRequest,
};
use support_proto::support::types::v1::ProductLine;
use tonic::{Code, Status};

use crate::callers::{partner, refused, staff};
use crate::world::World;

/// What can be asked for.
#[derive(Debug, Clone, Copy)]
enum Ask {
    Receive,
    Diagnose,
    Start,
    Finish(RepairOutcome),
    Return,
    Cancel,
}

struct Bench {
    world: World,
    repair: Repair,
}

impl Bench {
    async fn new() -> Self {
        let world = World::start().await;
        world.provider("ASP-BER-01", Some("asp-berlin")).await;
        world.warranty.fake.knows("AAAA0001", ProductLine::Phone);
        let case = world.case_of(world.ids.next()).await;
        let order = world.order(case, "ASP-BER-01", "AAAA0001");
        let submitted = world
            .repairs(&partner("asp-berlin"))
            .submit_repair(order)
            .await
            .unwrap();
        let repair = submitted.into_inner().repair.unwrap();
        Self { world, repair }
    }

    async fn ask(&self, ask: Ask) -> Result<Repair, Status> {
        self.ask_as("asp-berlin", ask, "", self.world.request_id()).await
    }

    /// With a note where the shipped procedures ask for one.
    async fn ask_as(&self, organisation: &str, ask: Ask, etag: &str, request_id: String) -> Result<Repair, Status> {
        let note = match ask {
            Ask::Cancel => "changed their mind",
            Ask::Finish(outcome) if outcome != RepairOutcome::Repaired => "beyond repair",
            Ask::Receive | Ask::Diagnose | Ask::Start | Ask::Finish(_) | Ask::Return => "",
        };
        self.ask_saying(organisation, ask, etag, request_id, note).await
    }

    async fn ask_saying(
        &self,
        organisation: &str,
        ask: Ask,
        etag: &str,
        request_id: String,
        note: &str,
    ) -> Result<Repair, Status> {
        let mut door = self.world.repairs(&partner(organisation));
        let (repair_id, etag, note) = (self.repair.repair_id.clone(), etag.to_owned(), note.to_owned());
        let repair = match ask {
            Ask::Receive => {
                let request = ReceiveDeviceRequest {
                    request_id,
                    repair_id,
                    etag,
                    note,
                };
                door.receive_device(request).await?.into_inner().repair
            }
            Ask::Diagnose => {
                let diagnosis_code = "BATTERY".to_owned();
                let request = RecordDiagnosisRequest {
                    request_id,
                    repair_id,
                    diagnosis_code,
                    etag,
                    note,
                };
                door.record_diagnosis(request).await?.into_inner().repair
            }
            Ask::Start => {
                let request = StartRepairRequest {
                    request_id,
                    repair_id,
                    etag,
                    note,
                };
                door.start_repair(request).await?.into_inner().repair
            }
            Ask::Finish(outcome) => {
                let request = FinishRepairRequest {
                    request_id,
                    repair_id,
                    outcome: outcome.into(),
                    etag,
                    note,
                };
                door.finish_repair(request).await?.into_inner().repair
            }
            Ask::Return => {
                let request = ReturnDeviceRequest {
                    request_id,
                    repair_id,
                    etag,
                    note,
                };
                door.return_device(request).await?.into_inner().repair
            }
            Ask::Cancel => {
                let request = CancelRepairRequest {
                    request_id,
                    repair_id,
                    etag,
                    note,
                };
                door.cancel_repair(request).await?.into_inner().repair
            }
        };
        Ok(repair.unwrap())
    }
}

#[tokio::test]
async fn a_device_comes_in_and_goes_back_repaired() {
    use RepairState::{Diagnosed, Finished, InRepair, Received, Returned, Submitted};
    let bench = Bench::new().await;
    let mut etags = vec![bench.repair.etag.clone()];
    for (ask, state) in [
        (Ask::Receive, Received),
        (Ask::Diagnose, Diagnosed),
        (Ask::Start, InRepair),
        (Ask::Finish(RepairOutcome::Repaired), Finished),
        (Ask::Return, Returned),
    ] {
        let repair = bench.ask(ask).await.unwrap();
        assert_eq!(repair.state(), state);
        assert!(!etags.contains(&repair.etag));
        etags.push(repair.etag.clone());
        if state == Returned {
            assert_eq!(
                (repair.diagnosis_code.as_str(), repair.outcome()),
                ("BATTERY", RepairOutcome::Repaired)
            );
            assert_eq!(repair.problem, bench.repair.problem);
        }
    }
    let told: Vec<_> = bench
        .world
        .events::<RepairStateChanged>(5)
        .await
        .iter()
        .map(|event| {
            assert_eq!(
                (&event.repair_id, &event.case_id),
                (&bench.repair.repair_id, &bench.repair.case_id)
            );
            (event.from_state(), event.to_state(), event.outcome())
        })
        .collect();
    assert_eq!(
        told,
        [
            (Submitted, Received, RepairOutcome::Unspecified),
            (Received, Diagnosed, RepairOutcome::Unspecified),
            (Diagnosed, InRepair, RepairOutcome::Unspecified),
            (InRepair, Finished, RepairOutcome::Repaired),
            (Finished, Returned, RepairOutcome::Repaired),
        ]
    );
}

/// In every state, what does not lead on is refused and says why.
#[tokio::test]
async fn a_repair_moves_only_as_the_table_says() {
    let bench = Bench::new().await;
    let all = [
        Ask::Receive,
        Ask::Diagnose,
        Ask::Start,
        Ask::Finish(RepairOutcome::Repaired),
        Ask::Finish(RepairOutcome::EndOfLife),
        Ask::Return,
        Ask::Cancel,
    ];
    // In each state: which of these lead on; the first is then taken.
    let way: [(&str, &[usize]); 5] = [
        ("REPAIR_STATE_SUBMITTED", &[0, 6]),
        ("REPAIR_STATE_RECEIVED", &[1]),
        ("REPAIR_STATE_DIAGNOSED", &[4, 2]),
        ("REPAIR_STATE_FINISHED", &[5]),
        ("REPAIR_STATE_RETURNED", &[]),
    ];
    for (state, onward) in way {
        for (place, ask) in all.into_iter().enumerate().filter(|(place, _)| !onward.contains(place)) {
            let refusal = bench.ask(ask).await;
            let refusal = refused(refusal, Code::FailedPrecondition, "REPAIR_ERROR_REASON_REPAIR_STATE");
            assert_eq!(
                refusal.metadata.get("state").map(String::as_str),
                Some(state),
                "{place}"
            );
            assert!(refusal.metadata.contains_key("action"));
            assert_eq!(refusal.preconditions.len(), 1);
        }
        if let Some(next) = onward.first() {
            bench.ask(all[*next]).await.unwrap();
        }
    }
    bench.world.events::<RepairStateChanged>(4).await;
}

#[tokio::test]
async fn an_order_is_taken_back_before_the_device_comes_in() {
    let bench = Bench::new().await;
    let repair = bench.ask(Ask::Cancel).await.unwrap();
    assert_eq!(
        (repair.state(), repair.outcome()),
        (RepairState::Canceled, RepairOutcome::Unspecified)
    );
    let refusal = bench.ask(Ask::Receive).await;
    refused(refusal, Code::FailedPrecondition, "REPAIR_ERROR_REASON_REPAIR_STATE");
}

#[tokio::test]
async fn an_old_etag_is_a_conflict() {
    let bench = Bench::new().await;
    let world = &bench.world;
    let received = bench
        .ask_as("asp-berlin", Ask::Receive, &bench.repair.etag, world.request_id())
        .await
        .unwrap();
    let refusal = bench
        .ask_as("asp-berlin", Ask::Diagnose, &bench.repair.etag, world.request_id())
        .await;
    let refusal = refused(refusal, Code::Aborted, "COMMON_ERROR_REASON_CONFLICT");
    assert!(refusal.retry_after.is_some());
    bench
        .ask_as("asp-berlin", Ask::Diagnose, &received.etag, world.request_id())
        .await
        .unwrap();
}

#[tokio::test]
async fn of_two_who_move_it_at_once_one_does() {
    let bench = Bench::new().await;
    let asked = (0..4).map(|_| bench.ask(Ask::Receive));
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for answer in answers.into_iter().filter(Result::is_err) {
        refused(answer, Code::FailedPrecondition, "REPAIR_ERROR_REASON_REPAIR_STATE");
    }
    bench.world.events::<RepairStateChanged>(1).await;
}

#[tokio::test]
async fn a_step_sent_again_is_one_step() {
    let bench = Bench::new().await;
    let request_id = bench.world.request_id();
    let first = bench
        .ask_as("asp-berlin", Ask::Receive, "", request_id.clone())
        .await
        .unwrap();
    bench.ask(Ask::Diagnose).await.unwrap();
    let again = bench.ask_as("asp-berlin", Ask::Receive, "", request_id).await.unwrap();
    assert_eq!(again, first, "as it was answered then");
    bench.world.events::<RepairStateChanged>(2).await;
}

#[tokio::test]
async fn another_organisation_moves_nothing() {
    let bench = Bench::new().await;
    for ask in [Ask::Receive, Ask::Cancel, Ask::Finish(RepairOutcome::Unknown)] {
        let refusal = bench.ask_as("asp-paris", ask, "", bench.world.request_id()).await;
        refused(refusal, Code::NotFound, "REPAIR_ERROR_REASON_REPAIR_NOT_FOUND");
    }
    let request = ReceiveDeviceRequest {
        request_id: bench.world.request_id(),
        repair_id: bench.repair.repair_id.clone(),
        etag: String::new(),
        note: String::new(),
    };
    bench
        .world
        .repairs(&staff())
        .receive_device(request.clone())
        .await
        .expect("staff move any");
    let unknown = ReceiveDeviceRequest {
        repair_id: bench.repair.case_id.clone(),
        ..request
    };
    let unknown = ReceiveDeviceRequest {
        request_id: bench.world.request_id(),
        ..unknown
    };
    let refusal = bench.world.repairs(&staff()).receive_device(unknown).await;
    refused(refusal, Code::NotFound, "REPAIR_ERROR_REASON_REPAIR_NOT_FOUND");
}
