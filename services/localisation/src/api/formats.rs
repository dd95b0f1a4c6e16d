//! `FormatService`: CLDR's rules, without the database and without a text.

use std::sync::Arc;

use support_chassis::standard::Place;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::format_service_server::FormatService;
use support_words::catalogue::{Day, ListKind, Money};
use support_words::format::names::{self, Kind};
use support_words::format::person::{Manner, Order, Person, Use};
use support_words::format::{Formats, Length, RelativeUnit, Written, phone, rules_of, sort};
use support_words::reader::Reader;
use support_words::tag::Tag;
use support_words::wire as words;
use tonic::{Request, Response, Status};

use crate::catalogues::Catalogues;
use crate::error::Error;
use crate::regions::Regions;

mod addresses;

/// `FormatService`.
#[derive(Debug, Clone)]
pub struct FormatApi {
    catalogues: Catalogues,
    regions: Regions,
    formats: Arc<Formats>,
}

impl FormatApi {
    /// The service over the locales, and over what is particular to countries.
    #[must_use]
    pub fn new(catalogues: Catalogues, regions: Regions) -> Self {
        Self {
            catalogues,
            regions,
            formats: Arc::default(),
        }
    }

    /// What an address in a country asks for: what its profile says, else what the post does.
    fn address_form(&self, country: &str) -> Option<wire::AddressForm> {
        let region = self.regions.at(&Place::country(country))?;
        region.profile()?.address.clone()
    }
}

#[tonic::async_trait]
impl FormatService for FormatApi {
    async fn format_values(
        &self,
        request: Request<wire::FormatValuesRequest>,
    ) -> Result<Response<wire::FormatValuesResponse>, Status> {
        let request = request.into_inner();
        let snapshot = self.catalogues.current();
        let rules = rules_of(snapshot.locales(), &request.languages);
        let direction = snapshot.locales().negotiate(&request.languages).locale.direction;
        let reader = Reader::new(&request.languages).in_zone(&request.time_zone);
        let formats = Arc::clone(&self.formats);
        let locale = rules.to_string();
        // A locale that is asked for for the first time is compiled: milliseconds that no other call should wait for.
        let texts = tokio::task::spawn_blocking(move || {
            let write = |value: wire::FormatValue| {
                let length = length(value.length());
                let Some(value) = read(value) else {
                    return Ok(String::new());
                };
                let written = formats.write(&rules, value, length, &reader)?;
                Ok(written.unwrap_or_default())
            };
            request.values.into_iter().map(write).collect::<Result<Vec<_>, Error>>()
        })
        .await
        .map_err(Error::Interrupted)??;
        Ok(Response::new(wire::FormatValuesResponse {
            texts,
            locale,
            direction: words::direction(direction).into(),
        }))
    }

    async fn get_display_names(
        &self,
        request: Request<wire::GetDisplayNamesRequest>,
    ) -> Result<Response<wire::GetDisplayNamesResponse>, Status> {
        let request = request.into_inner();
        let rules = rules_of(self.catalogues.current().locales(), &request.languages);
        let kind = match request.kind() {
            wire::DisplayNameKind::Region => Kind::Region,
            wire::DisplayNameKind::Script => Kind::Script,
            wire::DisplayNameKind::Currency => Kind::Currency,
            wire::DisplayNameKind::Calendar => Kind::Calendar,
            wire::DisplayNameKind::Language | wire::DisplayNameKind::Unspecified => Kind::Language,
        };
        Ok(Response::new(wire::GetDisplayNamesResponse {
            names: names::named(&rules, kind, &request.codes),
            locale: rules.to_string(),
        }))
    }

    async fn sort_texts(
        &self,
        request: Request<wire::SortTextsRequest>,
    ) -> Result<Response<wire::SortTextsResponse>, Status> {
        let request = request.into_inner();
        let rules = rules_of(self.catalogues.current().locales(), &request.languages);
        let order = sort::sorted(&rules, &request.texts).into_iter();
        Ok(Response::new(wire::SortTextsResponse {
            order: order.map(|place| i32::try_from(place).unwrap_or(i32::MAX)).collect(),
            locale: rules.to_string(),
        }))
    }

