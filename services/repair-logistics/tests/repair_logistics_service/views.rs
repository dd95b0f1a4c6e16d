//! Who sees which repairs.

use support_chassis::call::Caller;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::repair::v1::{
    CancelRepairRequest, GetProviderRequest, GetRepairRequest, ListProvidersRequest, ListRepairsRequest,
    ReceiveDeviceRequest, Repair, RepairState,
};
use support_proto::support::types::v1::ProductLine;
use support_repair_logistics::domain::repair::{CaseId, CustomerId};
use tonic::{Code, Status};

use crate::callers::{customer, operator, partner, partner_at, reader, refused, staff, violated};
use crate::world::World;

struct Scene {
    world: World,
    anna: CustomerId,
    ben: CustomerId,
    annas: CaseId,
    bens: CaseId,
    /// Of Anna in Berlin, of Anna at the depot, of Ben in Berlin, of Ben in Paris: in this order.
    repairs: Vec<String>,
}

async fn scene() -> Scene {
    let world = World::start().await;
    for (code, organisation) in [
        ("BERLIN", Some("asp-berlin")),
        ("PARIS", Some("asp-paris")),
        ("DEPOT", None),
    ] {
        world.provider(code, organisation).await;
    }
    world.warranty.fake.knows("AAAA0001", ProductLine::Phone);
    let (anna, ben) = (world.ids.next(), world.ids.next());
    let (annas, bens) = (world.case_of(anna).await, world.case_of(ben).await);
    let mut repairs = Vec::new();
    for (case, code) in [(annas, "BERLIN"), (annas, "DEPOT"), (bens, "BERLIN"), (bens, "PARIS")] {
        // Ids of the same millisecond are in no order.
        let before = world.ids.next::<support_chassis::id::Id>().made_at();
        while world.ids.next::<support_chassis::id::Id>().made_at() == before {
            tokio::task::yield_now().await;
        }
        let order = world.order(case, code, "AAAA0001");
        let submitted = world.repairs(&staff()).submit_repair(order).await.unwrap();
        repairs.push(submitted.into_inner().repair.unwrap().repair_id);
    }
    Scene {
        world,
        anna,
        ben,
        annas,
        bens,
        repairs,
    }
}

impl Scene {
    /// The id of the provider of a repair.
    async fn provider_of(&self, place: usize) -> String {
        let request = GetRepairRequest {
            repair_id: self.repairs[place].clone(),
        };
        let answer = self.world.repairs(&staff()).get_repair(request).await.unwrap();
        answer.into_inner().repair.unwrap().provider_id
    }

    async fn sees(&self, caller: &Caller, place: usize) -> bool {
        let request = GetRepairRequest {
            repair_id: self.repairs[place].clone(),
        };
        match self.world.repairs(caller).get_repair(request).await {
            Ok(answer) => answer.into_inner().repair.unwrap().repair_id == self.repairs[place],
            Err(status) => {
                refused::<()>(Err(status), Code::NotFound, "REPAIR_ERROR_REASON_REPAIR_NOT_FOUND");
                false
            }
        }
    }

    /// The places of the repairs listed, and the next page's token.
    async fn list(
        &self,
        caller: &Caller,
        case: Option<CaseId>,
        page: (i32, &str),
    ) -> Result<(Vec<usize>, String), Status> {
        let request = ListRepairsRequest {
            case_id: case.map(|case| case.to_string()).unwrap_or_default(),
            states: Vec::new(),
            page_size: page.0,
            page_token: page.1.to_owned(),
            overdue_only: false,
        };
        let answer = self.world.repairs(caller).list_repairs(request).await?.into_inner();
        let place = |id: &String| self.repairs.iter().position(|known| known == id).unwrap();
        Ok((
            answer.repairs.iter().map(|repair| place(&repair.repair_id)).collect(),
            answer.next_page_token,
        ))
    }
}

