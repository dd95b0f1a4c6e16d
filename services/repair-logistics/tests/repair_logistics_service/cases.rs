//! What the service hears of cases.

use support_proto::support::case::v1::{CaseClosed, CaseOpened, CaseReopened};
use support_proto::support::repair::v1::GetRepairRequest;
use support_proto::support::types::v1::ProductLine;
use support_repair_logistics::domain::repair::{CaseId, CustomerId};

use crate::callers::{customer, staff};
use crate::world::World;

#[tokio::test]
async fn a_case_is_known_once_it_was_opened_or_reopened() {
    let world = World::start().await;
    world.provider("DEPOT", None).await;
    world.warranty.fake.knows("AAAA0001", ProductLine::Phone);
    let anna: CustomerId = world.ids.next();
    let (opened, reopened): (CaseId, CaseId) = (world.ids.next(), world.ids.next());
    world
        .told(
            opened,
            &CaseOpened {
                case_id: opened.to_string(),
                customer_id: anna.to_string(),
                ..Default::default()
            },
        )
        .await;
    // What says nothing of use here is passed over, what cannot be read is set aside, and the rest goes on.
    world
        .told(
            opened,
            &CaseClosed {
                case_id: opened.to_string(),
                ..Default::default()
            },
        )
        .await;
    world
        .told(
            opened,
            &CaseOpened {
                case_id: "none".to_owned(),
                ..Default::default()
            },
        )
        .await;
    for _ in 0..2 {
        let event = CaseReopened {
            case_id: reopened.to_string(),
            customer_id: anna.to_string(),
            ..Default::default()
        };
        world.told(reopened, &event).await;
    }
    world.caught_up().await;
    assert_eq!(world.parked().await, 1);
    for case in [opened, reopened] {
        let order = world.order(case, "DEPOT", "AAAA0001");
        let submitted = world.repairs(&staff()).submit_repair(order).await.unwrap().into_inner();
        let request = GetRepairRequest {
            repair_id: submitted.repair.unwrap().repair_id,
        };
        world
            .repairs(&customer(anna))
            .get_repair(request)
            .await
            .expect("it is her case");
    }
}
