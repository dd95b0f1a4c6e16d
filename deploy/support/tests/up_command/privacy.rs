//! After a replay and a story nothing that leaves the system or is kept by it tells who anybody is or what they said: no table of
//! any database, no line that was printed, no span, no log record, no metric that a collector was sent.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use support::session::Session;
use support_proto::support::identity::v1::{ListOutboxMessagesRequest, OutboxMessage};

use crate::collector::Collector;
use crate::process::{Up, free_ports, support};

/// Who calls in the replay.
const PEOPLE: &str = "\
id,first_name,last_name,email,address1,address2,city,state,zip,country
one,Zebulonia,Quillfeather,zebulonia.quillfeather@example.com,1 Road,,Denver,CO,80279,USA
two,Mirabelline,Oxenstierna,mirabelline@example.net,2 Road,,Denver,CO,80279,USA
three,Fjodorowna,Tschikatschow,fjodorowna@example.org,3 Road,,Denver,CO,80279,USA
";
/// What their devices lack.
const FAULTS: &str = "\
id,country,product_category,brand,year_of_manufacture,product_age,repair_status,repair_barrier_if_end_of_life,event_date,problem
a,DEU,Laptop,Unknown,,2,Fixed,,2020-06-20,Lüfterquietschen seit dem Umzug nach Oberammergau
b,GBR,Mobile,Unknown,,1,Repairable,,2020-06-21,It hums like a beehive since Wimbledon
";
/// What must be found nowhere, of these and of the story that `demo` tells.
const TOLD: [&str; 13] = [
    "Zebulonia",
    "Quillfeather",
    "Mirabelline",
    "Oxenstierna",
    "Fjodorowna",
    "Tschikatschow",
    "Oberammergau",
    "beehive since Wimbledon",
    "Anna Beispiel",
    "Frau Beispiel",
    "Akku hält nur bis mittags",
    "App mit dem größten Verbrauch",
    "Akku gewölbt",
];

/// A morning of six calls, two of which are about devices.
fn day() -> String {
    let mut rows =
        "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\tq_exit\t\
                    q_time\toutcome\tser_start\tser_exit\tser_time\tserver\n"
            .to_owned();
    for call in 0..6 {
        let (minute, server) = (call * 2, ["DORIT", "TOVA"][call % 2]);
        writeln!(
            rows,
            "AA0101\t{call}\t0\t0\tPS\t990201\t7:{minute:02}:00\t7:{minute:02}:10\t10\t0:00:00\t0:00:00\t0\tAGENT\t\
             7:{minute:02}:10\t7:{minute:02}:50\t40\t{server}"
        )
        .unwrap();
    }
    rows
}

fn data(place: &Path) -> String {
    for (file, text) in [
        ("calls/bank-1999-02.tsv", day().as_str()),
        ("people/customers.csv", PEOPLE),
        ("repairs/open-repair.csv", FAULTS),
    ] {
        let path = place.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    place.to_str().unwrap().to_owned()
}

fn went_well(what: &str, output: &Output) {
    let said = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{what}: {}{}",
        said(&output.stdout),
        said(&output.stderr)
    );
}

/// A system's PostgreSQL, looked into as the superuser.
struct Books(PgConnectOptions);

impl Books {
    fn of(up: &Up, port: u16) -> Self {
        let printed = up.printed();
        let (_, behind) = printed
            .split_once("PGPASSWORD=\"$(cat '")
            .expect("the line to look into it");
        let file = behind.split_once('\'').unwrap().0;
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(port)
            .username("postgres")
            .password(fs::read_to_string(file).unwrap().trim());
        Self(options)
    }

    async fn open(&self, database: &str) -> PgConnection {
        PgConnection::connect_with(&self.0.clone().database(database))
            .await
            .unwrap()
    }

    /// All rows of all tables of all services, with the names of their database and table.
    async fn dump(&self) -> Vec<(String, String, String)> {
        let databases: Vec<String> =
            sqlx::query_scalar("select datname::text from pg_database where datname like 'support%'")
                .fetch_all(&mut self.open("postgres").await)
                .await
                .unwrap();
        assert_eq!(databases.len(), 6, "{databases:?}");
        let mut dump = Vec::new();
        for database in databases {
            let mut connection = self.open(&database).await;
            let tables: Vec<String> = sqlx::query_scalar(
                "select format('%I.%I', schemaname, tablename) from pg_tables
                 where schemaname not in ('pg_catalog', 'information_schema')",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            for table in tables {
                // The name comes quoted from the database itself.
                let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
                    "select to_jsonb(held)::text from {table} as held"
                )))
                .fetch_all(&mut connection)
                .await
                .unwrap();
                let name = table.trim_start_matches("public.").to_owned();
                dump.extend(rows.into_iter().map(|row| (database.clone(), name.clone(), row)));
            }
        }
        dump
    }
}

/// What stood in the customers' mailboxes, as an operator of a local system is told: it has no other.
struct Letters {
    /// To whom they went.
    addresses: Vec<String>,
    /// The lines that held a code, and the codes.
    codes: Vec<String>,
    /// The deliveries that they came by, which stand in the tables by their ids.
    deliveries: Vec<String>,
}

