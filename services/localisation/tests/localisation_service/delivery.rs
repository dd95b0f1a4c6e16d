//! Catalogues brought to whoever holds them, by the service as it runs, and by the library that others hold them with.

use support_chassis::settings::Settings;
use support_proto::support::localisation::v1::{
    Argument, CatalogueChange, CatalogueMessage, HeldCatalogue, PublishMessagesRequest, RecallMessageRequest,
    RecallMessageResponse, TextOrigin, WatchCataloguesRequest, WatchCataloguesResponse,
};
use support_testing::LIMIT;
use support_words::catalogue::{Arguments, Value};
use support_words::client::{NoWords, Words};
use support_words::digest;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Streaming};

use crate::world::{World, anonymous, assert_refused, customer, eventually, operator, peer, request_id, staff};

fn publishing(locale: &str, messages: &[(&str, &str)]) -> PublishMessagesRequest {
    PublishMessagesRequest {
        request_id: request_id(),
        locale: locale.to_owned(),
        messages: messages
            .iter()
            .map(|(key, pattern)| CatalogueMessage {
                key: (*key).to_owned(),
                pattern: (*pattern).to_owned(),
                locale: String::new(),
            })
            .collect(),
        expected_version: 0,
    }
}

async fn publish(world: &World, locale: &str, messages: &[(&str, &str)]) {
    world
        .messages(&operator())
        .publish_messages(publishing(locale, messages))
        .await
        .unwrap();
}

async fn watch(world: &World, request: WatchCataloguesRequest) -> Streaming<WatchCataloguesResponse> {
    world
        .delivery(&anonymous())
        .watch_catalogues(request)
        .await
        .unwrap()
        .into_inner()
}

/// The messages up to the one with which all is there.
async fn burst(stream: &mut Streaming<WatchCataloguesResponse>) -> Vec<WatchCataloguesResponse> {
    let mut messages = Vec::new();
    let gather = async {
        loop {
            let message = stream.message().await.unwrap().expect("the stream goes on");
            messages.push(message);
            if messages.last().unwrap().is_current {
                break;
            }
        }
    };
    tokio::time::timeout(LIMIT, gather).await.expect("all is there in time");
    messages
}

async fn changes(stream: &mut Streaming<WatchCataloguesResponse>) -> Vec<CatalogueChange> {
    let burst = burst(stream).await;
    burst.into_iter().flat_map(|message| message.changes).collect()
}

fn held(locale: &str, version: i64, messages: &[(&str, &str)]) -> HeldCatalogue {
    HeldCatalogue {
        locale: locale.to_owned(),
        version,
        digest: digest(messages.iter().copied()),
    }
}

fn texts(change: &CatalogueChange) -> Vec<(&str, &str)> {
    let messages = change.messages.iter();
    messages
        .map(|message| (message.key.as_str(), message.pattern.as_str()))
        .collect()
}

/// A replica that publishes nothing by itself.
fn bare(settings: Settings) -> Settings {
    settings.set("localisation.seed_shipped_messages", false)
}

/// The text that somebody who reads `language` is shown.
fn shown(words: &Words, key: &str, language: &str) -> Shown {
    let text = words.text(key, &[language.to_owned()], &Arguments::new())?;
    Ok((text.text, text.locale, text.version))
}

type Shown = Result<(String, String, i64), NoWords>;

#[expect(clippy::unnecessary_wraps, reason = "what it is compared with may be an error")]
fn told(text: &str, locale: &str, version: i64) -> Shown {
    Ok((text.to_owned(), locale.to_owned(), version))
}

/// Waits for a text, and gives how long that took.
async fn until_shown(words: &Words, key: &str, language: &str, text: &str) {
    eventually(text, || async {
        shown(words, key, language).is_ok_and(|shown| shown.0 == text)
    })
    .await;
}

