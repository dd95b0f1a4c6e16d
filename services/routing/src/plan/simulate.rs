//! What another routing plan would mean, told before it is published: rules that never apply, queues that nobody can serve.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, Fare, Findings, WhatIf};
use support_proto::support::routing::v1 as pb;

use super::plan_of;
use super::proof::{MOST_KINDS, Proof, Unserved, prove};
use crate::store;

/// Proves both plans, and tells what is odd about the proposed one, with what held before.
pub(super) fn simulate(what_if: WhatIf<pb::RoutingPlan>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    async move {
        let mut connection = what_if.db.read().await?;
        let profiles = store::line::profiles(&mut connection, what_if.db.clock().now()).await?;
        drop(connection);
        let plans = [&what_if.held, &what_if.proposed].map(|held| plan_of(&held.document, String::new()));
        // Thousands of kinds of tasks: not among the calls of others.
        let proofs = tokio::task::spawn_blocking(move || plans.map(|plan| prove(&plan, &profiles))).await?;
        let [held, proposed] = &proofs;
        Ok(consequences(held, proposed).into())
    }
    .boxed()
}

/// What is told of a plan, where another held before.
pub(super) fn consequences(held: &Proof, proposed: &Proof) -> Vec<Consequence> {
    if proposed.is_beyond {
        return vec![Consequence {
            whom: "all tasks".to_owned(),
            before: format!("{} kinds of tasks told apart", held.kinds),
            after: format!(
                "{} kinds of tasks told apart, more than {MOST_KINDS}: whether each rule applies is not known",
                proposed.kinds
            ),
            ..Consequence::default()
        }];
    }
    let unreachable = proposed.unreachable.iter().map(|rule| Consequence {
        whom: format!("tasks of the rule `{rule}`"),
        before: if held.unreachable.contains(rule) {
            "the rule never applies".to_owned()
        } else {
            String::new()
        },
        after: "the rule never applies".to_owned(),
        rule: rule.clone(),
        because: "no task fulfils its condition that an earlier rule does not keep from it".to_owned(),
        ..Consequence::default()
    });
    let unserved = proposed.unserved.iter().map(|unserved| {
        let before = held.unserved.iter().find(|known| {
            (&known.queue, &known.rules, known.is_for_ever) == (&unserved.queue, &unserved.rules, unserved.is_for_ever)
        });
        Consequence {
            whom: format!("tasks of the queue `{}`, {}", unserved.queue, ways(unserved)),
            before: before.map(in_words).unwrap_or_default(),
            after: in_words(unserved),
            fare: before.is_none().then_some(Fare::Worse),
            rule: unserved.rules.first().cloned().unwrap_or_default(),
            because: "of all agents, at work or not, none knows, speaks and is certified for what is asked".to_owned(),
            ..Consequence::default()
        }
    });
    unreachable.chain(unserved).collect()
}

fn ways(unserved: &Unserved) -> String {
    if unserved.rules.is_empty() {
        "no rule".to_owned()
    } else {
        format!("rules {}", unserved.rules.join(" and "))
    }
}

fn in_words(unserved: &Unserved) -> String {
    if unserved.is_for_ever {
        "nobody can take them, however long they wait".to_owned()
    } else {
        "nobody can take them until something is relaxed".to_owned()
    }
}
