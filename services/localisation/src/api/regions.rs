//! `RegionService`: answered from memory.

use std::sync::Arc;

use support_calendars::holidays::Kept;
use support_calendars::{Calendar, Opening, Span, document, weekday_name};
use support_chassis::clock::{Clock, from_timestamp, timestamp};
use support_chassis::day;
use support_chassis::error::Violations;
use support_chassis::page;
use support_chassis::standard::Place;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::region_service_server::RegionService;
use support_proto::support::types::v1::Channel;
use support_words::catalogue::Arguments;
use support_words::snapshot::Snapshot;
use support_words::wire as words;
use time::{Date, Duration, OffsetDateTime};
use tonic::{Request, Response, Status};

use crate::catalogues::Catalogues;
use crate::error::Error;
use crate::regions::{Region, Regions};

/// The most days that a calendar is given for.
const MOST_DAYS: i64 = 750;

/// `RegionService`.
#[derive(Debug, Clone)]
pub struct RegionApi {
    regions: Regions,
    catalogues: Catalogues,
    clock: Clock,
}

impl RegionApi {
    /// The service over the profiles of the standard, with the words for holidays.
    #[must_use]
    pub fn new(regions: Regions, catalogues: Catalogues, clock: Clock) -> Self {
        Self {
            regions,
            catalogues,
            clock,
        }
    }

    /// What holds at a place, and its calendar.
    fn at(&self, place: &str) -> Result<(Region, Arc<Calendar>), Error> {
        let place: Option<Place> = place.parse().ok();
        let region = place
            .and_then(|place| self.regions.at(&place))
            .ok_or(Error::RegionNotFound)?;
        let calendar = self.regions.calendar(&region).ok_or(Error::RegionNotFound)?;
        Ok((region, calendar))
    }

    fn list(&self, request: &wire::ListRegionProfilesRequest) -> Result<wire::ListRegionProfilesResponse, Error> {
        let all = self.regions.all();
        let page: page::Page<String> = page::parse(
            request.page_size,
            &request.page_token,
            50,
            100,
            &("ListRegionProfiles", &request.held_digest),
        )?;
        if all.digest == request.held_digest {
            return Ok(wire::ListRegionProfilesResponse {
                digest: all.digest.clone(),
                ..Default::default()
            });
        }
        let after = page.after.as_deref().unwrap_or_default();
        let rest: Vec<Region> = all
            .regions
            .iter()
            .filter(|region| region.country.as_str() > after)
            .cloned()
            .collect();
        let (rows, next_page_token) = page.cut(rest, |last| last.country.clone());
        let profiles = rows
            .into_iter()
            .map(|region| wire::PlacedProfile {
                profile: region.profile().cloned(),
                basis: region.basis(),
                country_code: region.country,
            })
            .collect();
        Ok(wire::ListRegionProfilesResponse {
            profiles,
            next_page_token,
            digest: all.digest.clone(),
        })
    }

    fn profile(&self, request: &wire::GetRegionProfileRequest) -> Result<wire::GetRegionProfileResponse, Error> {
        let mut fields = Violations::new();
        let on = match &request.on {
            None => Some(None),
            Some(on) => day::from_proto(on).map(Some),
        };
        fields.require(on.is_some(), "on", "is no day");
        let on = fields.finish(on)?;
        let (region, calendar) = self.at(&request.place)?;
        let on = on.unwrap_or_else(|| calendar.day(self.clock.now()));
        let mut texts: Vec<wire::EffectiveText> = region
            .profile()
            .into_iter()
            .flat_map(|profile| &profile.texts)
            .filter_map(|(about, text)| {
                let (from, key) = document::edition_on(text, on)?;
                Some(wire::EffectiveText {
                    about: about.clone(),
                    text: key.to_owned(),
                    from: Some(day::to_proto(from)),
                })
            })
            .collect();
        texts.sort_by(|one, other| one.about.cmp(&other.about));
        Ok(wire::GetRegionProfileResponse {
            profile: region.profile().cloned(),
            texts,
            basis: region.basis(),
            country_code: region.country,
        })
    }

    fn calendar(&self, request: &wire::GetCalendarRequest) -> Result<wire::GetCalendarResponse, Error> {
        let mut fields = Violations::new();
        let mut read = |name: &str, stated: Option<&support_proto::support::types::v1::Date>| {
            let read = stated.and_then(day::from_proto);
            fields.require(read.is_some(), name, "is no day");
            read
        };
        let (from, to) = (read("from", request.from.as_ref()), read("to", request.to.as_ref()));
        if let (Some(from), Some(to)) = (from, to) {
            fields.require(to >= from, "to", "must not be before `from`");
            let is_short = to - from < Duration::days(MOST_DAYS);
            fields.require(is_short, "to", "must be at most 749 days after `from`");
        }
        let (from, to) = fields.finish((from, to))?;
        let (region, calendar) = self.at(&request.place)?;
        let channel = name(request.channel());
        let snapshot = self.catalogues.current();
        let days = std::iter::successors(Some(from), |day| day.next_day())
            .take_while(|day| *day <= to)
            .map(|day| wire::CalendarDay {
                day: Some(day::to_proto(day)),
                holidays: kept(&calendar, day, &snapshot, &request.languages),
                working_day: calendar.is_working_day(day),
                worked_as: calendar
                    .worked_as(day)
                    .map_or_else(String::new, |day| weekday_name(day).to_owned()),
                open: channel.map_or_else(Vec::new, |channel| open(&calendar.open_on(channel, day))),
            })
            .collect();
        Ok(wire::GetCalendarResponse {
            days,
            zone: calendar.zone().to_owned(),
            announced_until: calendar.announced_until().unwrap_or(0),
            basis: region.basis(),
        })
    }