#[tokio::test]
async fn a_watcher_is_sent_what_there_is_and_then_every_publishing() {
    let world = World::bare().await;
    publish(&world, "en", &[("a", "A"), ("b", "B")]).await;
    let mut stream = watch(&world, WatchCataloguesRequest::default()).await;
    let first = burst(&mut stream).await;
    assert_eq!(first[0].default_locale, "en");
    assert!(first[0].locales.iter().any(|locale| locale.tag == "ar"));
    let all: Vec<_> = first.iter().flat_map(|message| &message.changes).collect();
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].locale.as_str(), all[0].version, all[0].replaces_all),
        ("en", 1, true)
    );
    assert_eq!(texts(all[0]), [("a", "A"), ("b", "B")]);
    assert_eq!(all[0].digest, digest([("a", "A"), ("b", "B")]));

    publish(&world, "en", &[("b", "B2"), ("c", "C")]).await;
    let next = burst(&mut stream).await;
    assert!(
        next.iter().all(|message| message.locales.is_empty()),
        "the locales are the same"
    );
    let all: Vec<_> = next.iter().flat_map(|message| &message.changes).collect();
    assert_eq!((all[0].version, all[0].replaces_all), (2, false));
    assert_eq!(texts(all[0]), [("b", "B2"), ("c", "C")]);
    assert_eq!(all[0].digest, digest([("a", "A"), ("b", "B2"), ("c", "C")]));
}

#[tokio::test]
async fn who_comes_back_is_sent_what_it_has_missed() {
    let world = World::bare().await;
    publish(&world, "en", &[("a", "A"), ("b", "B")]).await;
    publish(&world, "de", &[("a", "A de")]).await;
    publish(&world, "en", &[("b", "B2")]).await;
    publish(&world, "en", &[("c", "C")]).await;
    let comes_back = async |held: Vec<HeldCatalogue>| {
        let request = WatchCataloguesRequest {
            held,
            ..WatchCataloguesRequest::default()
        };
        changes(&mut watch(&world, request).await).await
    };
    let german = || held("de", 1, &[("a", "A de")]);
    let missed = comes_back(vec![german(), held("en", 1, &[("a", "A"), ("b", "B")])]).await;
    assert_eq!(missed.len(), 1);
    assert_eq!((missed[0].version, missed[0].replaces_all), (3, false));
    assert_eq!(texts(&missed[0]), [("b", "B2"), ("c", "C")]);

    let all = [("a", "A"), ("b", "B2"), ("c", "C")];
    assert_eq!(comes_back(vec![german(), held("en", 3, &all)]).await, []);
    // What is not as it was at that version, and what never was: as after a restoration from a backup.
    for wrong in [held("en", 1, &all), held("en", 3, &all[..2]), held("en", 9, &all)] {
        let whole = comes_back(vec![german(), wrong]).await;
        assert_eq!(whole.len(), 1);
        assert_eq!((whole[0].version, whole[0].replaces_all), (3, true));
        assert_eq!(texts(&whole[0]), all);
    }
}

#[tokio::test]
async fn a_watcher_gets_the_locales_and_messages_that_it_wants() {
    let world = World::bare().await;
    publish(&world, "en", &[("a.x", "X"), ("b.x", "X"), ("c", "C")]).await;
    publish(&world, "de", &[("a.x", "X de")]).await;
    publish(&world, "ja", &[("a.x", "X ja")]).await;
    let request = WatchCataloguesRequest {
        held: Vec::new(),
        locales: vec!["de".to_owned(), "tlh".to_owned()],
        key_prefixes: vec!["a.".to_owned(), "b".to_owned()],
    };
    let mut stream = watch(&world, request.clone()).await;
    let first = burst(&mut stream).await;
    let locales: Vec<_> = first[0].locales.iter().map(|locale| locale.tag.as_str()).collect();
    assert_eq!(locales, ["de", "en"]);
    let sent: Vec<_> = first
        .iter()
        .flat_map(|message| &message.changes)
        .map(|change| (change.locale.as_str(), texts(change)))
        .collect();
    assert_eq!(
        sent,
        [("de", vec![("a.x", "X de")]), ("en", vec![("a.x", "X"), ("b.x", "X")])]
    );
    // What it does not want raises the version alone; of what it does not follow it hears nothing.
    publish(&world, "ja", &[("b.x", "X ja")]).await;
    publish(&world, "en", &[("c", "C2")]).await;
    let mut next = Vec::new();
    while next.is_empty() {
        next = changes(&mut stream).await;
    }
    assert_eq!(next.len(), 1, "{next:?}");
    assert_eq!(
        (next[0].locale.as_str(), next[0].version, texts(&next[0]).len()),
        ("en", 2, 0)
    );
    assert_eq!(next[0].digest, digest([("a.x", "X"), ("b.x", "X")]));
    let back = WatchCataloguesRequest {
        held: vec![
            held("en", 1, &[("a.x", "X"), ("b.x", "X")]),
            held("de", 1, &[("a.x", "X de")]),
        ],
        ..request
    };
    let missed = changes(&mut watch(&world, back).await).await;
    assert_eq!(missed, next);
}

