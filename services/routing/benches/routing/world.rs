//! A database with agents and tasks, on a server of its own.

use sqlx::AssertSqlSafe;
use support_calendars::Calendars;
use support_chassis::clock::Clock;
use support_chassis::db::{DatabaseSettings, Db};
use support_chassis::id::{Id, Ids};
use support_chassis::standard::Standard;
use support_postgres::{Options, Server};
use support_routing::domain::{Attributes, Channel, Named, Opening, TaskId};
use support_routing::live::Live;
use support_routing::ops;
use support_routing::plan::Book;
use support_routing::work::keeper::Keeper;
use support_routing::{MIGRATOR, ROUTING_PLAN};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::floor::CAPACITY;

/// A server that flushes what is committed, and is thrown away with this process.
pub(crate) fn server() -> Server {
    let directory = std::env::temp_dir().join(format!("support-bench-{}", std::process::id()));
    let options = Options {
        remove_at_end: true,
        ..Options::persistent(directory, 0)
    };
    Server::start(&options).unwrap()
}

/// An expression for ids as the service makes them, which name its region, with a number at their end.
fn id(made: OffsetDateTime, kind: u64, number: &str) -> String {
    let first = Id::from_parts("eu".parse().unwrap(), made, kind << 48)
        .uuid()
        .to_string();
    format!("('{}' || lpad(to_hex({number}), 12, '0'))::uuid", &first[..24])
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) url: String,
    admin: String,
    pub(crate) db: Db,
    pub(crate) ids: Ids,
    pub(crate) clock: Clock,
    pub(crate) book: Book,
}

impl World {
    pub(crate) async fn start(server: &Server) -> Self {
        let url = server.ensure_service_database("routing", "bench").await.unwrap();
        let db = Db::connect(&DatabaseSettings {
            max_connections: 20,
            ..DatabaseSettings::small(url.clone())
        })
        .await
        .unwrap();
        db.migrate(&MIGRATOR).await.unwrap();
        let clock = Clock::system();
        Self {
            url,
            admin: server.superuser_url(),
            db,
            ids: Ids::new("eu".parse().unwrap(), clock.clone()),
            clock,
            book: Book::new(Standard::shipped(&ROUTING_PLAN), Calendars::shipped()),
        }
    }

    pub(crate) fn keeper(&self) -> Keeper {
        let (db, ids, clock) = (self.db.clone(), self.ids.clone(), self.clock.clone());
        Keeper::new(db, ids, clock, self.book.clone(), Live::default())
    }

    pub(crate) async fn run(&self, statements: &str) {
        // Connections of the pool have little time for a statement.
        let mut connection = self.connection().await;
        let statements = format!("set statement_timeout = 0; {statements}");
        sqlx::raw_sql(AssertSqlSafe(statements))
            .execute(&mut connection)
            .await
            .unwrap();
    }

    pub(crate) async fn connection(&self) -> sqlx::PgConnection {
        <sqlx::PgConnection as sqlx::Connection>::connect(&self.url)
            .await
            .unwrap()
    }

