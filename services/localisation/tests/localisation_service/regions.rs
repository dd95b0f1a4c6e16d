//! What is particular to places, and what their calendars say.

use serde_json::json;
use support_calendars::{Calendars, Opening};
use support_chassis::clock::timestamp;
use support_chassis::day::to_proto;
use support_proto::support::localisation::v1::{
    CalendarDay, GetCalendarRequest, GetCalendarResponse, GetOpeningRequest, GetOpeningResponse,
    GetRegionProfileRequest, ListRegionProfilesRequest,
};
use support_proto::support::types::v1::Channel;
use support_testing::publish;
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};
use tonic::Code;

use crate::world::{World, anonymous, assert_refused, customer, eventually, peer, staff};

const DOCUMENT: &str = "localisation/region-profiles";

async fn opening(world: &World, place: &str, channel: Channel, at: OffsetDateTime) -> GetOpeningResponse {
    let request = GetOpeningRequest {
        place: place.to_owned(),
        channel: channel.into(),
        at: Some(timestamp(at)),
        languages: Vec::new(),
    };
    world
        .regions(&anonymous())
        .get_opening(request)
        .await
        .unwrap()
        .into_inner()
}

async fn calendar(world: &World, place: &str, from: Date, to: Date, channel: Channel) -> GetCalendarResponse {
    let request = GetCalendarRequest {
        place: place.to_owned(),
        from: Some(to_proto(from)),
        to: Some(to_proto(to)),
        channel: channel.into(),
        languages: vec!["de-AT".to_owned()],
    };
    world
        .regions(&customer())
        .get_calendar(request)
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn a_channel_is_open_by_the_clock_and_the_calendar_of_the_place() {
    let world = World::bare().await;
    // Good Friday of 2026 in Berlin; the clock was set forward on Sunday, so that eight in the morning is six o'clock.
    let friday = opening(&world, "country/DE", Channel::Phone, datetime!(2026-04-03 10:00 UTC)).await;
    assert!(friday.offered && !friday.open, "{friday:?}");
    assert_eq!(friday.holidays[0].name, "good-friday");
    assert_eq!(friday.opens_at, Some(timestamp(datetime!(2026-04-04 07:00 UTC))));
    assert_eq!(friday.zone, "Europe/Berlin");
    assert_eq!(friday.day, Some(to_proto(date!(2026 - 04 - 03))));
    // In winter eight in the morning is seven o'clock.
    let winter = opening(&world, "country/DE", Channel::Phone, datetime!(2026-03-26 06:59 UTC)).await;
    assert_eq!(
        (winter.open, winter.opens_at),
        (false, Some(timestamp(datetime!(2026-03-26 07:00 UTC))))
    );
    let winter = opening(&world, "country/DE", Channel::Phone, datetime!(2026-03-26 07:00 UTC)).await;
    assert_eq!(
        (winter.open, winter.closes_at),
        (true, Some(timestamp(datetime!(2026-03-26 19:00 UTC))))
    );
    assert!(winter.contact.starts_with("+4930"), "{}", winter.contact);
    // Always is always, also on holidays.
    let app = opening(&world, "country/JP", Channel::App, datetime!(2026-01-01 00:00 UTC)).await;
    assert_eq!((app.open, app.closes_at, app.opens_at), (true, None, None));
    // The desk of the United States is in New York.
    let new_york = opening(&world, "country/US", Channel::Phone, datetime!(2026-11-26 15:00 UTC)).await;
    assert_eq!(new_york.holidays[0].name, "thanksgiving");
    assert_eq!(new_york.opens_at, Some(timestamp(datetime!(2026-11-27 13:00 UTC))));
    let store = opening(&world, "country/UY", Channel::Store, datetime!(2026-11-26 15:00 UTC)).await;
    assert!(!store.offered && !store.open, "{store:?}");
}

fn on(answer: &GetCalendarResponse, day: Date) -> &CalendarDay {
    answer
        .days
        .iter()
        .find(|found| found.day == Some(to_proto(day)))
        .unwrap()
}

#[tokio::test]
async fn a_calendar_has_every_day_once() {
    let world = World::bare().await;
    let answer = calendar(
        &world,
        "country/GB",
        date!(2027 - 01 - 01),
        date!(2028 - 12 - 31),
        Channel::Phone,
    )
    .await;
    let mut expected = date!(2027 - 01 - 01);
    for day in &answer.days {
        assert_eq!(day.day, Some(to_proto(expected)));
        expected = expected.next_day().unwrap();
    }
    assert_eq!(expected, date!(2029 - 01 - 01));
    // Christmas and Boxing Day of 2027 fall on the weekend.
    for (day, name, substitute) in [
        (date!(2027 - 12 - 25), "christmas-day", false),
        (date!(2027 - 12 - 27), "christmas-day", true),
        (date!(2027 - 12 - 28), "boxing-day", true),
    ] {
        let day = on(&answer, day);
        assert_eq!(
            (day.holidays[0].name.as_str(), day.holidays[0].substitute),
            (name, substitute)
        );
        assert!(!day.working_day && day.open.is_empty(), "{day:?}");
    }
    assert_eq!(answer.announced_until, 0);
    let monday = on(&answer, date!(2027 - 06 - 07));
    assert_eq!(monday.open[0].from, Some(timestamp(datetime!(2027-06-07 07:00 UTC))));
    assert!(monday.working_day);
    // A Saturday that is worked in place of another day is a working day with the hours of that.
    let answer = calendar(
        &world,
        "country/HU",
        date!(2026 - 12 - 05),
        date!(2026 - 12 - 12),
        Channel::Email,
    )
    .await;
    let (usual, worked) = (on(&answer, date!(2026 - 12 - 05)), on(&answer, date!(2026 - 12 - 12)));
    assert!(!usual.working_day && usual.open.is_empty() && usual.worked_as.is_empty());
    assert!(worked.working_day && !worked.open.is_empty() && worked.worked_as == "thu");
    // Where the moon has to be seen, a day is told as a forecast until it has been announced.
    let answer = calendar(
        &world,
        "country/ID",
        date!(2026 - 01 - 01),
        date!(2027 - 12 - 31),
        Channel::Unspecified,
    )
    .await;
    assert!(!on(&answer, date!(2026 - 03 - 21)).holidays[0].provisional);
    let later = on(&answer, date!(2027 - 03 - 09));
    assert!(
        later
            .holidays
            .iter()
            .any(|kept| kept.name == "eid-al-fitr" && kept.provisional),
        "{later:?}"
    );
    assert_eq!(answer.announced_until, 2026);
    assert!(
        answer.days.iter().all(|day| day.open.is_empty()),
        "no channel was asked for"
    );
}

#[tokio::test]
async fn a_profile_says_what_holds_and_the_texts_of_the_day() {
    let world = World::bare().await;
    let mut regions = world.regions(&staff());
    let request = |place: &str, on: Option<Date>| GetRegionProfileRequest {
        place: place.to_owned(),
        on: on.map(to_proto),
    };
    let german = regions
        .get_region_profile(request("country/DE", None))
        .await
        .unwrap()
        .into_inner();
    let profile = german.profile.unwrap();
    assert_eq!(
        (profile.currency.as_str(), profile.languages[0].as_str()),
        ("EUR", "de")
    );
    assert!(
        german.basis.starts_with("localisation/region-profiles@"),
        "{}",
        german.basis
    );
    assert!(!profile.may_leave.contains_key("conversation"), "what is said stays");
    // The United Kingdom had the Union's regulation until it had its own.
    for (day, text) in [
        (date!(2020 - 06 - 01), "legal.privacy.gdpr"),
        (date!(2021 - 01 - 01), "legal.privacy.gb"),
    ] {
        let british = regions
            .get_region_profile(request("country/GB", Some(day)))
            .await
            .unwrap()
            .into_inner();
        let privacy = british.texts.iter().find(|text| text.about == "privacy").unwrap();
        assert_eq!(privacy.text, text);
    }
    assert_refused(
        regions.get_region_profile(request("country/AQ", None)).await,
        Code::NotFound,
        "REGION_NOT_FOUND",
    );
    assert_refused(
        regions.get_region_profile(request("site/nowhere", None)).await,
        Code::NotFound,
        "REGION_NOT_FOUND",
    );
    assert_refused(
        regions.get_region_profile(request("Germany", None)).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    let too_long = GetCalendarRequest {
        place: "country/DE".to_owned(),
        from: Some(to_proto(date!(2026 - 01 - 01))),
        to: Some(to_proto(date!(2028 - 01 - 21))),
        channel: 0,
        languages: Vec::new(),
    };
    let refused = assert_refused(
        regions.get_calendar(too_long).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    assert_eq!(refused.violations[0].field, "to");
}

#[tokio::test]
async fn holidays_are_called_what_the_reader_calls_them() {
    let world = World::new().await;
    let answer = calendar(
        &world,
        "country/GB",
        date!(2027 - 12 - 25),
        date!(2027 - 12 - 28),
        Channel::Unspecified,
    )
    .await;
    let label = |day: Date| on(&answer, day).holidays[0].label.as_str();
    assert_eq!(label(date!(2027 - 12 - 25)), "Erster Weihnachtstag");
    let answer = opening(&world, "country/DE", Channel::Phone, datetime!(2026-04-03 10:00 UTC)).await;
    assert_eq!(answer.holidays[0].label, "", "nobody said what they read");
}

#[tokio::test]
async fn profiles_are_listed_by_page_and_sent_only_where_they_changed() {
    let world = World::bare().await;
    let mut regions = world.regions(&staff());
    let mut request = ListRegionProfilesRequest {
        page_size: 20,
        ..Default::default()
    };
    let mut codes = Vec::new();
    let digest = loop {
        let answer = regions
            .list_region_profiles(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert!(answer.profiles.len() <= 20);
        codes.extend(answer.profiles.into_iter().map(|placed| placed.country_code));
        if answer.next_page_token.is_empty() {
            break answer.digest;
        }
        request.page_token = answer.next_page_token;
    };
    assert!(codes.len() >= 44 && codes.is_sorted(), "{codes:?}");
    let held = ListRegionProfilesRequest {
        held_digest: digest.clone(),
        ..Default::default()
    };
    let unchanged = regions.list_region_profiles(held.clone()).await.unwrap().into_inner();
    assert_eq!((unchanged.profiles.len(), &unchanged.digest), (0, &digest));

    // A country's own desk, by its overlay.
    let own = json!({"countries": {"DE": {"channels": {"phone": {"hours": "daily 00:00-24:00", "on_holidays": "00:00-24:00"}}}}});
    publish(world.channel(), DOCUMENT, "country/DE", &own).await;
    eventually("the overlay holds", || async {
        opening(&world, "country/DE", Channel::Phone, datetime!(2026-04-03 02:00 UTC))
            .await
            .open
    })
    .await;
    assert!(
        !opening(&world, "country/AT", Channel::Phone, datetime!(2026-04-06 02:00 UTC))
            .await
            .open
    );
    let changed = regions.list_region_profiles(held).await.unwrap().into_inner();
    assert_ne!(changed.digest, digest);
    assert!(!changed.profiles.is_empty());
}

#[tokio::test]
async fn another_service_holds_what_holds_and_goes_on_with_it_while_this_one_is_away() {
    let world = World::bare().await;
    let calendars = Calendars::of(&peer(&[world.address()]));
    let sunday = datetime!(2026-05-10 02:00 UTC);
    let german = || calendars.country("DE".parse().ok()).unwrap();
    // What the build ships, before anybody was asked.
    assert!(matches!(german().opening("phone", sunday), Opening::Closed(Some(_))));
    assert!(
        german().basis().starts_with("localisation/region-profiles@0!"),
        "{}",
        german().basis()
    );
    calendars.refresh().await.unwrap();
    assert!(
        german().basis().starts_with("localisation/region-profiles@1"),
        "{}",
        german().basis()
    );

    let own = json!({"countries": {"DE": {"channels": {"phone": {"hours": "daily 00:00-24:00", "on_holidays": "00:00-24:00"}}}}});
    publish(world.channel(), DOCUMENT, "country/DE", &own).await;
    eventually("the overlay is heard of", || async {
        // What fails is tried again, as it is in a service that runs.
        calendars.refresh().await.is_ok() && german().basis().contains("+country/DE@1")
    })
    .await;
    assert_eq!(german().opening("phone", sunday), Opening::Open(None));
    let austrian = calendars.country("AT".parse().ok()).unwrap();
    assert!(matches!(austrian.opening("phone", sunday), Opening::Closed(_)));

    drop(world);
    eventually("nobody answers", || async { calendars.refresh().await.is_err() }).await;
    assert_eq!(german().opening("phone", sunday), Opening::Open(None));
    assert!(german().is_holiday(date!(2031 - 10 - 03)), "known for years ahead");
}
