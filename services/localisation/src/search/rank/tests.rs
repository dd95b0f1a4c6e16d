use std::collections::BTreeMap;

use time::Duration;
use time::macros::{date, datetime};

use super::*;
use crate::domain::article::Profile;
use crate::ids::ArticleId;
use support_words::tag::Tag;

fn text() -> TextFact {
    TextFact {
        version: 1,
        title: "A".to_owned(),
        excerpt: String::new(),
        published_at: datetime!(2026-01-01 00:00 UTC),
        source_version: None,
        is_stale: false,
    }
}

fn article() -> ArticleFact {
    let region = "eu".parse().unwrap();
    let (clock, _) = support_chassis::clock::Clock::manual(datetime!(2026-01-01 00:00 UTC));
    ArticleFact {
        id: support_chassis::id::Ids::seeded(region, clock, 1).next::<ArticleId>(),
        slug: "a".to_owned(),
        profile: Profile::plain(ArticleKind::HowTo, Audience::Customer),
        source: Tag::parse("en").unwrap(),
        texts: BTreeMap::new(),
    }
}

fn asked() -> Asked {
    Asked {
        reader: Audience::Customer,
        product_line: Some(1),
        product: "ONE-5G".to_owned(),
        kind: None,
        now: datetime!(2026-03-01 00:00 UTC),
    }
}

fn of(change: impl FnOnce(&mut ArticleFact, &mut TextFact)) -> f32 {
    let (mut article, mut text) = (article(), text());
    change(&mut article, &mut text);
    factor(&article, &text, 0.5, &asked())
}

#[test]
fn nobody_finds_what_is_not_for_them_nor_what_they_do_not_want() {
    let hidden = Shelf {
        audience: Audience::Partner,
        kind: ArticleKind::HowTo,
    };
    let open = Shelf {
        audience: Audience::Customer,
        ..hidden
    };
    assert!(!is_for(hidden, &asked()));
    let partner = Asked {
        reader: Audience::Partner,
        ..asked()
    };
    assert!(is_for(hidden, &partner));
    let policy = Asked {
        kind: Some(ArticleKind::Policy),
        ..asked()
    };
    assert!(is_for(open, &asked()) && !is_for(open, &policy));
}

#[test]
fn the_nearer_to_the_product_the_better() {
    let same_product = of(|article, _| article.profile.products = vec!["ONE-5G".to_owned()]);
    let same_line = of(|article, _| article.profile.product_lines = vec![1, 4]);
    let all = of(|_, _| {});
    let other_product = of(|article, _| article.profile.products = vec!["TWO".to_owned()]);
    let other_line = of(|article, _| article.profile.product_lines = vec![4]);
    assert!(
        [same_product, same_line, all, other_product, other_line]
            .windows(2)
            .all(|pair| pair[0] > pair[1])
    );
}

#[test]
fn what_helped_is_fresh_and_up_to_date_comes_first() {
    let usual = of(|_, _| {});
    assert!(of(|_, text| text.published_at += Duration::days(50)) > usual);
    assert!(of(|_, text| text.published_at -= Duration::days(400)) < usual);
    assert!(of(|_, text| text.is_stale = true) < usual);
    assert!(of(|article, _| article.profile.review_on = Some(date!(2026 - 02 - 01))) < usual);
    let helped = |share| factor(&article(), &text(), share, &asked());
    assert!(helped(0.9) > helped(0.5) && helped(0.5) > helped(0.1));
}

#[test]
fn a_few_votes_say_little_and_many_say_much() {
    assert!((helpfulness(0, 0) - 0.5).abs() < f32::EPSILON);
    assert!(helpfulness(1, 0) > 0.5 && helpfulness(1, 0) < 0.6);
    assert!(helpfulness(100, 0) > 0.9);
    assert!(helpfulness(0, 100) < 0.1);
    assert!(helpfulness(90, 10) > helpfulness(3, 0));
}