impl Letters {
    async fn of(gateway: &str, token: &str) -> Self {
        let operator = Session::connect(gateway).unwrap().as_operator(token).unwrap();
        let mut letters = Vec::new();
        let mut asked = ListOutboxMessagesRequest {
            page_size: 200,
            ..ListOutboxMessagesRequest::default()
        };
        loop {
            let page = operator.outbox().list_outbox_messages(asked.clone()).await;
            let page = page.unwrap().into_inner();
            letters.extend(page.messages);
            if page.next_page_token.is_empty() {
                break;
            }
            asked.page_token = page.next_page_token;
        }
        let code = |text: &str| {
            let mut runs = text.split(|letter: char| !letter.is_ascii_digit());
            runs.find(|run| run.len() == 6).map(str::to_owned)
        };
        let mut codes = Vec::new();
        for line in letters.iter().flat_map(|letter| letter.body.lines()) {
            if let Some(code) = code(line) {
                // As a string of its own: six digits may stand in a number or a time by chance.
                codes.extend([line.trim().to_owned(), format!("\"{code}\"")]);
            }
        }
        let id = |letter: &OutboxMessage| letter.delivery_id.split_once('-').map(|(_, id)| id.to_owned());
        Self {
            deliveries: letters.iter().filter_map(id).collect(),
            addresses: letters.into_iter().map(|letter| letter.recipient).collect(),
            codes,
        }
    }
}

#[test]
fn a_replay_leaves_no_name_no_word_and_no_code_in_tables_logs_or_traces() {
    let (place, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let collector = Collector::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_support"));
    command
        .env(
            "SUPPORT_TELEMETRY__OTLP_ENDPOINT",
            format!("http://{}", collector.address),
        )
        .env("SUPPORT_TELEMETRY__METRIC_INTERVAL_SECONDS", "5")
        // All that our own code says, at its most talkative, and what the database client says of its statements.
        .env(
            "RUST_LOG",
            "debug,h2=info,hyper=info,hyper_util=info,tower=info,mio=info",
        );
    let base = free_ports();
    let mut up = Up::start_as(command, place.path(), base, &[]);
    up.wait_for("ready after");
    went_well("the story", &support(&["demo", "--brief", "--data-dir", up.place()]));
    let played = support(&[
        "replay",
        &data(files.path()),
        "--data-dir",
        up.place(),
        "--speed",
        "60",
        "--repair-every",
        "3",
        "--run",
        "looked-at",
    ]);
    went_well("the replay", &played);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let books = Books::of(&up, base + 10);
    let token = support(&["token", "--operator", "--data-dir", up.place()]).stdout;
    let token = String::from_utf8(token).unwrap();
    let gateway = format!("http://127.0.0.1:{base}");
    let Letters {
        addresses,
        codes,
        deliveries,
    } = runtime.block_on(Letters::of(&gateway, token.trim()));
    assert!(addresses.len() >= 7 && codes.len() >= 14, "{} letters", addresses.len());
    let dump = runtime.block_on(books.dump());
    up.signal("INT");
    assert_eq!(up.ended(Duration::from_mins(1)), Some(0));
    let (printed, sent) = (up.printed(), collector.collected());

    let told: Vec<&str> = TOLD
        .into_iter()
        .chain(addresses.iter().chain(&codes).map(String::as_str))
        .collect();
    let in_hex = |text: &str| text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let hex: Vec<_> = told.iter().map(|text| in_hex(text)).collect();
    for (database, table, row) in &dump {
        let found = told
            .iter()
            .zip(&hex)
            .find(|(text, hex)| row.contains(**text) || row.contains(*hex));
        assert_eq!(found, None, "{database}: {table} holds it: {row}");
    }
    // The search finds what is there: every letter came by a delivery.
    let is_there = |id: &&String| dump.iter().any(|(.., row)| row.contains(id.as_str()));
    assert_eq!(deliveries.iter().filter(is_there).count(), addresses.len());
    let look = |kind: &str, lines: &mut dyn Iterator<Item = &str>| {
        for line in lines {
            let found = told.iter().find(|text| line.contains(**text));
            assert_eq!(found, None, "{kind}: {line}");
        }
    };
    look("printed", &mut printed.lines());
    look("a span", &mut sent.spans.iter().map(String::as_str));
    look("a log record", &mut sent.logs.iter().map(String::as_str));
    look("a metric", &mut sent.metrics.iter().map(String::as_str));

    // All of it was there to be looked at.
    for method in [
        "support.identity.v1.CustomerService/CreateCustomer",
        "support.identity.v1.VerificationService/StartVerification",
        "support.case.v1.CaseService/OpenCase",
        "support.case.v1.CaseService/PostMessage",
        "support.repair.v1.RepairService/SubmitRepair",
        "support.routing.v1.",
    ] {
        assert!(
            sent.spans.iter().any(|span| span.contains(method)),
            "no span of {method} among {}",
            sent.spans.len()
        );
    }
    assert!(!sent.metrics.is_empty() && printed.contains("sqlx"), "{printed}");
}
