//! Work by hand: it is passed on, shared, taken over and pulled back, and nobody ever holds more than they can.

use std::time::Duration;

use support_routing::domain::{
    AgentId, ByHand, Change, Channel, HandCause, Presence, ProductLine, Task, TaskId, TaskState,
};
use support_routing::error::Error;
use support_routing::ops::desk::Onward;
use support_routing::store;

use crate::model::Deed;
use crate::world::{PRESENCE_TIMEOUT, REFUSAL_DELAY, World, plan_with};

fn hand(actor: &str) -> ByHand {
    ByHand {
        actor: actor.to_owned(),
        cause: Some(HandCause::Escalation),
        note: None,
    }
}

impl World {
    /// Has an agent take the one task that is offered to them.
    pub(crate) async fn begin(&self, subject: &str, agent: AgentId) -> Task {
        self.make_offers().await;
        let (offer, _) = self.standing(agent).await[0];
        self.accept(subject, offer).await.unwrap()
    }

    async fn changes(&self, task: TaskId) -> Vec<Change> {
        let history = store::tasks::history(&mut self.db.read().await.unwrap(), task)
            .await
            .unwrap();
        history.iter().map(|entry| entry.change).collect()
    }
}

#[tokio::test]
async fn what_is_written_up_keeps_its_room_until_it_is_done() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    world.open_call().await;
    let task = world.begin("amy", amy).await;
    let (wrapping, due) = world
        .act(async |tx| world.desk.end_contact(tx, "amy", task.id, world.now()).await)
        .await
        .unwrap();
    assert_eq!(
        (wrapping.state, due),
        (TaskState::Wrapping, world.now() + Duration::from_mins(3))
    );
    let next = world.open_call().await;
    // Past the limit as well: nothing is forced on who is still writing.
    world.hand.advance(Duration::from_mins(10));
    world.make_offers().await;
    assert_eq!(world.standing(amy).await, []);
    let refused = world.do_by_hand(Deed::EndContact, task.id, amy, "amy", "amy").await;
    assert!(matches!(refused, Err(Error::TaskState { .. })), "{refused:?}");
    world.complete("amy", task.id).await.unwrap();
    world.make_offers().await;
    assert_eq!(world.standing(amy).await[0].1, next.id);
    world.check().await;
}

#[tokio::test]
async fn whoever_passes_a_task_on_is_not_asked_for_it_at_once() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let task = world.open_call().await;
    world.begin("amy", amy).await;
    world.hand.advance(Duration::from_secs(5));
    world
        .do_by_hand(Deed::Transfer, task.id, amy, "amy", "amy")
        .await
        .unwrap();
    world.make_offers().await;
    assert_eq!(world.standing(amy).await, [], "she has just given it up");
    let ben = world.agent("ben", &["en"], &[], 6).await;
    world.make_offers().await;
    assert_eq!(
        world.standing(ben).await[0].1,
        task.id,
        "the place it had, and somebody else"
    );
    let (offer, _) = world.standing(ben).await[0];
    world.reject("ben", offer).await.unwrap();
    world.hand.advance(REFUSAL_DELAY);
    world.presence("ben", Presence::Break).await;
    world.make_offers().await;
    assert_eq!(
        world.standing(amy).await[0].1,
        task.id,
        "and where nobody else is there, she is asked again"
    );
    world.check().await;
}

#[tokio::test]
async fn a_task_passed_on_may_ask_for_something_else() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let eva = world.agent("eva", &["es"], &[ProductLine::Laptop], 6).await;
    let task = world.open_call().await;
    world.begin("amy", amy).await;
    let onward = Onward {
        agent: None,
        language: Some("es".parse().unwrap()),
        product_line: Some(ProductLine::Laptop),
        queue: None,
    };
    let passed = world
        .act(async |tx| {
            world
                .desk
                .transfer(tx, task.id, onward, &hand("amy"), world.now())
                .await
        })
        .await
        .unwrap();
    assert_eq!(
        (passed.queue_time, passed.product_line),
        (task.queue_time, Some(ProductLine::Laptop))
    );
    world.make_offers().await;
    assert_eq!(world.standing(eva).await[0].1, task.id);
    world.check().await;
}

