//! Many at once draw on few: whatever expires, is given back, told twice or breaks off in between, no more is used than there is, but
//! where it expired first and is then told as over the limit.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use support_chassis::clock::{Clock, ManualClock};
use support_chassis::db::{DatabaseSettings, Db, Tx};
use support_chassis::id::{Id, Ids};
use support_postgres::testing::TestDatabase;
use support_warranty::domain::claim::{Claim, ClaimId, Grant, RESERVED_FOR, RepairId, State};
use support_warranty::domain::device::DeviceId;
use support_warranty::domain::plan::PlanId;
use support_warranty::error::Error;
use support_warranty::ops::{self, RepairMoved, RepairOrdered, Unfit, Viewer};
use support_warranty::store;
use time::Date;
use time::macros::date;

use crate::world::{NOW, database};

const TODAY: Date = date!(2026 - 03 - 10);

/// How many plans the device has.
const PLANS: usize = 8;

/// A device with plans, in a database of its own.
#[derive(Clone)]
struct Bench {
    db: Db,
    ids: Ids,
    hand: ManualClock,
    device: DeviceId,
    plans: Vec<PlanId>,
    limit: u16,
    _database: Arc<TestDatabase>,
}

impl Bench {
    async fn new(limit: u16) -> Self {
        let database = database().await;
        let (clock, hand) = Clock::manual(NOW);
        let mut settings = DatabaseSettings::small(database.url());
        settings.max_connections = 16;
        let db = Db::connect(&settings).await.unwrap().with_clock(clock.clone());
        let ids = Ids::new("eu".parse().unwrap(), clock);
        let (product, device): (Id, DeviceId) = (ids.next(), ids.next());
        sqlx::query(
            "insert into products (id, model_code, name, product_line, limited_warranty_months, release_date, created_at)
             values ($1, 'PHN-1', 'Phone', 'phone', 12, '2020-01-01', now())",
        )
        .bind(product)
        .execute(db.pool())
        .await
        .unwrap();
        sqlx::query(
            "insert into devices (id, product_id, serial_number, purchase_country_code, purchase_date,
                                  purchase_date_evidence, registered_at)
             values ($1, $2, 'AAAA0001', 'DE', '2025-05-01', 'proven', now())",
        )
        .bind(Id::from(device))
        .bind(product)
        .execute(db.pool())
        .await
        .unwrap();
        let plans: Vec<PlanId> = (0..PLANS).map(|_| ids.next()).collect();
        for (number, plan) in plans.iter().enumerate() {
            sqlx::query(
                "with quote as (
                     insert into plan_quotes (id, device_id, kind, buyer, agreed, quoted_at, expires_at)
                     values ($1, $2, 'plan-' || $4, 'consumer', '{}', now(), now() + interval '1 day')
                     returning id, device_id, kind
                 )
                 insert into plans (id, quote_id, device_id, kind, country_code, currency_code, state, renews, enrolled_on,
                                    enrolled_at, state_changed_at, act_on)
                 select $3, id, device_id, kind, 'DE', 'EUR', 'active', false, '2025-05-01', now(), now(), '2026-05-01' from quote",
            )
            .bind(ids.next::<Id>())
            .bind(Id::from(device))
            .bind(Id::from(*plan))
            .bind(number.to_string())
            .execute(db.pool())
            .await
            .unwrap();
        }
        Self {
            plans,
            db,
            ids,
            hand,
            device,
            limit,
            _database: Arc::new(database),
        }
    }

    fn claim(&self, grant: Grant) -> Claim {
        let now = self.db_now();
        Claim {
            id: self.ids.next(),
            device_id: self.device,
            decision_id: Some(self.ids.next()),
            grant,
            state: State::Reserved,
            slot: None,
            over_limit: false,
            day: TODAY,
            components: Vec::new(),
            reference: None,
            repair_id: None,
            asked_by_organisation: None,
            reserved_at: now,
            expires_at: Some(now + RESERVED_FOR),
            ended_at: None,
            received_on: None,
            returned_on: None,
        }
    }

    fn db_now(&self) -> time::OffsetDateTime {
        self.ids.next::<Id>().made_at()
    }

    fn incident(&self) -> Claim {
        self.incident_of(self.plans[0])
    }

    fn incident_of(&self, plan: PlanId) -> Claim {
        self.claim(Grant::incident(plan, date!(2025 - 05 - 01), Some(self.limit), TODAY).unwrap())
    }

    async fn reserve(&self, claim: Claim) -> Result<Claim, Error> {
        let mut tx = self.db.begin().await?;
        let held = ops::hold_claim(&mut tx, claim).await?;
        tx.commit().await?;
        Ok(held)
    }

    async fn claims(&self) -> Vec<Claim> {
        let mut connection = self.db.read().await.unwrap();
        let mut claims = store::claims::of_devices(&mut connection, &[self.device])
            .await
            .unwrap();
        claims.remove(&self.device).unwrap_or_default()
    }

    /// No more live than there is, but what is over the limit.
    async fn check_limit(&self) {
        let live: Vec<_> = self
            .claims()
            .await
            .into_iter()
            .filter(|claim| claim.state.is_live())
            .collect();
        for plan in &self.plans {
            let of_plan = live.iter().filter(|claim| claim.grant.plan == Some(*plan));
            let within: Vec<_> = of_plan.filter(|claim| !claim.over_limit).collect();
            let slots: BTreeSet<_> = within.iter().filter_map(|claim| claim.slot).collect();
            assert_eq!(slots.len(), within.len(), "each has a place of its own: {within:?}");
            assert!(within.len() <= usize::from(self.limit), "{within:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_as_many_reserve_as_there_is() {
    for limit in [1, 2, 5] {
        let bench = Bench::new(limit).await;
        let answers = join_all((0..24).map(|_| {
            let bench = bench.clone();
            tokio::spawn(async move { bench.reserve(bench.incident()).await })
        }))
        .await;
        let mut held = 0;
        for answer in answers {
            match answer.unwrap() {
                Ok(_) => held += 1,
                Err(Error::EntitlementUsedUp(_)) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(held, limit);
        bench.check_limit().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_program_is_used_once_and_goodwill_as_often_as_there_is() {
    let bench = Bench::new(1).await;
    for (grant, times) in [
        (Grant::program("battery-2025".to_owned(), bench.device, 1), 1),
        (Grant::goodwill("goodwill-first-year".to_owned(), bench.device, 2), 2),
        (Grant::program("hinge-2024".to_owned(), bench.device, 1), 1),
    ] {
        let answers = join_all((0..12).map(|_| {
            let (bench, grant) = (bench.clone(), grant.clone());
            tokio::spawn(async move { bench.reserve(bench.claim(grant)).await })
        }))
        .await;
        let held = answers.iter().filter(|answer| matches!(answer, Ok(Ok(_)))).count();
        assert_eq!(held, times, "{grant:?}");
    }
}

#[tokio::test]
async fn each_year_of_a_plan_has_its_own() {
    let bench = Bench::new(1).await;
    let on = |day| {
        let grant = Grant::incident(bench.plans[0], date!(2025 - 05 - 01), Some(1), day).unwrap();
        Claim {
            day,
            ..bench.claim(grant)
        }
    };
    bench.reserve(on(date!(2026 - 05 - 01))).await.unwrap();
    let refusal = bench.reserve(on(date!(2025 - 05 - 01))).await;
    assert!(matches!(refusal, Err(Error::EntitlementUsedUp(_))));
    bench.reserve(on(date!(2026 - 05 - 02))).await.unwrap();
}

#[tokio::test]
async fn the_index_alone_keeps_a_place_from_being_taken_twice() {
    let bench = Bench::new(2).await;
    let first = bench.reserve(bench.incident()).await.unwrap();
    let same_place = Claim {
        slot: first.slot,
        ..bench.incident()
    };
    let mut connection = bench.db.read().await.unwrap();
    let refused = store::claims::insert(&mut connection, &same_place).await.unwrap_err();
    assert_eq!(refused.constraint(), Some(store::claims::SLOT_KEY));
    let without = Claim {
        slot: None,
        ..bench.incident()
    };
    let refused = store::claims::insert(&mut connection, &without).await.unwrap_err();
    assert_eq!(refused.constraint(), Some("claims_slot_while_live"));
    let beyond = Claim {
        slot: Some(2),
        ..bench.incident()
    };
    let refused = store::claims::insert(&mut connection, &beyond).await.unwrap_err();
    assert_eq!(refused.constraint(), Some("claims_slot_in_pool"));
    let of_one_decision = Claim {
        slot: Some(1),
        decision_id: first.decision_id,
        ..bench.incident()
    };
    let refused = store::claims::insert(&mut connection, &of_one_decision)
        .await
        .unwrap_err();
    assert_eq!(refused.constraint(), Some(store::claims::DECISION_KEY));
}

#[tokio::test]
async fn what_is_used_after_it_expired_takes_a_free_place_or_is_over_the_limit() {
    let bench = Bench::new(1).await;
    let commit = async |id: ClaimId| {
        let mut tx = bench.db.begin().await.unwrap();
        let claim = ops::commit_claim(&mut tx, &Viewer::Insider, id, None).await.unwrap();
        tx.commit().await.unwrap();
        claim
    };
    let first = bench.reserve(bench.incident()).await.unwrap();
    bench.hand.advance(Duration::from_mins(15));
    // Nobody has looked yet, and yet it makes room.
    let second = bench.reserve(bench.incident()).await.unwrap();
    assert_eq!(bench.claims().await[0].state, State::Expired);
    // What was done is done: the first is used though the second has its place.
    let used = commit(first.id).await;
    let plan = bench.plans[0];
    let mut connection = bench.db.read().await.unwrap();
    let days = store::claims::incidents_of_plans(&mut connection, &[plan, bench.plans[1]])
        .await
        .unwrap();
    assert_eq!((days.len(), days[&plan].as_slice()), (1, [TODAY, TODAY].as_slice()));
    drop(connection);
    assert_eq!((used.state, used.over_limit, used.slot), (State::Committed, true, None));
    assert_eq!(commit(first.id).await, used, "again to no effect");
    // The second is given back: with the first there is nothing left all the same.
    let mut tx = bench.db.begin().await.unwrap();
    ops::release_claim(&mut tx, &Viewer::Insider, second.id).await.unwrap();
    tx.commit().await.unwrap();
    let refusal = bench.reserve(bench.incident()).await;
    assert!(matches!(refusal, Err(Error::EntitlementUsedUp(_))));

    let other = Bench::new(1).await;
    let first = other.reserve(other.incident()).await.unwrap();
    other.hand.advance(Duration::from_mins(15));
    let mut tx = other.db.begin().await.unwrap();
    assert_eq!(ops::expire_claims(&mut tx, 10).await.unwrap(), 1);
    assert_eq!(ops::expire_claims(&mut tx, 10).await.unwrap(), 0);
    let used = ops::commit_claim(&mut tx, &Viewer::Insider, first.id, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        (used.state, used.over_limit, used.slot),
        (State::Committed, false, Some(0))
    );
}

#[tokio::test]
async fn several_end_what_is_over_without_waiting_for_each_other() {
    let bench = Bench::new(5).await;
    for _ in 0..5 {
        bench.reserve(bench.incident()).await.unwrap();
    }
    bench.hand.advance(Duration::from_mins(15));
    let (mut one, mut other) = (bench.db.begin().await.unwrap(), bench.db.begin().await.unwrap());
    assert_eq!(ops::expire_claims(&mut one, 2).await.unwrap(), 2);
    assert_eq!(
        ops::expire_claims(&mut other, 10).await.unwrap(),
        3,
        "the rest, at once"
    );
    // One breaks off: its own come to the next.
    one.rollback().await.unwrap();
    other.commit().await.unwrap();
    let mut next = bench.db.begin().await.unwrap();
    assert_eq!(ops::expire_claims(&mut next, 10).await.unwrap(), 2);
    next.commit().await.unwrap();
    assert!(bench.claims().await.iter().all(|claim| claim.state == State::Expired));
}

/// What somebody does at random with the claims that there are.
async fn act(bench: &Bench, known: &Mutex<Vec<(ClaimId, RepairId)>>, chance: &mut StdRng) {
    let one = {
        let known = known.lock().unwrap();
        match known.len() {
            0 => None,
            count => Some(known[chance.random_range(0..count)]),
        }
    };
    let breaks_off = chance.random_bool(0.2);
    let choice = if one.is_none() {
        0
    } else {
        chance.random_range(0..14_u8)
    };
    if choice >= 11 {
        bench.hand.advance(Duration::from_mins(chance.random_range(1..8)));
        return;
    }
    let Ok(mut tx) = bench.db.begin().await else { return };
    let new = bench.incident_of(bench.plans[chance.random_range(0..PLANS)]);
    let new_id = new.id;
    let done = match (choice, one) {
        (0..=3, _) | (_, None) => ops::hold_claim(&mut tx, new).await.map(drop),
        (4, Some((claim, _))) => ops::commit_claim(&mut tx, &Viewer::Insider, claim, None)
            .await
            .map(drop),
        (5, Some((claim, _))) => ops::release_claim(&mut tx, &Viewer::Insider, claim).await.map(drop),
        (6, Some((claim, _))) => {
            let longer = time::Duration::minutes(20);
            ops::extend_claim(&mut tx, &Viewer::Insider, claim, longer)
                .await
                .map(drop)
        }
        (7, Some((claim, repair))) => ordered(bench, &mut tx, claim, repair).await,
        (8, Some((_, repair))) => moved(&mut tx, repair, RepairMoved::Repaired(NOW)).await,
        (9, Some((_, repair))) => moved(&mut tx, repair, RepairMoved::Canceled).await,
        (_, Some(_)) => ops::expire_claims(&mut tx, 3).await.map(drop).map_err(Error::from),
    };
    match done {
        Ok(()) if breaks_off => drop(tx),
        Ok(()) => {
            if tx.commit().await.is_ok() && (choice <= 3 || one.is_none()) {
                known.lock().unwrap().push((new_id, bench.ids.next()));
            }
        }
        Err(
            Error::EntitlementUsedUp(_)
            | Error::EntitlementBound
            | Error::EntitlementState { .. }
            | Error::Database(support_chassis::db::DbError::Conflict { .. }),
        ) => {}
        Err(error) => panic!("{error:?}"),
    }
}

async fn ordered(bench: &Bench, tx: &mut Tx, claim: ClaimId, repair: RepairId) -> Result<(), Error> {
    let told = RepairOrdered {
        repair,
        device: bench.device,
        claim: Some(claim),
        outcome: None,
        at: NOW,
    };
    match ops::repair_ordered(tx, &bench.ids, told).await {
        Ok(()) => Ok(()),
        Err(Unfit::Database(error)) => Err(error.into()),
        Err(unfit) => panic!("{unfit:?}"),
    }
}

async fn moved(tx: &mut Tx, repair: RepairId, moved: RepairMoved) -> Result<(), Error> {
    Ok(ops::repair_moved(tx, repair, moved).await?)
}

/// What the events say became of each claim, which must be what became of it; no event says what was so already.
async fn check_events(bench: &Bench) {
    let events: Vec<(Id, String)> = sqlx::query_as(
        "select subject_id, event_type from outbox where event_type like '%.Entitlement%' order by position",
    )
    .fetch_all(bench.db.pool())
    .await
    .unwrap();
    let mut told: HashMap<Id, (State, bool)> = HashMap::new();
    for (claim, event) in events {
        let before = told.get(&claim).copied();
        let kind = event.rsplit('.').next().unwrap();
        let after = match (kind, before.map(|(state, _)| state)) {
            ("EntitlementReserved", None | Some(State::Released | State::Expired)) => (State::Reserved, false),
            ("EntitlementCommitted", Some(State::Reserved | State::Expired)) => (
                State::Committed,
                before.is_some_and(|(state, over)| state == State::Reserved && over),
            ),
            ("EntitlementReleased", Some(State::Reserved)) => (State::Released, false),
            ("EntitlementExpired", Some(State::Reserved)) => (State::Expired, false),
            ("EntitlementOverLimit", Some(state @ (State::Reserved | State::Committed))) => {
                assert_eq!(before, Some((state, false)), "told twice");
                (state, true)
            }
            other => panic!("{other:?} of {claim}"),
        };
        told.insert(claim, after);
    }
    let claims = bench.claims().await;
    assert_eq!(told.len(), claims.len());
    for claim in claims {
        assert_eq!(told[&claim.id.into()], (claim.state, claim.over_limit), "{claim:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_happens_no_more_is_used_than_there_is() {
    let mut seen = [0_usize; 5];
    for (seed, limit) in [(1, 1), (2, 2), (3, 3), (4, 1)] {
        let bench = Bench::new(limit).await;
        let known: Arc<Mutex<Vec<(ClaimId, RepairId)>>> = Arc::default();
        let acting = (0..8_u64).map(|actor| {
            let (bench, known) = (bench.clone(), Arc::clone(&known));
            tokio::spawn(async move {
                let mut chance = StdRng::seed_from_u64(seed * 100 + actor);
                for _ in 0..60 {
                    act(&bench, &known, &mut chance).await;
                    bench.check_limit().await;
                }
            })
        });
        for actor in join_all(acting).await {
            actor.unwrap();
        }
        check_events(&bench).await;
        let claims = bench.claims().await;
        for claim in &claims {
            seen[claim.state as usize] += 1;
            seen[4] += usize::from(claim.over_limit);
        }
        // Nothing is lost either: what is not live can be had.
        for plan in &bench.plans {
            let of_plan = claims.iter().filter(|claim| claim.grant.plan == Some(*plan));
            let live = of_plan.filter(|claim| claim.state.is_live() && !claim.is_over(bench.db_now()));
            let left = usize::from(limit).saturating_sub(live.count());
            for number in 0..=left {
                let answer = bench.reserve(bench.incident_of(*plan)).await;
                assert_eq!(answer.is_ok(), number < left, "{number} of {left}: {answer:?}");
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "not everything happened: {seen:?}");
}
