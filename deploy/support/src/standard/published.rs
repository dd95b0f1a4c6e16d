//! What was published, as far as the commands have to know.

use support_chassis::day;
use support_chassis::standard::{Place, content, day_of};
use support_proto::support::standard::v1::{GetPublicationRequest, ListPublicationsRequest, Publication};
use time::{Date, OffsetDateTime};

use super::file::RuleFile;
use crate::connection::refused;
use crate::session::{Caller, call};

/// The most publications in a page.
const PAGE: i32 = 100;

/// Today, as the standard counts days (UTC).
pub(crate) fn today() -> Date {
    day_of(now())
}

/// The present moment.
pub(crate) fn now() -> OffsetDateTime {
    support_chassis::clock::Clock::system().now()
}

/// Everything that was published of a document, for one place or all, newest first.
pub(crate) async fn all(caller: &Caller, document: &str, place: Option<&Place>) -> anyhow::Result<Vec<Publication>> {
    let mut request = ListPublicationsRequest {
        document: document.to_owned(),
        place: place.map(ToString::to_string).unwrap_or_default(),
        page_size: PAGE,
        page_token: String::new(),
    };
    let mut publications = Vec::new();
    loop {
        let page = call!(caller.standard().list_publications(request.clone())).map_err(|status| refused(&status))?;
        publications.extend(page.publications);
        if page.next_page_token.is_empty() {
            return Ok(publications);
        }
        request.page_token = page.next_page_token;
    }
}

/// A publication with its content.
pub(crate) async fn one(caller: &Caller, document: &str, id: &str) -> anyhow::Result<Publication> {
    let request = GetPublicationRequest {
        document: document.to_owned(),
        publication_id: id.to_owned(),
    };
    let answer = call!(caller.standard().get_publication(request.clone())).map_err(|status| refused(&status))?;
    answer
        .publication
        .ok_or_else(|| anyhow::anyhow!("the system gave no publication"))
}

/// Of publications for one place, the one that holds there on a day.
pub(crate) fn holding<'p>(publications: &'p [Publication], place: &Place, on: Date) -> Option<&'p Publication> {
    let place = place.to_string();
    let from = |publication: &Publication| publication.effective_from.as_ref().and_then(day::from_proto);
    let ended = |publication: &Publication| {
        let withdrawn = publication.withdrawn_from.as_ref().and_then(day::from_proto);
        withdrawn.is_some_and(|day| day <= on)
    };
    let published = |publication: &Publication| publication.published_at.map(|at| (at.seconds, at.nanos));
    publications
        .iter()
        .filter(|publication| publication.place == place && !publication.void && !ended(publication))
        .filter(|publication| from(publication).is_some_and(|day| day <= on))
        .max_by_key(|publication| {
            (
                from(publication),
                published(publication),
                publication.publication_id.clone(),
            )
        })
}

/// The publication that says what the file says, on the day from which the file says it.
pub(crate) async fn same(caller: &Caller, file: &RuleFile) -> anyhow::Result<Option<Publication>> {
    let publications = all(caller, file.document(), Some(&file.place)).await?;
    let day = file.effective_from.unwrap_or_else(today);
    let digest = content::digest(&file.says.canonical());
    Ok(holding(&publications, &file.place, day)
        .filter(|held| held.digest == digest)
        .cloned())
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn publication(version: i64, from: Date, at: i64) -> Publication {
        Publication {
            version,
            place: "global".to_owned(),
            effective_from: Some(day::to_proto(from)),
            published_at: Some(prost_types::Timestamp { seconds: at, nanos: 0 }),
            ..Publication::default()
        }
    }

    #[test]
    fn the_latest_that_has_begun_and_not_ended_holds() {
        let mut publications = vec![
            publication(1, date!(2026 - 01 - 01), 10),
            publication(2, date!(2027 - 01 - 01), 20),
            // Published later to begin earlier: what begins last holds.
            publication(3, date!(2026 - 06 - 01), 30),
            publication(4, date!(2027 - 01 - 01), 40),
        ];
        let on = |publications: &[Publication], day| {
            holding(publications, &Place::Global, day).map(|publication| publication.version)
        };
        assert_eq!(on(&publications, date!(2025 - 12 - 31)), None);
        assert_eq!(on(&publications, date!(2026 - 01 - 01)), Some(1));
        assert_eq!(on(&publications, date!(2026 - 12 - 31)), Some(3));
        assert_eq!(on(&publications, date!(2027 - 01 - 01)), Some(4));
        publications[3].withdrawn_from = Some(day::to_proto(date!(2027 - 02 - 01)));
        assert_eq!(on(&publications, date!(2027 - 01 - 31)), Some(4));
        assert_eq!(on(&publications, date!(2027 - 02 - 01)), Some(2));
        publications[1].void = true;
        assert_eq!(on(&publications, date!(2027 - 02 - 01)), Some(3));
        assert_eq!(
            holding(&publications, &Place::country("DE"), date!(2027 - 02 - 01)),
            None
        );
    }
}