#[tokio::test]
async fn who_is_slow_gets_the_publishings_in_between_in_one() {
    const ROUNDS: i64 = 40;
    let world = World::bare().await;
    let mut stream = watch(&world, WatchCataloguesRequest::default()).await;
    burst(&mut stream).await;
    // More than the connection takes in without anybody reading.
    let text = |round: i64| format!("{round} {}", "x".repeat(9_000));
    for round in 1..=ROUNDS {
        let texts: Vec<(String, String)> = (0..20).map(|at| (format!("m{at}"), text(round))).collect();
        let pairs: Vec<_> = texts.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
        publish(&world, "en", &pairs).await;
    }
    let mut versions = Vec::new();
    let mut last = Vec::new();
    while versions.last() != Some(&ROUNDS) {
        for change in changes(&mut stream).await {
            if !change.digest.is_empty() {
                versions.push(change.version);
            }
            last = change.messages;
        }
    }
    assert!(versions.is_sorted(), "{versions:?}");
    assert!(versions.len() < usize::try_from(ROUNDS).unwrap() / 2, "{versions:?}");
    assert_eq!(last.last().unwrap().pattern, text(ROUNDS));
}

#[tokio::test]
async fn a_large_catalogue_comes_in_parts_that_make_one_change() {
    let world = World::bare().await;
    let pattern = "x".repeat(9_000);
    let keys: Vec<String> = (0..100).map(|at| format!("m{at:03}")).collect();
    let messages: Vec<_> = keys.iter().map(|key| (key.as_str(), pattern.as_str())).collect();
    publish(&world, "en", &messages).await;
    let parts = burst(&mut watch(&world, WatchCataloguesRequest::default()).await).await;
    assert!(parts.len() >= 4, "{}", parts.len());
    let (last, others) = parts.split_last().unwrap();
    assert!(
        others
            .iter()
            .all(|part| !part.is_current && part.changes[0].digest.is_empty())
    );
    assert_eq!(last.changes[0].digest, digest(messages.iter().copied()));

    let words = Words::new(&peer(&[world.address()]), &[]);
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(words.keep(stop));
    tokio::time::timeout(LIMIT, words.arrived()).await.unwrap();
    let current = words.current().unwrap();
    let english = support_words::tag::Tag::parse("en").unwrap();
    assert_eq!(current.published(&english).unwrap().patterns.len(), 100);
}

#[tokio::test]
async fn words_change_with_a_publishing_at_any_replica() {
    let world = World::bare().await;
    publish(&world, "en", &[("a", "A"), ("b", "B")]).await;
    // It looks round once an hour: what it learns, it learns by being woken.
    let rare = |settings| bare(settings).set("localisation.refresh_interval_ms", 3_600_000);
    let other = world.replica_at(None, rare).await;
    for (at, address) in [world.address(), other.address()].into_iter().enumerate() {
        let words = Words::new(&peer(&[address]), &[]);
        assert_eq!(shown(&words, "a", "de"), Err(NoWords::NoCatalogues));
        let stop = CancellationToken::new();
        let _stop = stop.clone().drop_guard();
        tokio::spawn(words.keep(stop));
        tokio::time::timeout(LIMIT, words.arrived()).await.unwrap();
        assert_eq!(shown(&words, "nothing", "de"), Err(NoWords::NoMessage));
        let text = format!("A de {at}");
        publish(&world, "de", &[("a", &text)]).await;
        until_shown(&words, "a", "de", &text).await;
        assert_eq!(
            shown(&words, "a", "de-AT"),
            told(&text, "de", i64::try_from(at).unwrap() + 1)
        );
        assert_eq!(shown(&words, "b", "de"), told("B", "en", 1));
    }
}

