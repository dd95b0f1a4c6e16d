//! The feed on a real PostgreSQL: a source that serves, readers and consumers that crash.

#[path = "feed/exactly_once.rs"]
mod exactly_once;
#[path = "feed/faults.rs"]
mod faults;
#[path = "feed/kept.rs"]
mod kept;
#[path = "feed/order.rs"]
mod order;
#[path = "feed/retention.rs"]
mod retention;
#[path = "feed/serving.rs"]
mod serving;

use std::future::Future;
use std::time::Duration;

use futures_util::future::BoxFuture;
use support_chassis::call::{Call, Caller};
use support_chassis::clock::Clock;
use support_chassis::db::{Db, Tx};
use support_chassis::feed::{self, ApplyError, Consumer, Feed, Received};
use support_chassis::id::Id;
use support_chassis::settings::FeedSettings;
use support_postgres::testing::TestDatabase;
use support_proto::policy::policy;
use support_proto::support::case::v1::CaseAssigned;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use support_proto::support::feed::v1::{Event, SubscribeRequest, SubscribeResponse};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Server};
use tonic::{Request, Status, Streaming};

use crate::data::{connect, database, new_id};

/// More than anything here takes.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
/// The name by which readers register.
pub(crate) const READER: &str = "reader";

/// How a source under test is told to work: it looks often and speaks often.
pub(crate) fn settings() -> FeedSettings {
    FeedSettings {
        retention_days: 3,
        poll_interval_ms: 20,
        heartbeat_seconds: 1,
    }
}

/// A service with a feed.
pub(crate) struct Source {
    pub(crate) db: Db,
    /// Cancelled: the server drains.
    pub(crate) draining: CancellationToken,
    pub(crate) client: FeedServiceClient<Channel>,
    pub(crate) database: TestDatabase,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

impl Source {
    pub(crate) async fn start() -> Self {
        Self::start_with(settings(), Clock::system(), None).await
    }

    /// With `call_limit`, calls have that long.
    pub(crate) async fn start_with(settings: FeedSettings, clock: Clock, call_limit: Option<Duration>) -> Self {
        Self::over(database().await, settings, clock, call_limit).await
    }

    /// Over a database that there is.
    pub(crate) async fn over(
        database: TestDatabase,
        settings: FeedSettings,
        clock: Clock,
        call_limit: Option<Duration>,
    ) -> Self {
        let db = connect(&database).await.with_clock(clock);
        let draining = CancellationToken::new();
        let keep = tokio::spawn(feed::run(db.clone(), settings.clone(), CancellationToken::new()));
        let token = draining.clone();
        // What the server's layers do in a service: say who calls.
        let as_reader = move |mut request: Request<()>| -> Result<Request<()>, Status> {
            let subscribe = policy("/support.feed.v1.FeedService/Subscribe").unwrap();
            let mut call = Call::new(Caller::service(READER), subscribe).with_draining(token.clone());
            if let Some(limit) = call_limit {
                call = call.with_deadline(Instant::now() + limit);
            }
            request.extensions_mut().insert(call);
            Ok(request)
        };
        let service = InterceptedService::new(Feed::server(db.clone(), &settings), as_reader);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serve = tokio::spawn(async move {
            Server::builder()
                .add_service(service)
                .serve_with_incoming(TcpListenerStream::new(listener))
                .await
                .unwrap();
        });
        let client = FeedServiceClient::connect(format!("http://{address}")).await.unwrap();
        let tasks = [keep, serve].map(AbortOnDropHandle::new).into();
        Self {
            db,
            draining,
            client,
            database,
            _tasks: tasks,
        }
    }

    pub(crate) async fn subscribe(&self, after: i64) -> Result<Streaming<SubscribeResponse>, Status> {
        self.subscribe_to(after, &[]).await
    }

    pub(crate) async fn subscribe_to(
        &self,
        after: i64,
        event_types: &[&str],
    ) -> Result<Streaming<SubscribeResponse>, Status> {
        let request = SubscribeRequest {
            consumer: READER.to_owned(),
            after_position: after,
            event_types: event_types.iter().map(ToString::to_string).collect(),
        };
        Ok(self.client.clone().subscribe(request).await?.into_inner())
    }