#[tokio::test]
async fn a_service_reads_a_repair_and_its_place_without_what_people_wrote() {
    let scene = scene().await;
    let request = GetRepairRequest {
        repair_id: scene.repairs[0].clone(),
    };
    let read = async |caller: &Caller| {
        let answer = scene.world.repairs(caller).get_repair(request.clone()).await;
        answer.unwrap().into_inner().repair.unwrap()
    };
    let (whole, bare) = (read(&staff()).await, read(&reader()).await);
    assert!(!whole.problem.is_empty());
    assert_eq!(
        bare,
        Repair {
            problem: String::new(),
            note: String::new(),
            ..whole.clone()
        }
    );
    let place = GetProviderRequest {
        provider_id: bare.provider_id,
    };
    let place = scene.world.providers(&reader()).get_provider(place).await.unwrap();
    assert_eq!(place.into_inner().provider.unwrap().code, "BERLIN");
}

#[tokio::test]
async fn a_repair_is_seen_by_those_it_concerns() {
    let scene = scene().await;
    for (caller, seen) in [
        (staff(), [true, true, true, true]),
        (operator(), [true, true, true, true]),
        (partner("asp-berlin"), [true, false, true, false]),
        (partner("asp-paris"), [false, false, false, true]),
        (customer(scene.anna), [true, true, false, false]),
        (customer(scene.ben), [false, false, true, true]),
        (customer(scene.world.ids.next()), [false, false, false, false]),
    ] {
        for (place, is_seen) in seen.into_iter().enumerate() {
            assert_eq!(scene.sees(&caller, place).await, is_seen, "{caller:?} {place}");
        }
    }
}

#[tokio::test]
async fn a_partners_token_for_one_location_opens_no_other() {
    let scene = scene().await;
    let request = GetRepairRequest {
        repair_id: scene.repairs[0].clone(),
    };
    let repair = scene.world.repairs(&staff()).get_repair(request).await.unwrap();
    let berlin = repair.into_inner().repair.unwrap().provider_id;
    for (location, seen, listed) in [
        (berlin.as_str(), [true, false, true, false], &[2, 0][..]),
        (scene.repairs[0].as_str(), [false, false, false, false], &[]),
    ] {
        let caller = partner_at("asp-berlin", location);
        for (place, is_seen) in seen.into_iter().enumerate() {
            assert_eq!(scene.sees(&caller, place).await, is_seen, "{location} {place}");
        }
        assert_eq!(scene.list(&caller, None, (0, "")).await.unwrap().0, listed);
        let place = GetProviderRequest {
            provider_id: berlin.clone(),
        };
        let answer = scene.world.providers(&caller).get_provider(place).await;
        assert_eq!(answer.is_ok(), location == berlin);
        let page = scene
            .world
            .providers(&caller)
            .list_providers(ListProvidersRequest::default())
            .await;
        assert_eq!(
            page.unwrap().into_inner().providers.len(),
            usize::from(location == berlin)
        );
    }
}

#[tokio::test]
async fn repairs_are_listed_newest_first_to_those_they_concern() {
    let scene = scene().await;
    let all = (0, "");
    assert_eq!(scene.list(&staff(), None, all).await.unwrap().0, [3, 2, 1, 0]);
    assert_eq!(scene.list(&staff(), Some(scene.annas), all).await.unwrap().0, [1, 0]);
    assert_eq!(scene.list(&partner("asp-berlin"), None, all).await.unwrap().0, [2, 0]);
    assert_eq!(
        scene
            .list(&partner("asp-berlin"), Some(scene.annas), all)
            .await
            .unwrap()
            .0,
        [0]
    );
    assert_eq!(
        scene.list(&customer(scene.ben), Some(scene.bens), all).await.unwrap().0,
        [3, 2]
    );
    assert!(
        scene
            .list(&customer(scene.ben), Some(scene.annas), all)
            .await
            .unwrap()
            .0
            .is_empty()
    );
    assert_eq!(violated(scene.list(&customer(scene.ben), None, all).await), ["case_id"]);

    let (first, token) = scene.list(&staff(), None, (3, "")).await.unwrap();
    assert_eq!(first, [3, 2, 1]);
    assert_eq!(
        scene.list(&staff(), None, (3, &token)).await.unwrap(),
        (vec![0], String::new())
    );
    for (caller, case) in [(partner("asp-berlin"), None), (staff(), Some(scene.annas))] {
        let foreign = scene.list(&caller, case, (3, &token)).await;
        refused(foreign, Code::InvalidArgument, "COMMON_ERROR_REASON_PAGE_TOKEN_INVALID");
    }
}