#[tokio::test]
async fn who_is_cut_off_keeps_the_last_words_and_catches_up() {
    let world = World::bare().await;
    publish(&world, "en", &[("a", "A"), ("b", "B")]).await;
    let replica = world.replica_at(None, bare).await;
    // A second address, at which nobody is yet.
    let later = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = later.local_addr().unwrap();
    drop(later);
    let words = Words::new(&peer(&[replica.address(), address]), &[]);
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(words.keep(stop));
    tokio::time::timeout(LIMIT, words.arrived()).await.unwrap();
    assert_eq!(shown(&words, "a", "en"), told("A", "en", 1));

    replica.die().await;
    publish(&world, "en", &[("a", "A2")]).await;
    assert_eq!(shown(&words, "a", "en"), told("A", "en", 1), "the last words stay");
    let listener = TcpListener::bind(address).await.unwrap();
    let _back = world.replica_at(Some(listener), bare).await;
    until_shown(&words, "a", "en", "A2").await;
    assert_eq!(shown(&words, "b", "en"), told("B", "en", 2));
}

#[tokio::test]
async fn words_are_written_out_as_the_service_writes_them() {
    let world = World::new().await;
    let words = Words::new(&peer(&[world.address()]), &["verification."]);
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(words.keep(stop));
    tokio::time::timeout(LIMIT, words.arrived()).await.unwrap();
    let number = |name: &str, number: f64| Argument {
        name: name.to_owned(),
        number: Some(number),
        ..Argument::default()
    };
    let code = Argument {
        name: "code".to_owned(),
        text: Some("123456".to_owned()),
        ..Argument::default()
    };
    for language in ["ar-EG", "ja", "zh-CN", "es-MX", "de", "en", "fr"] {
        for arguments in [vec![code.clone(), number("minutes", 3.0)], vec![number("minutes", 1.0)]] {
            let languages = vec![language.to_owned()];
            let held = words
                .text(
                    "verification.code.body",
                    &languages,
                    &support_words::wire::values(arguments.clone()),
                )
                .unwrap();
            let request = support_proto::support::localisation::v1::RenderMessageRequest {
                key: "verification.code.body".to_owned(),
                languages,
                arguments,
                time_zone: String::new(),
            };
            let answered = world
                .messages(&anonymous())
                .render_message(request)
                .await
                .unwrap()
                .into_inner();
            assert_eq!(
                (held.text, held.locale, held.direction, held.degradations, held.version),
                (
                    answered.text,
                    answered.locale,
                    answered.direction,
                    answered.degradations,
                    answered.version
                ),
            );
        }
    }
    assert_eq!(
        shown(&words, "case.closed", "en"),
        Err(NoWords::NoMessage),
        "it holds what it asked for"
    );
}

