//! The running service over a database full of articles.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use support_chassis::call::Caller;
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{migrate, run};
use support_chassis::settings::{Settings, TrustRole};
use support_localisation::SERVICE;
use support_localisation::ids::ArticleId;
use support_localisation::ops;
use support_postgres::{Options, Server};
use support_proto::support::localisation::v1::answer_service_client::AnswerServiceClient;
use support_proto::support::localisation::v1::knowledge_service_client::KnowledgeServiceClient;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_testing::{Door, call_as, channel, signing_key, trust};
use time::macros::datetime;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::corpus::{Article, SOURCE};

/// A server that flushes what is committed, and is thrown away with this process.
pub(crate) fn server() -> Server {
    let directory = std::env::temp_dir().join(format!("support-bench-{}", std::process::id()));
    let options = Options {
        remove_at_end: true,
        ..Options::persistent(directory, 0)
    };
    Server::start(&options).unwrap()
}

/// An id of a request that was not given before in this process.
pub(crate) fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("0198f2c4-0000-7000-8000-{:012x}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The database of a deployment.
pub(crate) struct Database {
    settings: Settings,
    connection: PgConnection,
    ids: Ids,
}

impl Database {
    pub(crate) async fn new(server: &Server) -> Self {
        let url = server.ensure_service_database("localisation", "bench").await.unwrap();
        let settings = Settings::new(&["localisation"])
            .set("region", "eu")
            .set("listen", "127.0.0.1:0")
            .set("localisation.database.url", url.as_str())
            .set("localisation.seed_shipped_messages", false)
            .set("peers.case", ["http://127.0.0.1:9"])
            .set("peers.identity-verification", ["http://127.0.0.1:9"])
            .set("passport.signing_key", signing_key("localisation"))
            .set("passport.trust", vec![trust("gateway", TrustRole::Gateway)]);
        migrate(&SERVICE, &settings).await.unwrap();
        let common = SERVICE.settings(&settings).check(true).unwrap();
        let db = support_chassis::db::Db::connect(&common.database).await.unwrap();
        // There are no articles in languages that nobody has made known.
        ops::locales::register(&db).await.unwrap();
        let (clock, _) = Clock::manual(datetime!(2026-01-01 00:00 UTC));
        Self {
            settings,
            connection: PgConnection::connect(&url).await.unwrap(),
            ids: Ids::seeded("eu".parse().unwrap(), clock, 7),
        }
    }

    /// Puts articles in as they are when they have been published.
    pub(crate) async fn put(&mut self, articles: &[Article], tags: &[&str]) {
        let ids: Vec<Uuid> = articles.iter().map(|_| self.ids.next::<ArticleId>().uuid()).collect();
        let slugs: Vec<String> = articles
            .iter()
            .map(|article| format!("article-{}", article.number))
            .collect();
        let lines: Vec<i16> = articles.iter().map(|article| article.product_line).collect();
        let kinds: Vec<i16> = articles
            .iter()
            .map(|article| if article.is_policy { 4 } else { 1 })
            .collect();
        let texts = || {
            articles
                .iter()
                .zip(&ids)
                .flat_map(|(article, id)| article.texts.iter().map(move |text| (*id, text)))
        };
        let of: Vec<Uuid> = texts().map(|(id, _)| id).collect();
        let languages: Vec<&str> = texts().map(|(_, (language, _, _))| tags[*language]).collect();
        let titles: Vec<&str> = texts().map(|(_, (_, title, _))| title.as_str()).collect();
        let bodies: Vec<&str> = texts().map(|(_, (_, _, body))| body.as_str()).collect();
        let mut tx = self.connection.begin().await.unwrap();
        sqlx::query(AssertSqlSafe(format!(
            "insert into articles (id, slug, audience, product_lines, kind, source_language, change)
             select id, slug, 1, array[line], kind, '{SOURCE}', 0
             from unnest($1::uuid[], $2::text[], $3::smallint[], $4::smallint[]) as new (id, slug, line, kind)"
        )))
        .bind(&ids)
        .bind(&slugs)
        .bind(&lines)
        .bind(&kinds)
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query(AssertSqlSafe(format!(
            "insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash,
                                        source_hash, source_version)
             select article_id, language, 1, title, '2026-01-01Z', 'bench', sha256('source'::bytea),
                    case when language <> '{SOURCE}' then sha256('source'::bytea) end,
                    case when language <> '{SOURCE}' then 1 end
             from unnest($1::uuid[], $2::text[], $3::text[]) as new (article_id, language, title)"
        )))
        .bind(&of)
        .bind(&languages)
        .bind(&titles)
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query(
            "insert into article_blocks (article_id, language, version, place, kind, body)
             select article_id, language, 1, 1, 1, body
             from unnest($1::uuid[], $2::text[], $3::text[]) as new (article_id, language, body)",
        )
        .bind(&of)
        .bind(&languages)
        .bind(&bodies)
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// Has the database know what it holds, as one does that has had it for a while.
    pub(crate) async fn rest(&mut self) {
        sqlx::raw_sql("vacuum (analyze)")
            .execute(&mut self.connection)
            .await
            .unwrap();
    }

    /// Another process of the service, but for its memory, which it shares with this one.
    pub(crate) async fn replica(&self) -> Replica {
        let lifecycle = Lifecycle::new();
        let running = run(&SERVICE, &self.settings, &lifecycle, None).await.unwrap();
        Replica {
            channel: channel(running.address),
            lifecycle,
        }
    }
}

/// The running service.
pub(crate) struct Replica {
    channel: Channel,
    lifecycle: Lifecycle,
}

impl Replica {
    /// Another connection to it.
    fn door(&self, kind: CallerKind, subject: &str, scopes: &[&str]) -> Door {
        let caller = Caller {
            kind,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            assurance: AssuranceLevel::Aal1,
            ..Caller::service(subject)
        };
        call_as(&self.channel, &caller, Clock::system().now())
    }

    /// As somebody who looks for help.
    pub(crate) fn visitor(&self) -> AnswerServiceClient<Door> {
        AnswerServiceClient::new(self.door(CallerKind::Anonymous, "visit-1", &[]))
    }

    /// As somebody who writes articles.
    pub(crate) fn author(&self) -> KnowledgeServiceClient<Door> {
        let scopes = ["articles.read", "articles.write"];
        KnowledgeServiceClient::new(self.door(CallerKind::Staff, "sam", &scopes))
    }

    /// As somebody who approves and publishes them.
    pub(crate) fn reviewer(&self) -> KnowledgeServiceClient<Door> {
        let scopes = ["articles.approve", "articles.publish", "articles.read"];
        KnowledgeServiceClient::new(self.door(CallerKind::Operator, "olga", &scopes))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.lifecycle.abort();
    }
}
