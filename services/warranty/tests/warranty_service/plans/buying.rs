//! What can be bought, and the buying.

use serde_json::json;
use support_proto::support::warranty::v1::{
    Damage, ListPlanOffersRequest, ListPlanOffersResponse, ListPlansRequest, PlanBuyer, PlanEnrolled,
    PlanIneligibility, PlanOffered, PlanQuoted, PlanStarted, PlanState,
};
use support_testing::publish_at;
use time::macros::date;

use super::*;
use crate::world::{partner, refused, violated};
use tonic::Code;

impl Scene {
    async fn offers(&self, caller: &Caller, change: impl FnOnce(&mut ListPlanOffersRequest)) -> ListPlanOffersResponse {
        let mut request = ListPlanOffersRequest {
            device_id: self.device.device_id.clone(),
            ..Default::default()
        };
        change(&mut request);
        let answer = self.world.plans(caller).list_plan_offers(request).await;
        answer.unwrap().into_inner()
    }
}

fn why_not(offer: &PlanOffered) -> Vec<PlanIneligibility> {
    offer.not_eligible().collect()
}

#[tokio::test]
async fn every_plan_is_offered_with_its_price_or_all_reasons_why_not() {
    let scene = Scene::new().await;
    let found = scene.offers(&scene.customer(), |_| ()).await;
    assert!(found.terms_version.starts_with("warranty/plan-terms@1"), "{found:?}");
    let kinds: Vec<_> = found.offers.iter().map(|offer| offer.kind.as_str()).collect();
    assert_eq!(kinds, ["business", "monthly", "standard", "theft-and-loss"]);
    let [business, monthly, standard, theft] = &found.offers[..] else {
        panic!("{found:?}")
    };
    assert_eq!(why_not(business), [PlanIneligibility::Buyer]);
    for offer in [monthly, standard, theft] {
        assert_eq!(why_not(offer), [], "{offer:?}");
    }
    assert_eq!(standard.name_key, "plan.name.standard");
    assert_eq!(standard.buy_until, Some(day(2026, 4, 30)));
    assert_eq!(standard.buy_inspected_until, Some(day(2027, 3, 1)));
    let agreed = standard.agreement.as_ref().unwrap();
    assert_eq!(
        (agreed.price.clone(), agreed.term_months, agreed.incidents_per_12_months),
        (Some(euros(12_500)), 24, Some(2))
    );
    let fee = |damage: Damage, component: Option<&str>| {
        let covers = agreed.covers.iter().filter(|cover| {
            let whole = cover.components.is_empty();
            cover.damages().any(|covered| covered == damage)
                && component.map_or(whole, |component| cover.components.iter().any(|one| one == component))
        });
        covers.map(|cover| cover.fee.clone().unwrap().minor_units).min()
    };
    assert_eq!(fee(Damage::None, None), Some(0));
    assert_eq!(fee(Damage::Wear, Some("battery")), Some(0));
    assert!(fee(Damage::Accidental, Some("display")) < fee(Damage::Accidental, None));
    assert_eq!((fee(Damage::Theft, None), fee(Damage::Wear, None)), (None, None));

    let for_staff = scene
        .offers(&staff(), |request| request.set_buyer(PlanBuyer::Business))
        .await;
    assert_eq!(why_not(&for_staff.offers[0]), []);
    assert_eq!(why_not(&for_staff.offers[1]), [PlanIneligibility::Buyer]);
    let unlimited = for_staff.offers[0].agreement.as_ref().unwrap();
    assert_eq!(unlimited.incidents_per_12_months, None);

    let in_yen = |request: &mut ListPlanOffersRequest| "JPY".clone_into(&mut request.currency_code);
    let found = scene.offers(&scene.customer(), in_yen).await;
    let price = found.offers[2].agreement.as_ref().unwrap().price.clone().unwrap();
    assert_eq!((price.currency_code.as_str(), price.minor_units), ("JPY", 17_600));

    scene.let_it_be(date!(2026 - 05 - 01));
    let found = scene.offers(&scene.customer(), |_| ()).await;
    assert_eq!(why_not(&found.offers[2]), [PlanIneligibility::InspectionNeeded]);
    assert_eq!(why_not(&found.offers[3]), [PlanIneligibility::WindowOver]);
    let inspected = scene.offers(&staff(), |request| request.inspected = true).await;
    assert_eq!(why_not(&inspected.offers[2]), []);
}