    async fn get_address_form(
        &self,
        request: Request<wire::GetAddressFormRequest>,
    ) -> Result<Response<wire::GetAddressFormResponse>, Status> {
        let request = request.into_inner();
        let snapshot = self.catalogues.current();
        let own = self.address_form(&request.country_code);
        Ok(Response::new(addresses::form(&snapshot, &request, own)))
    }

    async fn format_address(
        &self,
        request: Request<wire::FormatAddressRequest>,
    ) -> Result<Response<wire::FormatAddressResponse>, Status> {
        let request = request.into_inner();
        let rules = rules_of(self.catalogues.current().locales(), &request.languages);
        let own = self.address_form(&request.country_code);
        Ok(Response::new(addresses::written(&rules, request, own)))
    }

    async fn read_phone(
        &self,
        request: Request<wire::ReadPhoneRequest>,
    ) -> Result<Response<wire::ReadPhoneResponse>, Status> {
        let wire::ReadPhoneRequest { number, country } = request.into_inner();
        let answer = phone::read(&number, &country).map_or_else(wire::ReadPhoneResponse::default, |phone| {
            wire::ReadPhoneResponse {
                is_valid: phone.is_valid,
                e164: phone.e164,
                international: phone.international,
                national: phone.national,
                country: phone.country,
            }
        });
        Ok(Response::new(answer))
    }
}

fn length(length: wire::FormatLength) -> Length {
    match length {
        wire::FormatLength::Short => Length::Short,
        wire::FormatLength::Medium | wire::FormatLength::Unspecified => Length::Medium,
        wire::FormatLength::Long => Length::Long,
    }
}

fn read_name(name: wire::WrittenName, length: Length) -> Written {
    let manner = Manner {
        order: match name.order() {
            wire::NameOrder::Unspecified => Order::OfName,
            wire::NameOrder::GivenFirst => Order::GivenFirst,
            wire::NameOrder::SurnameFirst => Order::SurnameFirst,
            wire::NameOrder::Sorting => Order::Sorting,
        },
        length,
        usage: match name.r#use() {
            wire::NameUse::Unspecified | wire::NameUse::Referring => Use::Referring,
            wire::NameUse::Addressing => Use::Addressing,
            wire::NameUse::Monogram => Use::Monogram,
        },
        is_informal: name.informal,
    };
    let person = Person {
        title: name.title,
        given: name.given,
        given_informal: name.given_informal,
        given2: name.given2,
        surname_prefix: name.surname_prefix,
        surname: name.surname,
        surname2: name.surname2,
        generation: name.generation,
        credentials: name.credentials,
        language: Tag::parse_leniently(&name.language),
    };
    Written::Name(Box::new(person), manner)
}

/// The value; none where it is not exactly one, or one that cannot be.
fn read(value: wire::FormatValue) -> Option<Written> {
    let length = length(value.length());
    let wire::FormatValue {
        number,
        share,
        money,
        time,
        time_of_day,
        date,
        measure,
        relative_time,
        list,
        name,
        length: _,
    } = value;
    let mut given = [
        number.map(|number| Some(Written::Number(number))),
        share.map(|share| Some(Written::Share(share))),
        money.map(|money| Money::new(&money.currency_code, money.minor_units).map(Written::Money)),
        time.map(|time| words::milliseconds(&time).map(Written::Time)),
        time_of_day.map(|time| words::milliseconds(&time).map(Written::TimeOfDay)),
        date.map(|date| Day::new(date.year, date.month, date.day).map(Written::Day)),
        measure.map(|measure| Some(Written::Measure(measure.amount, measure.unit))),
        relative_time.map(|time| Some(Written::Relative(time.amount, RelativeUnit::parse(&time.unit)?))),
        list.map(|list| {
            let kind = match list.kind() {
                wire::ListKind::And => ListKind::And,
                wire::ListKind::Or => ListKind::Or,
                wire::ListKind::Unspecified => return None,
            };
            Some(Written::List(kind, list.texts))
        }),
        name.map(|name| Some(read_name(name, length))),
    ]
    .into_iter()
    .flatten();
    match (given.next(), given.next()) {
        (Some(value), None) => value,
        _ => None,
    }
}