#[tokio::test]
async fn a_text_can_be_found_as_somebody_read_it() {
    let world = World::bare().await;
    publish(
        &world,
        "en",
        &[("a", "Hello {$name}"), ("part.x", "screen"), ("b", "{$part}")],
    )
    .await;
    publish(&world, "en", &[("a", "Good day {$name}"), ("part.x", "display")]).await;
    publish(&world, "en", &[("c", "C")]).await;
    publish(&world, "en", &[("d", "{$v :number}")]).await;
    let recall_for = async |key: &str, locale: &str, version: i64, arguments: Vec<Argument>, reads: &[&str]| {
        let request = RecallMessageRequest {
            origin: Some(TextOrigin {
                key: key.to_owned(),
                locale: locale.to_owned(),
                version,
            }),
            arguments,
            languages: reads.iter().map(|language| (*language).to_owned()).collect(),
            time_zone: String::new(),
        };
        let answer = world.delivery(&operator()).recall_message(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let recall = async |key: &str, locale: &str, version: i64, arguments: Vec<Argument>| {
        recall_for(key, locale, version, arguments, &[]).await
    };
    let said = |answer: &RecallMessageResponse| {
        let text = answer.text.clone().unwrap();
        (
            text.text,
            text.version,
            text.degradations.len(),
            answer.published_version,
        )
    };
    let name = || Argument {
        name: "name".to_owned(),
        text: Some("Ada".to_owned()),
        ..Argument::default()
    };
    let first = recall("a", "en", 1, vec![name()]).await.unwrap();
    assert_eq!(said(&first), ("Hello Ada".to_owned(), 1, 0, 1));
    assert_eq!((first.pattern.as_str(), first.is_current), ("Hello {$name}", false));
    let third = recall("a", "EN", 3, vec![]).await.unwrap();
    assert_eq!(said(&third), ("Good day {$name}".to_owned(), 3, 1, 2));
    assert!(third.is_current && third.publish_time != first.publish_time);
    // What another message said is what it said then.
    let part = || Argument {
        name: "part".to_owned(),
        message_key: Some("part.x".to_owned()),
        ..Argument::default()
    };
    let words = |answer: RecallMessageResponse| answer.text.unwrap().text;
    assert_eq!(words(recall("b", "en", 1, vec![part()]).await.unwrap()), "screen");
    assert_eq!(words(recall("b", "en", 2, vec![part()]).await.unwrap()), "display");
    // A value is written as it was for who read it.
    for (reads, written) in [
        (&["en-ZA"][..], "1\u{a0}234,5"),
        (&[], "1,234.5"),
        (&["de-CH"], "1,234.5"),
    ] {
        let number = Argument {
            name: "v".to_owned(),
            number: Some(1_234.5),
            ..Argument::default()
        };
        let answer = recall_for("d", "en", 4, vec![number], reads).await.unwrap();
        assert_eq!(words(answer), written, "{reads:?}");
    }

    assert_refused(recall("c", "en", 2, vec![]).await, Code::NotFound, "MESSAGE_NOT_FOUND");
    assert_refused(recall("a", "en", 5, vec![]).await, Code::NotFound, "VERSION_NOT_FOUND");
    assert_refused(recall("a", "de", 1, vec![]).await, Code::NotFound, "VERSION_NOT_FOUND");
    assert_refused(
        recall("a", "zh-TW", 1, vec![]).await,
        Code::NotFound,
        "LOCALE_NOT_FOUND",
    );
    for (caller, reason) in [(customer(), "CALLER_KIND_NOT_ALLOWED"), (staff(), "SCOPE_MISSING")] {
        let answer = world
            .delivery(&caller)
            .recall_message(RecallMessageRequest::default())
            .await;
        assert_refused(answer, Code::PermissionDenied, reason);
    }
    let answer = world
        .delivery(&operator())
        .recall_message(RecallMessageRequest::default())
        .await;
    assert_refused(answer, Code::InvalidArgument, "INVALID_FIELDS");
}

#[tokio::test]
async fn a_rendered_text_tells_where_it_came_from() {
    let world = World::bare().await;
    publish(&world, "en", &[("a", "A"), ("b", "B")]).await;
    publish(&world, "de", &[("a", "A de")]).await;
    publish(&world, "de", &[("a", "A de 2")]).await;
    let request = support_proto::support::localisation::v1::RenderMessagesRequest {
        languages: vec!["de".to_owned()],
        messages: ["a", "b", "c"]
            .map(|key| support_proto::support::localisation::v1::MessageCall {
                key: key.to_owned(),
                arguments: Vec::new(),
            })
            .into(),
        time_zone: String::new(),
    };
    let texts = world.messages(&anonymous()).render_messages(request).await.unwrap();
    let origins: Vec<_> = texts
        .into_inner()
        .texts
        .into_iter()
        .map(|text| (text.key, text.locale, text.version))
        .collect();
    let origin = |key: &str, locale: &str, version: i64| (key.to_owned(), locale.to_owned(), version);
    assert_eq!(
        origins,
        [origin("a", "de", 2), origin("b", "en", 1), origin("c", "", 0)]
    );
}

#[tokio::test]
async fn no_value_is_written_out_of_nothing() {
    let world = World::new().await;
    let words = Words::new(&peer(&[world.address()]), &["verification."]);
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(words.keep(stop));
    tokio::time::timeout(LIMIT, words.arrived()).await.unwrap();
    let arguments = Arguments::from([("minutes".to_owned(), Value::Number(2.0))]);
    let text = words
        .text("verification.code.body", &["en".to_owned()], &arguments)
        .unwrap();
    assert!(text.text.contains("{$code}"), "{}", text.text);
    assert_eq!(text.degradations, ["code"]);
}