#[tokio::test]
async fn a_plan_is_quoted_bought_and_paid_and_covers_from_then_on() {
    let scene = Scene::new().await;
    let quote = scene.quote("standard").await;
    assert_eq!(quote.agreement.as_ref().unwrap().price, Some(euros(12_500)));
    let plan = scene.try_enrol(&scene.customer(), &quote, true).await.unwrap();
    assert_eq!(plan.state(), PlanState::PendingPayment);
    assert_eq!((plan.begins_on, plan.ends_on), (None, None));
    assert_eq!(plan.holder_customer_id, scene.owner.to_string());
    assert!(plan.renews);
    let due = plan.due.clone().unwrap();
    assert_eq!(
        (due.amount, due.by, due.renewal, due.failed),
        (Some(euros(12_500)), Some(day(2026, 3, 24)), false, false)
    );
    assert!(scene.held(scene.device_id()).await.is_empty(), "it is not paid");

    scene.let_it_be(date!(2026 - 03 - 12));
    let paid = scene.paid(&plan, "first").await;
    assert_eq!(paid.state(), PlanState::Active);
    assert_eq!(
        (paid.begins_on, paid.ends_on, paid.due.as_ref()),
        (Some(day(2026, 3, 12)), Some(day(2028, 3, 12)), None)
    );
    assert_eq!((paid.periods.len(), paid.periods[0].number), (1, 1));
    assert_eq!(scene.get(&plan).await, paid);
    let held = scene.held(scene.device_id()).await;
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].kind.as_str(), held[0].from, held[0].until),
        ("standard", date!(2026 - 03 - 12), Some(date!(2028 - 03 - 12)))
    );
    assert_eq!(held[0].incidents.as_ref().unwrap().per_12_months, 2);
    assert_eq!(held[0].version, paid.periods[0].terms_version);

    let quoted = scene.world.events::<PlanQuoted>(1).await;
    assert_eq!(
        (quoted[0].kind.as_str(), quoted[0].price.clone()),
        ("standard", Some(euros(12_500)))
    );
    let enrolled = scene.world.events::<PlanEnrolled>(1).await;
    assert_eq!(
        (enrolled[0].plan_id.as_str(), enrolled[0].pay_by),
        (plan.plan_id.as_str(), Some(day(2026, 3, 24)))
    );
    let started = scene.world.events::<PlanStarted>(1).await;
    assert_eq!((started[0].from, started[0].until), (paid.begins_on, paid.ends_on));
}

#[tokio::test]
async fn what_is_paid_when_it_is_bought_begins_at_once_after_its_waiting() {
    let scene = Scene::new().await;
    let seller = partner("shop-berlin");
    let quote = scene.try_quote(&seller, "monthly").await.unwrap();
    let request = warranty::EnrolPlanRequest {
        request_id: scene.request_id(),
        quote_id: quote.quote_id.clone(),
        renews: false,
        payment_reference: "till-7/4711".to_owned(),
    };
    let mut door = scene.world.plans(&seller);
    let plan = door
        .enrol_plan(request.clone())
        .await
        .unwrap()
        .into_inner()
        .plan
        .unwrap();
    assert_eq!(plan.state(), PlanState::Active);
    // Three days of waiting, and then a whole month.
    assert_eq!(
        (plan.begins_on, plan.ends_on),
        (Some(day(2026, 3, 13)), Some(day(2026, 4, 13)))
    );
    assert!(plan.renews, "a rolling plan does");
    assert_eq!(plan.holder_customer_id, "", "a partner sees no owner");
    // Sent again it is the same plan, and not a second one.
    let again = door.enrol_plan(request).await.unwrap().into_inner().plan.unwrap();
    assert_eq!(again, plan);
    assert_eq!(scene.world.events::<PlanStarted>(1).await.len(), 1);
    let list = |caller: Caller| {
        let request = ListPlansRequest {
            device_id: scene.device.device_id.clone(),
            ..Default::default()
        };
        let mut door = scene.world.plans(&caller);
        async move { door.list_plans(request).await.unwrap().into_inner().plans.len() }
    };
    assert_eq!(list(seller).await, 1);
    assert_eq!(list(partner("shop-paris")).await, 0);
    assert_eq!(list(scene.customer()).await, 1);
    assert_eq!(list(staff()).await, 1);
}

