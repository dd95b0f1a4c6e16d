//! What can be seen of a service's database from outside: the pool, and how far the readers of its feed are behind.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use opentelemetry::{KeyValue, global};

use crate::db::{Db, DbError};
use crate::lifecycle::{BoxError, Lifecycle};
use crate::telemetry::semconv;

/// How often the database is asked: an observation must not wait for it.
const SAMPLE_EVERY: Duration = Duration::from_secs(5);

/// What the last look into the database found.
#[derive(Debug, Default)]
struct Sample {
    /// By consumer: the positions it has not acknowledged, and the age of the oldest in seconds.
    behind: BTreeMap<String, (u64, f64)>,
    /// By source: the events set aside.
    parked: BTreeMap<String, u64>,
}

/// Registers the gauges of a service; what it returns keeps them true while the service lives.
pub(super) fn observe(
    service: &'static str,
    db: &Db,
    lifecycle: &Lifecycle,
) -> impl Future<Output = Result<(), BoxError>> + Send + 'static {
    let sample = Arc::new(Mutex::new(Sample::default()));
    observe_pool(service, db);
    observe_feed(service, &Arc::downgrade(&sample));
    let db = db.clone();
    lifecycle.every(SAMPLE_EVERY, None, move || {
        let (db, sample) = (db.clone(), Arc::clone(&sample));
        async move {
            let looked = look(&db).await?;
            *sample.lock().unwrap_or_else(PoisonError::into_inner) = looked;
            Ok::<(), DbError>(())
        }
    })
}

fn observe_pool(service: &'static str, db: &Db) {
    let meter = global::meter("support-chassis");
    let name = KeyValue::new(semconv::DB_CLIENT_CONNECTION_POOL_NAME, service);
    let (pool, labels) = (db.pool().clone(), [name.clone()]);
    let idle = [name.clone(), KeyValue::new(semconv::DB_CLIENT_CONNECTION_STATE, "idle")];
    let used = [name, KeyValue::new(semconv::DB_CLIENT_CONNECTION_STATE, "used")];
    let counted = pool.clone();
    meter
        .u64_observable_gauge(semconv::DB_CLIENT_CONNECTION_COUNT)
        .with_unit("{connection}")
        .with_description("Connections to the database")
        .with_callback(move |observer| {
            if !counted.is_closed() {
                let (all, unused) = (u64::from(counted.size()), counted.num_idle() as u64);
                observer.observe(unused, &idle);
                observer.observe(all.saturating_sub(unused), &used);
            }
        })
        .build();
    meter
        .u64_observable_gauge(semconv::DB_CLIENT_CONNECTION_MAX)
        .with_unit("{connection}")
        .with_description("Connections to the database there may be")
        .with_callback(move |observer| {
            if !pool.is_closed() {
                observer.observe(u64::from(pool.options().get_max_connections()), &labels);
            }
        })
        .build();
}

fn observe_feed(service: &'static str, sample: &Weak<Mutex<Sample>>) {
    let meter = global::meter("support-chassis");
    let reading = sample.clone();
    meter
        .u64_observable_gauge("support.outbox.depth")
        .with_unit("{event}")
        .with_description("Positions of the feed that a consumer has not acknowledged")
        .with_callback(move |observer| {
            each(
                &reading,
                |sample| &sample.behind,
                |consumer, (depth, _)| {
                    observer.observe(
                        *depth,
                        &[KeyValue::new("service", service), KeyValue::new("consumer", consumer)],
                    );
                },
            );
        })
        .build();
    let reading = sample.clone();
    meter
        .f64_observable_gauge("support.outbox.oldest_age")
        .with_unit("s")
        .with_description("Age of the oldest event that a consumer has not acknowledged")
        .with_callback(move |observer| {
            each(
                &reading,
                |sample| &sample.behind,
                |consumer, (_, age)| {
                    observer.observe(
                        *age,
                        &[KeyValue::new("service", service), KeyValue::new("consumer", consumer)],
                    );
                },
            );
        })
        .build();
    let reading = sample.clone();
    meter
        .u64_observable_gauge("support.feed.parked")
        .with_unit("{event}")
        .with_description("Events of another service that could not be applied and wait for a person")
        .with_callback(move |observer| {
            each(
                &reading,
                |sample| &sample.parked,
                |source, parked| {
                    observer.observe(
                        *parked,
                        &[KeyValue::new("service", service), KeyValue::new("source", source)],
                    );
                },
            );
        })
        .build();
}

fn each<V>(
    sample: &Weak<Mutex<Sample>>,
    of: impl Fn(&Sample) -> &BTreeMap<String, V>,
    mut observe: impl FnMut(String, &V),
) {
    // The service has ended where it is gone; the callback outlives it, as callbacks cannot be taken back.
    if let Some(sample) = sample.upgrade() {
        let sample = sample.lock().unwrap_or_else(PoisonError::into_inner);
        for (label, value) in of(&sample) {
            observe(label.clone(), value);
        }
    }
}

async fn look(db: &Db) -> Result<Sample, DbError> {
    let mut connection = db.read().await?;
    let behind = sqlx::query!(
        r#"select
               name,
               greatest((select coalesce(max(position), 0) from outbox) - feed_consumers.position, 0) as "depth!",
               coalesce(extract(epoch from now() - (
                   select occurred_at from outbox
                   where outbox.position > feed_consumers.position
                   order by outbox.position limit 1
               )), 0)::float8 as "age!"
           from feed_consumers"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let parked = sqlx::query!(r#"select source, count(*) as "parked!" from feed_parked group by source"#)
        .fetch_all(&mut *connection)
        .await?;
    Ok(Sample {
        behind: behind
            .into_iter()
            .map(|row| (row.name, (u64::try_from(row.depth).unwrap_or(0), row.age.max(0.0))))
            .collect(),
        parked: parked
            .into_iter()
            .map(|row| (row.source, u64::try_from(row.parked).unwrap_or(0)))
            .collect(),
    })
}
