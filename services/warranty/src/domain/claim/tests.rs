use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::macros::{date, datetime};

use super::*;
use crate::domain::sale::PastRepair;

const NOW: OffsetDateTime = datetime!(2026-03-10 09:30 UTC);

fn ids() -> Ids {
    Ids::seeded("eu".parse().unwrap(), Clock::manual(NOW).0, 7)
}

fn claim(grant: Grant) -> Claim {
    let ids = ids();
    Claim {
        id: ids.next(),
        device_id: ids.next(),
        decision_id: Some(ids.next()),
        slot: grant.pool.as_ref().map(|_| 0),
        grant,
        state: State::Reserved,
        over_limit: false,
        day: date!(2026 - 03 - 10),
        components: vec!["battery".to_owned()],
        reference: None,
        repair_id: None,
        asked_by_organisation: None,
        reserved_at: NOW,
        expires_at: Some(NOW + RESERVED_FOR),
        ended_at: None,
        received_on: None,
        returned_on: None,
    }
}

#[test]
fn a_plan_without_a_limit_draws_on_nothing() {
    let plan = ids().next();
    let free = Grant::incident(plan, date!(2025 - 05 - 01), None, date!(2026 - 03 - 10)).unwrap();
    assert_eq!(free.pool, None);
    assert_eq!(free.period, Some((date!(2025 - 05 - 01), date!(2026 - 05 - 01))));
    let counted = Grant::incident(plan, date!(2024 - 05 - 01), Some(2), date!(2026 - 03 - 10)).unwrap();
    let pool = counted.pool.unwrap();
    assert_eq!((pool.holder, &*pool.name, pool.slots), (plan.into(), "incidents/1", 2));
    let before = Grant::incident(plan, date!(2026 - 03 - 11), Some(2), date!(2026 - 03 - 10));
    assert_eq!(before, None);
}

#[test]
fn who_gives_back_leaves_the_place() {
    let unit: DeviceId = ids().next();
    let reserved = claim(Grant::program("battery-2025".to_owned(), unit, 1));
    assert!(!reserved.is_over(NOW + RESERVED_FOR - Duration::microseconds(1)));
    assert!(reserved.is_over(NOW + RESERVED_FOR));
    for state in [State::Released, State::Expired] {
        let ended = reserved.clone().ended(state, NOW);
        assert_eq!((ended.slot, ended.expires_at, ended.ended_at), (None, None, Some(NOW)));
        assert!(!ended.is_over(NOW + Duration::DAY));
    }
    let used = reserved.ended(State::Committed, NOW);
    assert_eq!((used.slot, used.ended_at), (Some(0), Some(NOW)));
}

#[test]
fn what_belongs_to_a_repair_is_not_the_callers() {
    let mut reserved = claim(Grant::free(Outcome::LimitedWarranty));
    assert_eq!(reserved.check_free(), Ok(()));
    reserved.repair_id = Some(ids().next());
    assert_eq!(reserved.check_free(), Err(Bound));
}

#[test]
fn the_past_is_what_lives() {
    let (unit, plan): (DeviceId, PlanId) = (ids().next(), ids().next());
    let incident = || claim(Grant::incident(plan, date!(2025 - 05 - 01), Some(2), date!(2026 - 03 - 10)).unwrap());
    let over = incident().ended(State::Expired, NOW);
    let day = date!(2026 - 03 - 10);
    let mut carried = incident().ended(State::Committed, NOW);
    carried.received_on = Some(date!(2026 - 03 - 11));
    carried.returned_on = Some(date!(2026 - 03 - 14));
    let claims = [
        incident(),
        over,
        carried,
        claim(Grant::program("battery-2025".to_owned(), unit, 1)),
        claim(Grant::goodwill("goodwill".to_owned(), unit, 1)).ended(State::Committed, NOW),
        claim(Grant::program("hinge-2024".to_owned(), unit, 1)).ended(State::Released, NOW),
    ];
    assert_eq!(programs_used(&claims), ["battery-2025"]);
    assert_eq!(goodwill_on(&claims), [day]);
    let repair = PastRepair {
        received: date!(2026 - 03 - 11),
        returned: date!(2026 - 03 - 14),
        components: vec!["battery".to_owned()],
    };
    assert_eq!(past_repairs(&claims), [repair]);
}
