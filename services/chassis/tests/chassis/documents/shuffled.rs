//! The order in which records come does not matter, and what follows from them is what their comments say.

use std::collections::BTreeMap;

use proptest::prelude::*;
use support_chassis::id::{Id, Region};
use support_chassis::standard::{Place, Publication, PublicationId, Record, Tenure, TenureId, Withdrawal};
use time::Date;

use super::records::{TERMS, day, hour, id, published, records, region, tenure, with_content, withdrawn};

/// Random records: few places and days, tenures that contradict each other. A region publishes under tenures that exist,
/// that it holds or not, and none of its versions twice.
pub(super) fn random_records(content: BoxedStrategy<(Place, String)>) -> impl Strategy<Value = Vec<Record>> {
    let regions = || proptest::sample::select(&["eu", "jp", "us"][..]);
    let tenures = proptest::collection::vec((regions(), regions(), 1..4_i64, 0..40_i64, 0..5_i64), 0..5);
    let publications = proptest::collection::vec((regions(), content, 0..9_i64, any::<prop::sample::Index>()), 1..9);
    let withdrawals = proptest::collection::vec((regions(), any::<prop::sample::Index>(), 0..9_i64, 0..40_i64), 0..4);
    (tenures, publications, withdrawals).prop_map(|(tenures, publications, withdrawals)| {
        // Ids are made in another order than things happen: a clock may be behind, and what decides must not be the id alone.
        let mut numbers = 100..;
        let mut made = |by: &str| {
            let number: i64 = numbers.next().unwrap();
            id::<Id>(by, hour(1000 - number), number.unsigned_abs())
        };
        let tenures: Vec<Tenure> = (tenures.into_iter())
            .map(|(by, to, number, at, last)| Tenure {
                id: made(by).into(),
                ..tenure(by, to, number, at, last)
            })
            .collect();
        let mut versions: BTreeMap<(&str, Place), i64> = BTreeMap::new();
        let publications: Vec<Publication> = (publications.into_iter())
            .map(|(by, (place, content), from, under)| {
                let version = versions.entry((by, place.clone())).or_default();
                *version += 1;
                let choice = under.index(tenures.len() + 1);
                let tenure = tenures
                    .get(choice)
                    .filter(|_| place == Place::Global)
                    .map(|tenure| tenure.id);
                let plain = published(by, *version);
                let at = hour(i64::try_from(choice).unwrap());
                let publication = Publication {
                    id: made(by).into(),
                    published_at: at,
                    effective_from: day(from),
                    place,
                    tenure,
                    ..plain
                };
                with_content(publication, &content)
            })
            .collect();
        let withdrawals = withdrawals.into_iter().map(|(by, what, from, at)| Withdrawal {
            id: made(by).into(),
            ..withdrawn(by, what.get(&publications).id, from, at)
        });
        let withdrawals: Vec<Withdrawal> = withdrawals.collect();
        (tenures.into_iter().map(Record::Tenure))
            .chain(publications.into_iter().map(Record::Publication))
            .chain(withdrawals.into_iter().map(Record::Withdrawal))
            .collect()
    })
}

fn few_contents() -> BoxedStrategy<(Place, String)> {
    let places = [Place::Global, Place::Global, Place::group("eea"), Place::country("DE")];
    (proptest::sample::select(places.to_vec()), 0..3)
        .prop_map(|(place, number)| (place, format!("{{\"n\":{number}}}")))
        .boxed()
}

/// Says by itself what holds, from the list of the records.
fn judge(all: &[Record], place: &Place, on: Date) -> Option<PublicationId> {
    let tenures: Vec<&Tenure> = all
        .iter()
        .filter_map(|one| match one {
            Record::Tenure(tenure) => Some(tenure),
            _ => None,
        })
        .collect();
    let is_valid = |tenure: &Tenure| {
        let rivals = tenures.iter().filter(|other| other.number == tenure.number);
        rivals.map(|other| (other.moved_at, other.id)).min() == Some((tenure.moved_at, tenure.id))
    };
    let number_of = |of: Option<TenureId>, by: Region| -> Option<i64> {
        match of {
            None => (by == region("eu")).then_some(0),
            Some(id) => {
                let tenure = tenures.iter().find(|tenure| tenure.id == id)?;
                (is_valid(tenure) && tenure.region == by).then_some(tenure.number)
            }
        }
    };
    let counts = |publication: &Publication| {
        *place != Place::Global
            || number_of(publication.tenure, publication.id.region()).is_some_and(|number| {
                tenures
                    .iter()
                    .filter(|later| later.number > number && is_valid(later))
                    .all(|later| later.last_versions.get(TERMS).copied().unwrap_or(0) >= publication.version)
            })
    };
    // Every spell of the authority: from when (none for ever before), to when, who.
    let mut spells = vec![(None, None, region("eu"))];
    for number in 1..9 {
        if let Some(next) = tenures
            .iter()
            .find(|tenure| tenure.number == number && is_valid(tenure))
        {
            spells.last_mut().unwrap().1 = Some(next.moved_at);
            spells.push((Some(next.moved_at), None, next.region));
        }
    }
    let may_withdraw = |withdrawal: &Withdrawal| {
        let own: Vec<_> = spells
            .iter()
            .filter(|spell| spell.2 == withdrawal.id.region())
            .collect();
        let at = withdrawal.withdrawn_at;
        own.iter().enumerate().any(|(position, (from, to, _))| {
            (position == 0 || from.is_none_or(|from| from <= at)) && to.is_none_or(|to| at <= to)
        })
    };
    let is_withdrawn = |publication: &Publication| {
        all.iter().any(|one| match one {
            Record::Withdrawal(withdrawal) => {
                withdrawal.publication == publication.id
                    && withdrawal.from_day <= on
                    && (*place != Place::Global || may_withdraw(withdrawal))
            }
            _ => false,
        })
    };
    all.iter()
        .filter_map(|one| match one {
            Record::Publication(publication) if publication.place == *place => Some(publication),
            _ => None,
        })
        .filter(|one| one.effective_from <= on && counts(one) && !is_withdrawn(one))
        .max_by_key(|one| (one.effective_from, one.published_at, one.id))
        .map(|one| one.id)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_order_in_which_records_come_does_not_matter(
        (all, shuffled) in random_records(few_contents())
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        again in any::<prop::sample::Index>(),
    ) {
        let one = records(all.clone());
        let mut other = records(shuffled.clone());
        prop_assert!(!other.add(again.get(&shuffled).clone()), "told twice");
        for place in [Place::Global, Place::group("eea"), Place::country("DE")] {
            for on in (0..10).map(day) {
                let held = other.holding(TERMS, &place, on).map(|held| held.id);
                prop_assert_eq!(one.holding(TERMS, &place, on).map(|held| held.id), held);
                prop_assert_eq!(judge(&all, &place, on), held, "{} on {}", place, on);
                prop_assert_eq!(other.ranked(TERMS, &place, on).first().map(|first| first.id), held);
            }
        }
        prop_assert_eq!(one.holder(), other.holder());
        prop_assert_eq!(one.last_versions(), other.last_versions());
        prop_assert_eq!(one, other);
    }
}