#[tokio::test]
async fn a_quote_holds_its_price_and_a_renewal_takes_that_of_its_day() {
    let scene = Scene::new().await;
    let quote = scene.quote("standard").await;
    let cheaper =
        json!({"plans": {"standard": {"prices": {"phone": {"by_currency": {"EUR": {"minor_units": 9900}}}}}}});
    let now = scene.world.clock.now();
    publish_at(
        scene.world.channel(),
        "warranty/plan-terms",
        "country/DE",
        &cheaper,
        now,
    )
    .await;
    let plan = scene.try_enrol(&scene.customer(), &quote, false).await.unwrap();
    assert_eq!(plan.due.as_ref().unwrap().amount, Some(euros(12_500)));
    let plan = scene.paid(&plan, "first").await;
    assert_eq!(
        scene.offers(&staff(), |_| ()).await.offers[2]
            .agreement
            .as_ref()
            .unwrap()
            .price,
        Some(euros(9900))
    );

    scene.let_it_be(date!(2028 - 03 - 01));
    let due = scene.try_renew(&plan).await.unwrap().due.unwrap();
    assert_eq!(due.amount, Some(euros(9900)));
    assert!(due.renewal && due.terms_version.contains("country/DE@1"), "{due:?}");
    let renewed = scene.paid(&scene.get(&plan).await, "second").await;
    let [first, second] = &renewed.periods[..] else {
        panic!("{renewed:?}")
    };
    assert_eq!(
        (first.price.clone(), second.price.clone()),
        (Some(euros(12_500)), Some(euros(9900)))
    );
    assert_eq!(
        (first.until, second.from),
        (Some(day(2028, 3, 10)), Some(day(2028, 3, 11)))
    );
    assert_eq!(second.until, Some(day(2030, 3, 10)));
    // What was agreed for the first term is what it had until its last day.
    assert_eq!(renewed.agreement.unwrap().price, Some(euros(12_500)));
    let held = scene.held(scene.device_id()).await;
    let spans: Vec<_> = held.iter().map(|held| (held.begins, held.from)).collect();
    let begins = date!(2026 - 03 - 10);
    assert_eq!(spans, [(begins, begins), (begins, date!(2028 - 03 - 11))]);
}

#[tokio::test]
async fn a_region_may_only_be_better_for_the_customer() {
    let scene = Scene::new().await;
    let check = async |content: serde_json::Value| {
        let asked = support_proto::support::standard::v1::CheckContentRequest {
            document: "warranty/plan-terms".to_owned(),
            place: "country/DE".to_owned(),
            content: content.to_string(),
            effective_from: None,
        };
        let mut door = support_proto::support::standard::v1::standard_service_client::StandardServiceClient::new(
            scene.world.door(&crate::world::lawgiver()),
        );
        let report = door.check_content(asked).await.unwrap().into_inner().report.unwrap();
        assert!(report.faults.is_empty(), "{report:?}");
        report.loosened.len()
    };
    let eur = |minor: i64| json!({"phone": {"by_currency": {"EUR": {"minor_units": minor}}}});
    let plan = |content: serde_json::Value| json!({"plans": {"standard": content}});
    for (worse, better) in [
        (json!({"prices": eur(12_501)}), json!({"prices": eur(12_499)})),
        (
            json!({"covers": {"accident": {"fees": eur(99_999)}}}),
            json!({"covers": {"accident": {"fees": eur(0)}}}),
        ),
        (
            json!({"incidents_per_12_months": 1}),
            json!({"incidents_per_12_months": 999}),
        ),
        (json!({"grace_days": 0}), json!({"grace_days": 30})),
        (json!({"purchase_window_days": 59}), json!({"purchase_window_days": 61})),
        (json!({"waiting_days": 1}), json!({"incidents_per_12_months": 3})),
        (json!({"transferable": false}), json!({"for_used": true})),
        (json!({"not_sold_in": ["DE"]}), json!({"renewal_window_days": 90})),
        (
            json!({"cancellation": {"full_refund_days": 13}}),
            json!({"cancellation": {"full_refund_days": 60}}),
        ),
        (
            json!({"cancellation": {"charge_basis_points": 1001}}),
            json!({"cancellation": {"charge_basis_points": 0}}),
        ),
        (
            json!({"covers": {"screen": null}}),
            json!({"covers": {"fault": {"damages": ["DAMAGE_NONE", "DAMAGE_COSMETIC"]}}}),
        ),
    ] {
        assert_eq!(check(plan(worse.clone())).await, 1, "{worse}");
        assert_eq!(check(plan(better.clone())).await, 0, "{better}");
    }
}

