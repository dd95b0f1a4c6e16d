//! Several processes of one region are one region.

use futures_util::future::join_all;
use support_chassis::db::{DatabaseSettings, Db};
use support_chassis::standard::Place;

use super::{POLICY_ID, World, country, policy, shorter, until};

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::print_stdout,
    reason = "the times are shown, not judged: they are those of a busy machine"
)]
async fn what_one_replica_publishes_holds_in_the_other_without_looking() {
    let world = World::new(&["eu"]).await;
    let eu = world.region("eu");
    // They would look once an hour.
    let settings = eu.settings.clone().set("feed.poll_interval_ms", 3_600_000);
    let (one, other) = (eu.start_replica(&settings).await, eu.start_replica(&settings).await);
    let mut took = Vec::new();
    for seconds in [500, 400, 300] {
        one.publish(Place::Global, &policy(seconds)).await;
        took.push(other.until_lifetime(&Place::Global, seconds).await);
    }
    other.publish(country("DE"), &shorter(200)).await;
    took.push(one.until_lifetime(&country("DE"), 200).await);
    println!("from one replica to the other: {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_never_woken_looks() {
    let world = World::new(&["eu"]).await;
    let eu = world.region("eu");
    let one = eu.start().await;
    let writer = Db::connect(&DatabaseSettings::small(eu.database.url())).await.unwrap();
    // As after a wake that was lost: nobody says that there is a record.
    let known = one.book().snapshot();
    let publication = one.publication(&known, Place::Global, &policy(300));
    sqlx::query(
        "insert into standard_publications
         select $1, region, document, place, 2, effective_from, now(), author, approver, reason, $2, $3, tenure_id
         from standard_publications where document = $4",
    )
    .bind(publication.id.uuid())
    .bind(&*publication.content)
    .bind(&publication.digest)
    .bind(POLICY_ID)
    .execute(writer.pool())
    .await
    .unwrap();
    until("it is read", async || {
        one.book().snapshot().records().publication(publication.id).is_some()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shipped_is_published_once() {
    let world = World::new(&["eu", "us"]).await;
    let (eu, us) = (world.region("eu"), world.region("us"));
    let replicas = join_all((0..4).map(|_| eu.start_replica(&eu.settings))).await;
    let us = us.start().await;
    for process in &replicas {
        assert_eq!(
            process.lifetime(&Place::Global),
            (600, "ruler/verification-policy@1".to_owned())
        );
    }
    let published = sqlx::query!("select document, author, version from standard_publications order by document");
    let published = published.fetch_all(replicas[0].kit.db.pool()).await.unwrap();
    let published: Vec<_> = published
        .iter()
        .map(|row| (row.document.as_str(), row.author.as_str(), row.version))
        .collect();
    assert_eq!(
        published,
        [("ruler/territories", "shipped", 1), (POLICY_ID, "shipped", 1)]
    );
    // A region without the authority publishes nothing.
    let own = sqlx::query_scalar!(r#"select count(*) as "count!" from outbox"#);
    assert_eq!(own.fetch_one(us.kit.db.pool()).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_follow_together() {
    let world = World::new(&["eu", "us"]).await;
    let (eu, us) = (world.start("eu").await, world.region("us"));
    let replicas = [us.start().await, us.start_replica(&us.settings).await];
    replicas[0].publish(country("US"), &shorter(500)).await;
    for seconds in [400, 300, 200] {
        eu.publish(Place::Global, &policy(seconds)).await;
        for replica in &replicas {
            replica.until_lifetime(&country("US"), seconds).await;
        }
    }
    let told = sqlx::query_scalar!(
        r#"select count(*) as "count!" from outbox where event_type = 'support.standard.v1.OverlayLifted'"#
    );
    assert_eq!(told.fetch_one(replicas[0].kit.db.pool()).await.unwrap(), 1);
}