#[tokio::test]
async fn a_task_passed_on_to_a_queue_asks_what_is_asked_there() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let task = world.open_call().await;
    world.begin("amy", amy).await;
    let passed_on = async |queue: &str| {
        let onward = Onward {
            queue: Some(queue.to_owned()),
            ..Onward::default()
        };
        let transfer = async |tx: &mut support_chassis::db::Tx| {
            let desk = &world.desk;
            desk.transfer(tx, task.id, onward, &hand("amy"), world.now()).await
        };
        world.act(transfer).await
    };
    assert!(matches!(passed_on("nowhere").await, Err(Error::Invalid(_))));
    passed_on("account-security").await.unwrap();
    let mut connection = world.db.read().await.unwrap();
    let queued = support_routing::store::line::of_task(&mut connection, task.id).await;
    let queued = queued.unwrap().unwrap();
    drop(connection);
    let plan = world.book.of_tasks(None, world.now());
    let ruling = plan.ruling(&queued.attributes, &queued.named);
    assert_eq!(
        (ruling.queue.as_str(), ruling.before_all, ruling.rules.as_slice()),
        ("account-security", true, &["account-security".to_owned()][..])
    );
    // Nobody is there who knows it, and whoever is there is not asked.
    let ben = world.agent("ben", &["en"], &[], 6).await;
    world.make_offers().await;
    assert!(world.standing(ben).await.is_empty());
    // Where the plan has no such queue any more, the rules decide again.
    let without = support_routing::domain::Plan {
        queues: std::collections::BTreeMap::new(),
        ..plan
    };
    assert_eq!(without.ruling(&queued.attributes, &queued.named).queue, "general");
    world.check().await;
}

#[tokio::test]
async fn a_task_passed_on_to_a_queue_is_worth_there_what_its_rules_say() {
    let rule = "    queue: account-security\n";
    let world = World::by(plan_with(&[(rule, &format!("{rule}    priority: 8\n"))])).await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let task = world.open_call().await;
    let before = world.begin("amy", amy).await.priority;
    assert!(before < 8);
    let passed_on = async |queue: Option<&str>| {
        let onward = Onward {
            queue: queue.map(str::to_owned),
            ..Onward::default()
        };
        let transfer = async |tx: &mut support_chassis::db::Tx| {
            let desk = &world.desk;
            let now = world.now();
            let passed = desk.transfer(tx, task.id, onward, &hand("amy"), now).await?;
            // Somebody sees to it that it goes on.
            desk.take_over(tx, task.id, &hand("amy"), now).await?;
            Ok(passed)
        };
        let passed = world.act(transfer).await.unwrap();
        assert_eq!(
            world.read_task(task.id).await.priority,
            passed.priority,
            "as it is told"
        );
        (passed.priority, passed.queue_time)
    };
    assert_eq!(passed_on(Some("account-security")).await, (8, task.queue_time));
    assert_eq!(passed_on(None).await.0, 8, "where it stays, it is worth what it was");
    assert_eq!(passed_on(Some("general")).await.0, before);
    world.check().await;
}

#[tokio::test]
async fn who_helped_last_and_passes_it_on_is_waited_for_no_longer() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let first = world.open_call().await;
    world.begin("amy", amy).await;
    world.complete("amy", first.id).await.unwrap();
    let mut again = world.opening(Channel::Phone, "en", None);
    again.case_id = first.case_id;
    let task = world.open(again).await;
    assert_eq!(world.begin("amy", amy).await.id, task.id);
    world
        .do_by_hand(Deed::Transfer, task.id, amy, "amy", "amy")
        .await
        .unwrap();
    let ben = world.agent("ben", &["en"], &[], 6).await;
    world.make_offers().await;
    assert_eq!(world.standing(ben).await[0].1, task.id, "at once");
    world.check().await;
}

