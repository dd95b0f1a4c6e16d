//! What must be so at any time.

use sqlx::PgConnection;
use support_chassis::db::Db;
use support_routing::domain::{Channel, Held, Sharing, transition};

/// Holds a database against everything that must be so at any time.
pub(crate) async fn check(db: &Db) {
    // One snapshot for all: others may be at work.
    let mut tx = db.begin().await.unwrap();
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(tx.conn())
        .await
        .unwrap();
    check_loads(tx.conn()).await;
    check_offers(tx.conn()).await;
    check_participants(tx.conn()).await;
    check_histories(tx.conn()).await;
    tx.rollback().await.unwrap();
}

async fn check_loads(connection: &mut PgConnection) {
    let agents = sqlx::query!(
        r#"select a.id, a.load, a.capacity, a.shares, a.apart, a.held as packed, coalesce(sum(h.weight), 0) as "held!",
             coalesce(array_agg(h.channel) filter (where h.channel is not null), '{}') as "channels!"
         from agents a left join (
             select agent_id, weight, channel from tasks where state in ('offered', 'accepted', 'wrapping')
             union all
             select p.agent_id, p.weight, t.channel from task_participants p join tasks t on t.id = p.task_id
         ) as h on h.agent_id = a.id
         group by a.id"#
    )
    .fetch_all(connection)
    .await
    .unwrap();
    for agent in agents {
        assert_eq!(
            i64::from(agent.load),
            agent.held,
            "agent {} holds what the books say",
            agent.id
        );
        assert!(
            (0..=agent.capacity).contains(&agent.load),
            "agent {} is within capacity",
            agent.id
        );
        let (held, sharing) = (
            Held::unpacked(agent.packed),
            Sharing::unpacked(agent.shares, agent.apart),
        );
        for channel in Channel::ALL {
            let count = agent.channels.iter().filter(|held| *held == channel.as_str()).count();
            assert_eq!(
                usize::from(held.of(*channel)),
                count,
                "agent {} holds by {channel}",
                agent.id
            );
            for other in Channel::ALL {
                let are_both = held.of(*channel) > 0 && held.of(*other) > 0;
                assert!(
                    !are_both || sharing.mix(*channel, *other),
                    "agent {}: {channel} and {other}",
                    agent.id
                );
            }
        }
    }
}

/// A task is offered exactly where one offer of it stands, to the agent who is asked.
async fn check_offers(connection: &mut PgConnection) {
    let wrong = sqlx::query_scalar!(
        r#"select t.id from tasks t
         where (select count(*) from offers o where o.task_id = t.id and o.ended_at is null and o.agent_id = t.agent_id)
                 <> case when t.state = 'offered' then 1 else 0 end
             or exists (
                 select 1 from offers o
                 where o.task_id = t.id and o.ended_at is null and o.agent_id is distinct from t.agent_id
             )"#
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    assert!(wrong.is_empty(), "offers and tasks do not fit: {wrong:?}");
    let absent = sqlx::query_scalar!(
        "select o.id from offers o join agents a on a.id = o.agent_id
         where o.ended_at is null and a.presence <> 'available'"
    )
    .fetch_all(connection)
    .await
    .unwrap();
    assert!(absent.is_empty(), "nobody who is away is asked: {absent:?}");
}

/// Only a contact that goes on has joined anybody, and nobody who has the task; as many have joined as the history says.
async fn check_participants(connection: &mut PgConnection) {
    let wrong = sqlx::query_scalar!(
        r#"select t.id from tasks t
         where exists (
                 select 1 from task_participants p
                 where p.task_id = t.id and (t.state <> 'accepted' or p.agent_id = t.agent_id)
             )
             or (select count(*) from task_participants p where p.task_id = t.id)
                 <> (select count(*) filter (where h.change = 'joined') - count(*) filter (where h.change = 'left')
                     from task_history h where h.task_id = t.id)"#
    )
    .fetch_all(connection)
    .await
    .unwrap();
    assert!(wrong.is_empty(), "who has joined does not fit: {wrong:?}");
}

async fn check_histories(connection: &mut PgConnection) {
    let tasks = sqlx::query!(
        r#"select t.id, t.version, t.state, t.offer_count,
             array(select h.change from task_history h where h.task_id = t.id order by h.sequence) as "changes!",
             array(select h.sequence from task_history h where h.task_id = t.id order by h.sequence) as "sequences!",
             (select count(*) from outbox e where e.subject_id = t.id) as "events!"
         from tasks t"#
    )
    .fetch_all(connection)
    .await
    .unwrap();
    for task in tasks {
        let count = i64::try_from(task.changes.len()).unwrap();
        assert_eq!(
            task.sequences,
            (1..=count).collect::<Vec<_>>(),
            "history of {} is without gaps",
            task.id
        );
        assert_eq!(
            (task.version, task.events),
            (count, count),
            "each change of {} has its entry and event",
            task.id
        );
        let count_of = |words: &[&str]| {
            task.changes
                .iter()
                .filter(|change| words.contains(&change.as_str()))
                .count()
        };
        let is_ended = matches!(task.state.as_str(), "completed" | "canceled");
        assert_eq!(
            count_of(&["completed", "canceled", "given_up"]),
            usize::from(is_ended),
            "{} ends once",
            task.id
        );
        assert_eq!(
            count_of(&["offered", "assigned"]),
            usize::try_from(task.offer_count).unwrap(),
            "offers of {}",
            task.id
        );
        let mut state = None;
        for change in &task.changes {
            state = transition(state, change.parse().unwrap());
            assert!(
                state.is_some(),
                "{} went a way that there is: {:?}",
                task.id,
                task.changes
            );
        }
        assert_eq!(
            state.unwrap().as_str(),
            task.state,
            "{} is where its history leads",
            task.id
        );
    }
}