    /// Writes events with these words, one transaction each.
    pub(crate) async fn publish(&self, words: impl IntoIterator<Item = String>) {
        for words in words {
            let mut tx = self.db.begin().await.unwrap();
            tx.append(new_id(), &event(&words)).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
}

/// An event that says `words`.
pub(crate) fn event(words: &str) -> CaseAssigned {
    CaseAssigned {
        case_id: String::new(),
        agent_id: words.to_owned(),
    }
}

pub(crate) fn words_of(event: &Event) -> String {
    use prost::Message as _;
    CaseAssigned::decode(event.payload.clone()).unwrap().agent_id
}

/// The next message of a stream.
pub(crate) async fn next(stream: &mut Streaming<SubscribeResponse>) -> Result<SubscribeResponse, Status> {
    within(stream.message())
        .await
        .map(|message| message.expect("a subscription ends by an error"))
}

/// The next `count` events of a stream.
pub(crate) async fn events(stream: &mut Streaming<SubscribeResponse>, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while events.len() < count {
        events.extend(next(stream).await.unwrap().events);
    }
    events
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LIMIT, future)
        .await
        .expect("must be there long before")
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let ends_at = Instant::now() + LIMIT;
    while !condition().await {
        assert!(Instant::now() < ends_at, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A consuming service: each event's effect is a row, and nothing but the feed keeps there from being two.
pub(crate) struct Sink {
    pub(crate) db: Db,
    pub(crate) database: TestDatabase,
}

/// What happens to an event besides its effect.
pub(crate) type Mischief =
    dyn for<'t> Fn(&'t mut Tx, &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> + Send + Sync;

/// Writes effects, and then does mischief.
pub(crate) struct Recorder(pub(crate) Box<Mischief>);

impl Recorder {
    pub(crate) fn honest() -> Self {
        Self::with(|_, _| Box::pin(async { Ok(()) }))
    }

    pub(crate) fn with(
        mischief: impl for<'t> Fn(&'t mut Tx, &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(mischief))
    }
}

impl Consumer for Recorder {
    fn event_types(&self) -> Vec<&'static str> {
        vec!["support.case.v1.CaseAssigned"]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        Box::pin(async move {
            let words = event
                .decode::<CaseAssigned>()?
                .expect("only what was asked for comes")
                .agent_id;
            sqlx::query("insert into effects (words) values ($1)")
                .bind(words)
                .execute(tx.conn())
                .await?;
            (self.0)(tx, event).await
        })
    }
}

impl Sink {
    pub(crate) async fn new() -> Self {
        let database = database().await;
        let db = connect(&database).await;
        sqlx::query("create table effects (number bigserial primary key, words text not null)")
            .execute(db.pool())
            .await
            .unwrap();
        Self { db, database }
    }

    /// Starts a consumer. Each replica has connections of its own.
    pub(crate) async fn consume(&self, source: &Source, consumer: impl Consumer) -> AbortOnDropHandle<()> {
        let db = connect(&self.database).await;
        let client = source.client.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            feed::consume(db, READER, "source", client, consumer, CancellationToken::new()).await;
        }))
    }

    /// Waits until everything that the source has committed is applied.
    pub(crate) async fn catch_up(&self, source: &Source) {
        assert!(
            feed::wait_until_caught_up(&self.db, "source", &source.db, LIMIT)
                .await
                .unwrap()
        );
    }

    /// The effects, in the order in which they took place.
    pub(crate) async fn effects(&self) -> Vec<String> {
        sqlx::query_scalar("select words from effects order by number")
            .fetch_all(self.db.pool())
            .await
            .unwrap()
    }
}

pub(crate) fn numbered(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

/// Draws a position in `tx`, and gives it.
pub(crate) async fn append(tx: &mut Tx, subject: Id, words: &str) -> i64 {
    tx.append(subject, &event(words)).await.unwrap();
    sqlx::query_scalar!(r#"select max(position) as "position!" from outbox where txid = pg_current_xact_id()"#)
        .fetch_one(tx.conn())
        .await
        .unwrap()
}