#[tokio::test]
async fn a_warm_transfer_ends_with_the_other_agent_having_it() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let task = world.open_call().await;
    world.begin("amy", amy).await;
    let ben = world.agent("ben", &["en"], &[], 6).await;
    world.do_by_hand(Deed::Join, task.id, ben, "ben", "amy").await.unwrap();
    // Ben is in a call: nobody else's comes to him, not even by hand.
    let other = world.open_call().await;
    world.make_offers().await;
    assert_eq!(world.standing(ben).await, []);
    let refused = world.do_by_hand(Deed::Assign, other.id, ben, "ben", "lead").await;
    assert!(matches!(refused, Err(Error::AgentBusy)), "{refused:?}");
    world.check().await;
    world
        .do_by_hand(Deed::HandOver, task.id, ben, "ben", "amy")
        .await
        .unwrap();
    world.make_offers().await;
    assert_eq!(world.standing(amy).await[0].1, other.id, "amy is free for the next");
    let refused = world.complete("amy", task.id).await;
    assert!(matches!(refused, Err(Error::TaskNotFound)), "{refused:?}");
    world.complete("ben", task.id).await.unwrap();
    assert_eq!(
        world.changes(task.id).await,
        [
            Change::Queued,
            Change::Offered,
            Change::Accepted,
            Change::Joined,
            Change::HandedOver,
            Change::Left,
            Change::Completed
        ]
    );
    world.check().await;
}

#[tokio::test]
async fn a_contact_of_several_ends_for_all_of_them() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let task = world.open_call().await;
    world.begin("amy", amy).await;
    let mut others = Vec::new();
    for subject in ["ben", "eva", "kim", "lou"] {
        others.push(world.agent(subject, &["en"], &[], 6).await);
    }
    for other in &others[..3] {
        world.do_by_hand(Deed::Join, task.id, *other, "", "amy").await.unwrap();
    }
    let refused = world.do_by_hand(Deed::Join, task.id, others[3], "", "amy").await;
    assert!(matches!(refused, Err(Error::ConferenceFull)), "{refused:?}");
    let refused = world.do_by_hand(Deed::Join, task.id, others[0], "", "amy").await;
    assert!(matches!(refused, Err(Error::ParticipantExists)), "{refused:?}");
    let refused = world.do_by_hand(Deed::Remove, task.id, others[3], "", "amy").await;
    assert!(matches!(refused, Err(Error::ParticipantNotFound)), "{refused:?}");
    // Only whoever has it sends others away.
    let refused = world.do_by_hand(Deed::Remove, task.id, others[1], "", "ben").await;
    assert!(matches!(refused, Err(Error::ParticipantNotFound)), "{refused:?}");
    world
        .do_by_hand(Deed::EndContact, task.id, amy, "", "amy")
        .await
        .unwrap();
    for other in others {
        assert_eq!(world.read_agent(other).await.book.load, 0);
    }
    assert_eq!(world.read_agent(amy).await.book.load, 6);
    world.check().await;
}

#[tokio::test]
async fn a_supervisor_takes_over_what_another_has() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let task = world.open_call().await;
    world.begin("amy", amy).await;
    let lead = world.agent_away("lead", &["en"], &[], 6).await;
    world
        .do_by_hand(Deed::TakeOver, task.id, lead, "lead", "amy")
        .await
        .unwrap();
    let taken = world.read_task(task.id).await;
    assert_eq!((taken.state, taken.agent), (TaskState::Accepted, Some(lead)));
    assert_eq!(
        (
            world.read_agent(amy).await.book.load,
            world.read_agent(lead).await.book.load
        ),
        (0, 6)
    );
    let hands = store::desk::hands(&mut world.db.read().await.unwrap(), task.id)
        .await
        .unwrap();
    assert_eq!(hands.len(), 2, "of the taking back and of the taking: {hands:?}");
    assert_eq!(hands[1].1.actor, "lead");
    let other = world.open_call().await;
    let refused = world.do_by_hand(Deed::TakeOver, other.id, lead, "lead", "amy").await;
    assert!(matches!(refused, Err(Error::AgentBusy)), "{refused:?}");
    world.check().await;
}

#[tokio::test]
async fn what_is_assigned_by_hand_is_an_offer_as_any_other() {
    let world = World::new().await;
    let amy = world.agent("amy", &["ja"], &[], 6).await;
    let task = world.open_call().await;
    world.make_offers().await;
    assert_eq!(world.standing(amy).await, [], "she does not speak it");
    world
        .do_by_hand(Deed::Assign, task.id, amy, "lead", "lead")
        .await
        .unwrap();
    let (offer, _) = world.standing(amy).await[0];
    world.reject("amy", offer).await.unwrap();
    assert_eq!(world.read_task(task.id).await.queue_time, task.queue_time);
    world.presence("amy", Presence::Break).await;
    let refused = world.do_by_hand(Deed::Assign, task.id, amy, "lead", "lead").await;
    assert!(matches!(refused, Err(Error::AgentAway)), "{refused:?}");
    let unknown = world.ids.next();
    let refused = world.do_by_hand(Deed::Assign, task.id, unknown, "lead", "lead").await;
    assert!(matches!(refused, Err(Error::AgentNotFound)), "{refused:?}");
    world.check().await;
}