#[tokio::test]
async fn repairs_are_listed_by_state() {
    let scene = scene().await;
    let cancel = CancelRepairRequest {
        request_id: scene.world.request_id(),
        repair_id: scene.repairs[2].clone(),
        etag: String::new(),
        note: "ordered twice".to_owned(),
    };
    let mut door = scene.world.repairs(&staff());
    door.cancel_repair(cancel).await.unwrap();
    let list = async |caller: &Caller, states: &[RepairState]| {
        let request = ListRepairsRequest {
            states: states.iter().map(|state| (*state).into()).collect(),
            ..ListRepairsRequest::default()
        };
        let repairs = scene
            .world
            .repairs(caller)
            .list_repairs(request)
            .await
            .unwrap()
            .into_inner()
            .repairs;
        repairs.into_iter().map(|repair| repair.repair_id).collect::<Vec<_>>()
    };
    let id = |place: usize| scene.repairs[place].clone();
    assert_eq!(list(&staff(), &[RepairState::Canceled]).await, [id(2)]);
    assert_eq!(list(&partner("asp-berlin"), &[RepairState::Submitted]).await, [id(0)]);
    let both = [RepairState::Canceled, RepairState::Submitted];
    assert_eq!(list(&partner("asp-berlin"), &both).await, [id(2), id(0)]);
    assert!(list(&staff(), &[RepairState::Returned]).await.is_empty());
}

#[tokio::test]
async fn each_step_says_who_took_it_down_to_the_technician() {
    let scene = scene().await;
    let mut technician = partner_at("asp-berlin", &scene.provider_of(0).await);
    technician.bounds.technician = Some("tech-9".to_owned());
    let receive = ReceiveDeviceRequest {
        request_id: scene.world.request_id(),
        repair_id: scene.repairs[0].clone(),
        ..ReceiveDeviceRequest::default()
    };
    scene.world.repairs(&technician).receive_device(receive).await.unwrap();
    let steps = async |caller: &Caller| {
        let request = GetRepairRequest {
            repair_id: scene.repairs[0].clone(),
        };
        let answer = scene.world.repairs(caller).get_repair(request).await.unwrap();
        let steps = answer.into_inner().steps.into_iter();
        steps
            .map(|step| {
                (
                    step.state(),
                    step.actor_kind(),
                    step.actor_id.clone(),
                    step.technician.clone(),
                )
            })
            .collect::<Vec<_>>()
    };
    let taken = |state, kind, id: &str, technician: &str| (state, kind, id.to_owned(), technician.to_owned());
    let expected = [
        taken(RepairState::Submitted, CallerKind::Staff, "agent-7", ""),
        taken(
            RepairState::Received,
            CallerKind::Partner,
            "client-of-asp-berlin",
            "tech-9",
        ),
    ];
    assert_eq!(steps(&staff()).await, expected);
    assert_eq!(steps(&partner("asp-berlin")).await, expected);
    // The customer sees what happened, and by what kind of people.
    let expected = [
        taken(RepairState::Submitted, CallerKind::Staff, "", ""),
        taken(RepairState::Received, CallerKind::Partner, "", ""),
    ];
    assert_eq!(steps(&customer(scene.anna)).await, expected);
}

#[tokio::test]
async fn who_was_verified_for_one_case_sees_the_repairs_of_no_other() {
    let scene = scene().await;
    let other: CaseId = scene.world.case_of(scene.anna).await;
    let mut anna = customer(scene.anna);
    anna.bounds.case_id = Some(scene.annas.to_string());
    assert!(scene.sees(&anna, 0).await);
    assert_eq!(scene.list(&anna, Some(scene.annas), (0, "")).await.unwrap().0.len(), 2);
    anna.bounds.case_id = Some(other.to_string());
    let request = GetRepairRequest {
        repair_id: scene.repairs[0].clone(),
    };
    let refusal = scene.world.repairs(&anna).get_repair(request).await;
    refused(refusal, Code::PermissionDenied, "COMMON_ERROR_REASON_CASE_MISMATCH");
    let refusal = scene.list(&anna, Some(scene.annas), (0, "")).await;
    refused(refusal, Code::PermissionDenied, "COMMON_ERROR_REASON_CASE_MISMATCH");
}