    fn opening(&self, request: &wire::GetOpeningRequest) -> Result<wire::GetOpeningResponse, Error> {
        let mut fields = Violations::new();
        let at = match &request.at {
            None => Some(self.clock.now()),
            Some(at) => from_timestamp(at).filter(|at| MOMENTS.contains(at)),
        };
        fields.require(at.is_some(), "at", "must be a moment from 1970 to 2999");
        let at = fields.finish(at)?;
        let (region, calendar) = self.at(&request.place)?;
        let Some(channel) = name(request.channel()).filter(|channel| calendar.channel(channel).is_some()) else {
            return Ok(wire::GetOpeningResponse {
                basis: region.basis(),
                ..Default::default()
            });
        };
        let (is_open, closes_at, opens_at) = match calendar.opening(channel, at) {
            Opening::Open(until) => (true, until, None),
            Opening::Closed(until) => (false, None, until),
        };
        let today = calendar.day(at);
        Ok(wire::GetOpeningResponse {
            offered: true,
            open: is_open,
            closes_at: closes_at.map(timestamp),
            opens_at: opens_at.map(timestamp),
            zone: calendar.zone().to_owned(),
            day: Some(day::to_proto(today)),
            holidays: kept(&calendar, today, &self.catalogues.current(), &request.languages),
            contact: calendar
                .channel(channel)
                .map(|hours| hours.contact.clone())
                .unwrap_or_default(),
            basis: region.basis(),
        })
    }
}

/// The moments that are answered for: what a day of the contract can be.
const MOMENTS: std::ops::Range<OffsetDateTime> =
    time::macros::datetime!(1970-01-02 00:00 UTC)..time::macros::datetime!(3000-01-01 00:00 UTC);

/// The name of a channel in the document; none for none.
fn name(channel: Channel) -> Option<&'static str> {
    Some(match channel {
        Channel::Unspecified => return None,
        Channel::Phone => "phone",
        Channel::Email => "email",
        Channel::Chat => "chat",
        Channel::Store => "store",
        Channel::Social => "social",
        Channel::App => "app",
    })
}

fn kept(calendar: &Calendar, day: Date, snapshot: &Snapshot, languages: &[String]) -> Vec<wire::HolidayOn> {
    let label = |name: &str| {
        let key = format!("holiday.{}", name.replace('-', "_"));
        let text = words::text(snapshot, &key, languages, &Arguments::new()).filter(|_| !languages.is_empty());
        text.map_or_else(String::new, |text| text.text)
    };
    let present = |kept: Kept| wire::HolidayOn {
        label: label(&kept.name),
        name: kept.name.to_string(),
        substitute: kept.substitute,
        provisional: kept.provisional,
    };
    calendar.holidays(day).into_iter().map(present).collect()
}

fn open(spans: &[Span]) -> Vec<wire::OpenTime> {
    let present = |span: &Span| wire::OpenTime {
        from: Some(timestamp(span.from)),
        until: Some(timestamp(span.until)),
    };
    spans.iter().map(present).collect()
}

#[tonic::async_trait]
impl RegionService for RegionApi {
    async fn list_region_profiles(
        &self,
        request: Request<wire::ListRegionProfilesRequest>,
    ) -> Result<Response<wire::ListRegionProfilesResponse>, Status> {
        Ok(Response::new(self.list(request.get_ref())?))
    }

    async fn get_region_profile(
        &self,
        request: Request<wire::GetRegionProfileRequest>,
    ) -> Result<Response<wire::GetRegionProfileResponse>, Status> {
        Ok(Response::new(self.profile(request.get_ref())?))
    }

    async fn get_calendar(
        &self,
        request: Request<wire::GetCalendarRequest>,
    ) -> Result<Response<wire::GetCalendarResponse>, Status> {
        Ok(Response::new(self.calendar(request.get_ref())?))
    }

    async fn get_opening(
        &self,
        request: Request<wire::GetOpeningRequest>,
    ) -> Result<Response<wire::GetOpeningResponse>, Status> {
        Ok(Response::new(self.opening(request.get_ref())?))
    }
}
