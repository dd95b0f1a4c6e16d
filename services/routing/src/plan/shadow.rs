//! A plan that is tried on live traffic: what it would have done otherwise.

use std::collections::BTreeMap;

use support_chassis::error::{InvalidFields, Violation, Violations};
use support_chassis::standard::{Fault, Schema, content};
use support_proto::support::routing::v1 as pb;

use super::{check, plan_of};
use crate::domain::{Plan, Profile, Ruling};
use crate::engine::Queued;

/// What a plan that is tried is called, where a version would be named.
const BASIS: &str = "shadow";

/// Reads a plan that is to be tried.
///
/// # Errors
///
/// Each fault with its path in `content`.
pub fn read(text: &str) -> Result<Plan, InvalidFields> {
    let whole = |fault: &str| InvalidFields::from(Violation::new("content", fault));
    let own = |plan: &pb::RoutingPlan| {
        let faults = check(plan).into_iter();
        faults.map(|(path, fault)| Fault::new(path, fault)).collect()
    };
    let schema = Schema::of::<pb::RoutingPlan>(own);
    let schema = schema.map_err(|_| whole("cannot be read by this version of the program"))?;
    let read = content::from_json(&schema, text);
    let (content, faults) = match read {
        Ok(content) => {
            let faults = schema.faults(&content);
            (Some(content), faults)
        }
        Err(error) => (None, error.faults().to_vec()),
    };
    let mut fields = Violations::new();
    for fault in faults {
        let path = if fault.path.is_empty() {
            "content".to_owned()
        } else {
            format!("content.{}", fault.path)
        };
        fields.take::<()>(Err(Violation::new(path, fault.fault)));
    }
    fields.finish(())?;
    let plan = content.and_then(|content| content.decode::<pb::RoutingPlan>());
    plan.map(|plan| plan_of(&plan, BASIS.to_owned()))
        .ok_or_else(|| whole("is no routing plan"))
}

/// What was found of tasks that the same rules apply to, under the plan that holds and under the one that is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// How many tasks.
    pub tasks: i64,
    /// Of these, how many would wait in another queue.
    pub moved: i64,
    /// How many would have a higher priority.
    pub raised: i64,
    /// How many would have a lower one.
    pub lowered: i64,
    /// For how many fewer of the agents who were available fitted from the first.
    pub fewer: i64,
    /// For how many more of them did.
    pub more: i64,
    /// For how many nobody did, where somebody does under the plan that holds.
    pub nobody: i64,
}

impl Finding {
    /// Counts the tasks of the other too.
    pub fn add(&mut self, other: &Self) {
        self.tasks += other.tasks;
        self.moved += other.moved;
        self.raised += other.raised;
        self.lowered += other.lowered;
        self.fewer += other.fewer;
        self.more += other.more;
        self.nobody += other.nobody;
    }
}

/// The rules that apply, under the plan that holds and under the one that is tried.
pub type Ways = (String, String);

/// Holds what two plans say of tasks against each other. The profiles are those of the agents who are available, with how many
/// they are of each.
#[must_use]
pub fn compare(
    tasks: &[Queued],
    live: impl Fn(&Queued) -> Plan,
    tried: &Plan,
    profiles: &[(Profile, i64)],
) -> BTreeMap<Ways, Finding> {
    let mut found: BTreeMap<Ways, Finding> = BTreeMap::new();
    for task in tasks {
        let live = live(task);
        // What must be certified for which product, another document says: it is tried with the plan as it is.
        let tried = &Plan {
            products: live.products.clone(),
            ..tried.clone()
        };
        let rulings = [&live, tried].map(|plan| plan.ruling(&task.attributes, &task.named));
        let priorities = [&live, tried].map(|plan| plan.priority(&task.attributes, &task.named));
        let fit = rulings.each_ref().map(|ruling| fit(ruling, profiles));
        let [ways_live, ways_tried] = rulings.each_ref().map(ways);
        let finding = found.entry((ways_live, ways_tried)).or_default();
        finding.tasks += 1;
        finding.moved += i64::from(rulings[0].queue != rulings[1].queue);
        finding.raised += i64::from(priorities[1] > priorities[0]);
        finding.lowered += i64::from(priorities[1] < priorities[0]);
        finding.fewer += i64::from(fit[1] < fit[0]);
        finding.more += i64::from(fit[1] > fit[0]);
        finding.nobody += i64::from(fit[1] == 0 && fit[0] > 0);
    }
    found
}

fn ways(ruling: &Ruling) -> String {
    if ruling.rules.is_empty() {
        "default".to_owned()
    } else {
        ruling.rules.join("+")
    }
}

/// How many fit from the first, whom the customer knows or does not.
fn fit(ruling: &Ruling, profiles: &[(Profile, i64)]) -> i64 {
    let first = ruling.stages.first().map(|stage| &stage.need);
    let fitting = profiles
        .iter()
        .filter(|(profile, _)| first.is_some_and(|need| profile.fulfils(need)));
    fitting.map(|(_, count)| count).sum()
}
