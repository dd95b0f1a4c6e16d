//! Other service levels than those shipped: published, checked, refused.

use serde_json::json;
use support_calendars::Calendars;
use support_chassis::clock::from_timestamp;
use support_proto::support::case::v1::{CaseErrorReason, OpenCaseRequest, Severity};
use support_proto::support::types::v1::Channel;
use time::Duration;

use crate::service_levels::{DAY, HOUR, about, assert_promised, rate, read, resolve, seconds, targets};
use crate::world::{World, open, saying, shipped_but};

#[tokio::test]
async fn a_stricter_country_changes_new_cases_there_and_nowhere_else() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let letter = |country: &str| OpenCaseRequest {
        country_code: country.to_owned(),
        ..about(Channel::Email, Severity::Normal)
    };
    let before = open(&mut client, letter("DE")).await;
    let overlay = json!({
        // Its clock runs through the night.
        "targets": {
            "normal": {"first_response": "7200s", "in_opening_hours": false},
            "low": {"first_response": "7200s", "in_opening_hours": false},
        },
        "reopen_within": "5184000s",
        "answer_before_resolving": ["CHANNEL_EMAIL", "CHANNEL_SOCIAL", "CHANNEL_CHAT"],
    });
    world.publish("country/DE", &overlay).await;

    let german = open(&mut client, letter("DE")).await;
    assert_eq!(targets(&german), (2 * HOUR, 7 * DAY));
    let basis = format!("{}+country/DE@1", before.standard_basis);
    assert!(german.standard_basis.starts_with(&basis), "{}", german.standard_basis);
    assert_eq!(german.calendar_basis, "", "no calendar was asked");
    for country in ["", "ZZ"] {
        let elsewhere = open(&mut client, letter(country)).await;
        assert_eq!(targets(&elsewhere), (4 * HOUR, 7 * DAY), "{country:?}");
        assert_eq!(elsewhere.standard_basis, before.standard_basis);
        assert_eq!(elsewhere.calendar_basis, "", "no calendar is known");
    }
    // In France only the hours count in which letters are read. Localisation is away: they are those that are shipped.
    let french = open(&mut client, letter("FR")).await;
    let calendar = Calendars::shipped().country("FR".parse().ok()).unwrap();
    let opened = from_timestamp(french.open_time.as_ref().unwrap()).unwrap();
    let due = from_timestamp(french.first_response_due_time.as_ref().unwrap()).unwrap();
    assert_eq!(due, calendar.after_open("email", opened, Duration::hours(4)));
    assert_eq!(french.calendar_basis, calendar.basis());
    assert_eq!(before.calendar_basis, french.calendar_basis);
    assert_eq!(read(&mut client, &french).await, french);
    assert_eq!(read(&mut client, &before).await, before, "what was promised stays");
    let chat = OpenCaseRequest {
        country_code: "DE".to_owned(),
        ..about(Channel::Chat, Severity::Normal)
    };
    let chat = open(&mut client, chat).await;
    let told = resolve(&world, &chat).await.unwrap_err();
    assert_promised(&told, CaseErrorReason::AnswerMissing, &chat);
    world
        .staff()
        .post_message(saying(&chat.case_id, "Gelöst"))
        .await
        .unwrap();
    let resolved = resolve(&world, &chat).await.unwrap();
    let end = seconds(resolved.reopen_end_time.as_ref()) - seconds(resolved.resolve_time.as_ref());
    assert_eq!(end, 60 * DAY);

    // A new severity brings a case under what holds then.
    let rated = rate(&world, &before, Severity::Low).await;
    assert_eq!(
        (targets(&rated), &rated.standard_basis),
        ((2 * HOUR, 14 * DAY), &german.standard_basis)
    );
}

#[tokio::test]
async fn what_a_version_would_mean_is_told_before_it_is_published() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    for country in ["DE", "DE", "DE", "FR", ""] {
        let request = OpenCaseRequest {
            country_code: country.to_owned(),
            ..about(Channel::Email, Severity::High)
        };
        open(&mut client, request).await;
    }
    let overlay = json!({"targets": {"high": {"first_response": "1800s"}}});
    let told = world.check("country/DE", &overlay).await;
    let words: Vec<_> = told
        .consequences
        .iter()
        .map(|told| (told.place.as_str(), told.whom.as_str(), told.count))
        .collect();
    assert_eq!(
        words,
        [("country/DE", "open cases, high, email: first answer due earlier", 3)]
    );
    assert_eq!(
        (
            told.consequences[0].before.as_str(),
            told.consequences[0].after.as_str(),
            told.consequences[0].examples.len()
        ),
        ("1h after opening", "30m after opening", 3)
    );
    world.publish("country/DE", &overlay).await;
    // Everywhere sooner: Germany is ruled by its own and counted once, and has that already.
    let global = shipped_but(|levels| levels["targets"]["high"]["first_response"] = "2700s".into());
    let told = world.check("global", &global).await;
    let words: Vec<_> = told
        .consequences
        .iter()
        .map(|told| (told.place.as_str(), told.count))
        .collect();
    assert_eq!(words, [("global", 2)]);

    let loose = json!({"reopen_within": "86400s", "targets": {"low": {"resolution": "1209601s"}}});
    let told = world.check("country/DE", &loose).await;
    let paths: Vec<_> = told.loosened.iter().map(|departed| departed.path.as_str()).collect();
    assert_eq!(paths, ["reopen_within", "targets.low.resolution"]);
    let slow = json!({"targets": {"normal": {"first_response": "900s"}}});
    let told = world.check("country/FR", &slow).await;
    let faults: Vec<_> = told.faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(
        faults,
        ["targets.high.first_response"],
        "the dead device would wait longer"
    );
}