#[tokio::test]
async fn customers_and_partners_say_only_what_is_theirs_to_say() {
    let scene = Scene::new().await;
    let mut request = scene.quote_request("standard");
    request.set_buyer(PlanBuyer::Business);
    request.inspection_reference = "insp/1".to_owned();
    request.currency_code = "XAU".to_owned();
    let refusal = scene.world.plans(&scene.customer()).quote_plan(request).await;
    assert_eq!(violated(refusal), ["buyer", "currency_code", "inspection_reference"]);
    let quote = scene.quote("standard").await;
    let request = warranty::EnrolPlanRequest {
        request_id: scene.request_id(),
        quote_id: quote.quote_id,
        renews: false,
        payment_reference: "mine".to_owned(),
    };
    let refusal = scene.world.plans(&scene.customer()).enrol_plan(request).await;
    assert_eq!(violated(refusal), ["payment_reference"]);
    let plan = scene.enrolled("standard", false).await;
    let settle = warranty::RecordPlanPaymentRequest {
        request_id: scene.request_id(),
        plan_id: plan.plan_id,
        payment_reference: "mine".to_owned(),
        outcome: PlanPaymentOutcome::Paid.into(),
        amount: Some(euros(12_500)),
    };
    for caller in [scene.customer(), staff(), partner("shop-berlin")] {
        let refusal = scene.world.plans(&caller).record_plan_payment(settle.clone()).await;
        refused(
            refusal,
            Code::PermissionDenied,
            "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
        );
    }
}

#[tokio::test]
async fn a_plan_can_be_bought_together_with_the_device() {
    let scene = Scene::new().await;
    // It is the tenth in New York, and still the ninth in Honolulu.
    let device = scene
        .world
        .device("C39XK0A1B4", |request| {
            request.purchase_country_code = "US".to_owned();
            request.purchase_date = Some(day(2026, 3, 10));
        })
        .await;
    let request = warranty::QuotePlanRequest {
        device_id: device.device_id,
        ..scene.quote_request("standard")
    };
    let quote = scene.world.plans(&staff()).quote_plan(request).await.unwrap();
    let agreed = quote.into_inner().quote.unwrap().agreement.unwrap();
    let price = agreed.price.unwrap();
    assert_eq!((price.currency_code.as_str(), price.minor_units), ("USD", 11_900));
}

#[tokio::test]
async fn whose_renewal_would_change_is_shown_before_it_is_published() {
    let scene = Scene::new().await;
    let plan = scene.active("monthly", false).await;
    scene.enrolled("standard", false).await;
    let cheaper = json!({"plans": {
        "monthly": {"prices": {"phone": {"by_currency": {"EUR": {"minor_units": 499}}}}},
        "standard": {"prices": {"phone": {"by_currency": {"EUR": {"minor_units": 9900}}}}},
    }});
    let check = async |place: &str| {
        let asked = support_proto::support::standard::v1::CheckContentRequest {
            document: "warranty/plan-terms".to_owned(),
            place: place.to_owned(),
            content: cheaper.to_string(),
            effective_from: None,
        };
        let mut door = support_proto::support::standard::v1::standard_service_client::StandardServiceClient::new(
            scene.world.door(&crate::world::lawgiver()),
        );
        let report = door.check_content(asked).await.unwrap().into_inner().report.unwrap();
        assert!(report.faults.is_empty() && report.loosened.is_empty(), "{report:?}");
        report.consequences
    };
    // What was never paid has no renewal that could change.
    let told = check("country/DE").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0].whom.as_str(), told[0].count),
        ("plans that live, monthly, DE", 1)
    );
    assert_eq!(told[0].before, "renewed for 599 minor units of EUR, 1 months");
    assert_eq!(told[0].after, "renewed for 499 minor units of EUR, 1 months");
    assert_eq!(told[0].examples, [plan.plan_id]);
    assert!(check("country/FR").await.is_empty());
}