#[tokio::test]
async fn what_is_pulled_back_goes_to_somebody_else() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let task = world.open_call().await;
    world.begin("amy", amy).await;
    let ben = world.agent("ben", &["en"], &[], 6).await;
    world
        .do_by_hand(Deed::PullBack, task.id, amy, "lead", "lead")
        .await
        .unwrap();
    world.make_offers().await;
    assert_eq!(world.standing(amy).await, []);
    assert_eq!(world.standing(ben).await[0].1, task.id);
    // Held out is not had yet; that goes back too.
    world
        .do_by_hand(Deed::PullBack, task.id, amy, "lead", "lead")
        .await
        .unwrap();
    assert_eq!(world.standing(ben).await, []);
    let refused = world.do_by_hand(Deed::PullBack, task.id, amy, "lead", "lead").await;
    assert!(matches!(refused, Err(Error::TaskState { .. })), "{refused:?}");
    world.check().await;
}

#[tokio::test]
async fn work_in_hand_of_who_has_gone_goes_back_to_the_front() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let mut tasks = Vec::new();
    for channel in [Channel::Chat, Channel::Email, Channel::Chat] {
        tasks.push(world.open(world.opening(channel, "en", None)).await.id);
    }
    world.make_offers().await;
    for (offer, _) in world.standing(amy).await {
        world.accept("amy", offer).await.unwrap();
    }
    let (chat, letter, written_up) = (tasks[0], tasks[1], tasks[2]);
    world
        .do_by_hand(Deed::EndContact, written_up, amy, "", "amy")
        .await
        .unwrap();
    // Two who waited longer than the chat, of the same kind.
    let ben = world.agent_away("ben", &["en"], &[], 2).await;
    world.hand.advance(PRESENCE_TIMEOUT);
    world.look_round().await;
    assert_eq!(world.read_agent(amy).await.presence, Presence::Offline);
    let states = async || {
        let mut states = Vec::new();
        for task in [chat, letter, written_up] {
            states.push(world.read_task(task).await.state);
        }
        states
    };
    assert_eq!(
        states().await,
        [TaskState::Accepted, TaskState::Accepted, TaskState::Wrapping]
    );
    world.hand.advance(Duration::from_secs(59));
    world.look_round().await;
    assert_eq!(
        states().await,
        [TaskState::Accepted, TaskState::Accepted, TaskState::Wrapping]
    );
    world.hand.advance(Duration::from_secs(1));
    world.look_round().await;
    assert_eq!(
        states().await,
        [TaskState::Queued, TaskState::Accepted, TaskState::Completed]
    );
    assert_eq!(world.read_task(chat).await.priority, 8);
    assert_eq!(world.changes(chat).await.last(), Some(&Change::Lapsed));
    assert_eq!(world.read_agent(amy).await.book.load, 1);
    let later = world.open(world.opening(Channel::Chat, "en", None)).await;
    world.presence("ben", Presence::Available).await;
    world.make_offers().await;
    assert_eq!(world.standing(ben).await[0].1, chat, "before whoever came later");
    assert_eq!(world.read_task(later.id).await.state, TaskState::Queued);
    world.hand.advance(Duration::from_hours(8));
    world.look_round().await;
    assert_eq!(world.read_task(letter).await.state, TaskState::Queued);
    world.check().await;
}

#[tokio::test]
async fn who_comes_back_in_time_keeps_what_they_had() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let task = world.open_call().await;
    world.begin("amy", amy).await;
    world.hand.advance(PRESENCE_TIMEOUT);
    world.look_round().await;
    world.hand.advance(Duration::from_secs(30));
    world.presence("amy", Presence::Available).await;
    world.hand.advance(Duration::from_secs(31));
    world.look_round().await;
    assert_eq!(world.read_task(task.id).await.state, TaskState::Accepted);
    world.check().await;
}