    /// Has the database write all its pages, so that every round begins alike.
    pub(crate) async fn settle(&self) {
        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&self.admin)
            .await
            .unwrap();
        sqlx::raw_sql("checkpoint").execute(&mut connection).await.unwrap();
    }

    /// Has the database keep segments of its log for use again, as one does that has run for a while: a new one is filled with zeros
    /// first, and everybody waits for that.
    pub(crate) async fn wear_in(&self) {
        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&self.admin)
            .await
            .unwrap();
        for statement in [
            "alter system set min_wal_size = '1GB'",
            "select pg_reload_conf()",
            "create table scratch as select repeat(md5(n::text), 30) as words from generate_series(1, 700000) as n",
            "checkpoint",
            "drop table scratch",
            "checkpoint",
        ] {
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        }
    }

    /// What the database says of whether a commit is on the disk.
    pub(crate) async fn durability(&self) -> String {
        let (fsync, commit, pages, version): (String, String, String, String) = sqlx::query_as(
            "select current_setting('fsync'), current_setting('synchronous_commit'),
                    current_setting('full_page_writes'), current_setting('server_version')",
        )
        .fetch_one(self.db.pool())
        .await
        .unwrap();
        format!("PostgreSQL {version}: fsync {fsync}, synchronous_commit {commit}, full_page_writes {pages}")
    }

    /// A letter comes, about no product.
    pub(crate) async fn open(&self, language: &str) -> TaskId {
        self.open_all(language, 1).await.remove(0)
    }

    /// Letters come, about no product, in one transaction.
    pub(crate) async fn open_all(&self, language: &str, count: usize) -> Vec<TaskId> {
        let mut tx = self.db.begin().await.unwrap();
        let mut opened = Vec::new();
        for _ in 0..count {
            let opening = Opening {
                case_id: self.ids.next(),
                attributes: Attributes::new(Channel::Email, language.parse().unwrap()),
                named: Named::default(),
            };
            let source: Id = self.ids.next();
            let now = self.clock.now();
            let task = ops::tasks::open(&mut tx, &self.ids, &self.book, opening, source.uuid(), now, now).await;
            opened.push(task.unwrap().unwrap().id);
        }
        tx.commit().await.unwrap();
        opened
    }

    pub(crate) async fn is_waiting(&self, task: TaskId) -> bool {
        sqlx::query_scalar("select state = 'queued' from tasks where id = $1")
            .bind(task.uuid())
            .fetch_one(self.db.pool())
            .await
            .unwrap()
    }

    /// Makes agents who are available: each speaks one of forty languages and knows three of the seven product lines.
    pub(crate) async fn fill_agents(&self, agents: usize) {
        let id = id(datetime!(2026-01-01 00:00 UTC), 1, "n");
        self.run(&format!(
            "create temporary table made as select n, {id} as id from generate_series(1, {agents}) as n;
             insert into agents (id, subject, display_name, site, time_zone, capacity, presence, presence_since, idle_since, created_at)
             select id, 'agent-' || n, 'Kim', 'Cork', 'Europe/Dublin', {CAPACITY}, 'available', now(),
                 now() - n * interval '1 millisecond', now()
             from made;
             insert into agent_sightings (agent_id, seen_at) select id, now() + interval '1 day' from made;
             insert into agent_languages (agent_id, language, level)
             select id, (array['ar', 'bg', 'bn', 'cs', 'da', 'de', 'el', 'en', 'es', 'et', 'fi', 'fr', 'he', 'hi', 'hr', 'hu', 'id', 'it',
                 'ja', 'ko', 'lt', 'lv', 'ms', 'nb', 'nl', 'pl', 'pt', 'ro', 'ru', 'sk', 'sl', 'sr', 'sv', 'ta', 'te', 'th', 'tr', 'uk',
                 'vi', 'zh'])[1 + n % 40], 5 from made;
             insert into agent_skills (agent_id, product_line, level)
             select distinct id, (array['phone', 'laptop', 'tablet', 'watch', 'audio', 'desktop', 'accessory'])[1 + (n / 40 + k * k) % 7], 2 + k
             from made, generate_series(0, 2) as k;
             analyze agents, agent_languages, agent_skills;"
        ))
        .await;
    }

    /// Makes calls that wait, in those languages and about those products.
    pub(crate) async fn fill_tasks(&self, tasks: usize) {
        let id = id(datetime!(2026-02-01 00:00 UTC), 2, "n");
        self.run(&format!(
            "create temporary table made as select n, {id} as id from generate_series(1, {tasks}) as n;
             insert into tasks (id, version, source_event_id, case_id, state, channel, language, product_line, priority, weight, queue_time)
             select id, 1, id, id, 'queued', 'phone', (array['ar', 'bg', 'bn', 'cs', 'da', 'de', 'el', 'en', 'es', 'et', 'fi', 'fr', 'he',
                 'hi', 'hr', 'hu', 'id', 'it', 'ja', 'ko', 'lt', 'lv', 'ms', 'nb', 'nl', 'pl', 'pt', 'ro', 'ru', 'sk', 'sl', 'sr', 'sv', 'ta',
                 'te', 'th', 'tr', 'uk', 'vi', 'zh'])[1 + n % 40],
                 (array['phone', 'laptop', 'tablet', 'watch', 'audio', 'desktop', 'accessory'])[1 + n % 7], 3 + n % 7, 6,
                 now() - n * interval '1 millisecond'
             from made;
             insert into task_history (task_id, sequence, change, occurred_at) select id, 1, 'queued', now() from made;
             analyze tasks, task_history;"
        ))
        .await;
    }
}
