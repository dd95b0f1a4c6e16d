//! What an agent must be certified for, and what a course leads to.

use std::collections::{BTreeMap, BTreeSet};

use time::{Duration, OffsetDateTime};

use super::words::words;
use super::{Attributes, Certification, Certified, ProductLine, Profile, Skill};

/// A product whose cases go only to those who are certified for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifiedProduct {
    /// The product line; none for any.
    pub product_line: Option<ProductLine>,
    /// The model; none for all of the line.
    pub model: Option<String>,
    /// What the agent must be certified for.
    pub certification: Certification,
}

impl CertifiedProduct {
    /// Whether a task is about it.
    #[must_use]
    pub fn is_of(&self, attributes: &Attributes) -> bool {
        self.product_line
            .is_none_or(|line| attributes.product_line == Some(line))
            && self.model.as_ref().is_none_or(|model| attributes.model == *model)
    }
}

/// What of these products a task demands.
pub fn required_certifications<'p>(
    products: &'p [CertifiedProduct],
    attributes: &'p Attributes,
) -> impl Iterator<Item = Certification> + 'p {
    let of_it = products.iter().filter(|product| product.is_of(attributes));
    of_it.map(|product| product.certification.clone())
}

/// The rules of training that hold on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainingRules {
    /// The skills that count only while all of these hold.
    pub skills: BTreeMap<Skill, BTreeSet<Certification>>,
    /// The products whose cases go only to those who are certified for them.
    pub products: Vec<CertifiedProduct>,
    /// How many days before the end of a certification it is told, the most first.
    pub warning_days: Vec<i32>,
}

impl TrainingRules {
    /// The profile without the skills that do not count, as a certification for them is not there.
    #[must_use]
    pub fn counted(&self, mut profile: Profile) -> Profile {
        let Profile {
            skills, certifications, ..
        } = &mut profile;
        skills.retain(|(skill, _)| {
            let demanded = self.skills.get(skill);
            demanded.is_none_or(|all| all.iter().all(|one| certifications.contains(one)))
        });
        profile
    }

    /// The fewest days ahead for which it is to be told by `now` that something ends; none where it is too early for any.
    #[must_use]
    pub fn warning(&self, end: OffsetDateTime, now: OffsetDateTime) -> Option<i32> {
        let reached = |days: &&i32| end - now <= Duration::days(i64::from(**days));
        self.warning_days.iter().filter(reached).min().copied()
    }
}

words! {
    /// How an attempt at a course came out.
    Outcome {
        /// Passed.
        Passed = "passed",
        /// Not passed.
        Failed = "failed",
    }
}

/// A course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Its name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// What who passes is certified for.
    pub certification: Certification,
    /// For how many days; 0 for ever.
    pub valid_days: i32,
}

impl Course {
    /// What who passes `now` is certified for, where `stands` is what they have; none where that holds as long.
    #[must_use]
    pub fn certifies(&self, stands: Option<&Certified>, now: OffsetDateTime) -> Option<Certified> {
        let days = Some(self.valid_days).filter(|days| *days > 0);
        let new = Certified {
            certification: self.certification.clone(),
            granted_at: now,
            expires_at: days.map(|days| now + Duration::days(i64::from(days))),
        };
        let lasts = stands.is_some_and(|stands| stands.holds(now) && stands.outlasts(&new));
        (!lasts).then_some(new)
    }
}

/// An agent takes part in a course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The course.
    pub course: String,
    /// Since when.
    pub enrolled_at: OffsetDateTime,
    /// When they tried, and how it came out; oldest first.
    pub attempts: Vec<(OffsetDateTime, Outcome)>,
}

/// A certification that ends soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whose it is.
    pub agent: super::AgentId,
    /// The site where they work.
    pub site: String,
    /// Their team; empty for none.
    pub team: String,
    /// What for.
    pub certification: Certification,
    /// When.
    pub expires_at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::domain::Channel;

    const NOW: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);

    fn cert(name: &str) -> Certification {
        name.parse().unwrap()
    }

    #[test]
    fn a_skill_counts_while_all_its_certifications_are_there() {
        let battery: Skill = "area/battery".parse().unwrap();
        let rules = TrainingRules {
            skills: [(battery.clone(), [cert("cert/a"), cert("cert/b")].into())].into(),
            ..TrainingRules::default()
        };
        let skills = vec![(battery.clone(), 3), (Skill::product(ProductLine::Phone), 2)];
        let of = |certifications: &[&str]| {
            let profile = Profile::new(Vec::new(), skills.clone());
            let all = certifications.iter().map(|name| cert(name)).collect();
            rules.counted(profile.certified(all)).skills.len()
        };
        assert_eq!((of(&[]), of(&["cert/a"]), of(&["cert/b", "cert/a"])), (1, 1, 2));
    }

    #[test]
    fn a_product_asks_for_its_certification() {
        let product = |line, model: Option<&str>, name: &str| CertifiedProduct {
            product_line: line,
            model: model.map(str::to_owned),
            certification: cert(name),
        };
        let products = [
            product(Some(ProductLine::Phone), Some("p16"), "cert/p16"),
            product(Some(ProductLine::Watch), None, "cert/watch"),
        ];
        let mut attributes = Attributes::new(Channel::Chat, "en".parse().unwrap());
        let required = |attributes: &Attributes| required_certifications(&products, attributes).collect::<Vec<_>>();
        assert_eq!(required(&attributes), []);
        attributes.product_line = Some(ProductLine::Phone);
        assert_eq!(required(&attributes), [], "an older one");
        attributes.model = "p16".to_owned();
        assert_eq!(required(&attributes), [cert("cert/p16")]);
        attributes.product_line = Some(ProductLine::Watch);
        assert_eq!(required(&attributes), [cert("cert/watch")]);
    }

    #[test]
    fn a_warning_is_told_for_the_fewest_days_that_are_left() {
        let rules = TrainingRules {
            warning_days: vec![30, 7],
            ..TrainingRules::default()
        };
        let days = |days: i64| rules.warning(NOW + Duration::days(days), NOW);
        assert_eq!(
            (days(31), days(30), days(8), days(7), days(0)),
            (None, Some(30), Some(30), Some(7), Some(7))
        );
    }

    #[test]
    fn who_passes_is_certified_for_as_long_as_the_course_says() {
        let course = Course {
            name: "battery".to_owned(),
            title: "Battery".to_owned(),
            certification: cert("cert/battery"),
            valid_days: 10,
        };
        let first = course.certifies(None, NOW).unwrap();
        assert_eq!(first.expires_at, Some(NOW + Duration::days(10)));
        assert_eq!(course.certifies(Some(&first), NOW), None, "it holds as long already");
        let later = NOW + Duration::days(3);
        let again = course.certifies(Some(&first), later).unwrap();
        assert_eq!(again.expires_at, Some(NOW + Duration::days(13)));
        let for_ever = Certified {
            expires_at: None,
            ..first
        };
        assert_eq!(course.certifies(Some(&for_ever), later), None);
    }
}
