//! How articles are written and kept, as the standard says.

use support_chassis::standard::{Document, Place, Standard};
use support_proto::support::localisation::v1::{ArticleKind, ArticleRules, KnowledgeRules};
use time::{Date, Duration};

/// How articles are written and kept.
pub static KNOWLEDGE_RULES: Document<KnowledgeRules> =
    Document::new(include_str!("../../standard/knowledge-rules.yaml"));

/// The rules of the day. Articles are one store for all countries of a region, so what holds everywhere counts.
#[derive(Debug, Clone)]
pub struct Rules(Standard<KnowledgeRules>);

impl Rules {
    /// By what the standard says.
    #[must_use]
    pub fn new(standard: Standard<KnowledgeRules>) -> Self {
        Self(standard)
    }

    fn of(&self, kind: ArticleKind) -> ArticleRules {
        let held = self.0.today(&Place::Global);
        let rules = match kind {
            ArticleKind::Unspecified | ArticleKind::HowTo => &held.how_to,
            ArticleKind::Symptom => &held.symptom,
            ArticleKind::KnownIssue => &held.known_issue,
            ArticleKind::Policy => &held.policy,
        };
        // What is missing is never the looser.
        rules.unwrap_or(ArticleRules {
            four_eyes: true,
            review_days: 1,
        })
    }

    /// Whether somebody who has not written in it must approve a text before it is published.
    #[must_use]
    pub fn asks_four_eyes(&self, kind: ArticleKind) -> bool {
        self.of(kind).four_eyes
    }

    /// The last day on which an article that is published or reviewed today is to be looked at again.
    #[must_use]
    pub fn latest_review(&self, kind: ArticleKind, today: Date) -> Date {
        let days = Duration::days(self.of(kind).review_days.max(1).into());
        today.checked_add(days).unwrap_or(Date::MAX)
    }

    /// How long after an answer was offered a case says that it did not end the matter.
    #[must_use]
    pub fn comes_back_within(&self) -> Duration {
        Duration::hours(self.0.today(&Place::Global).came_back_within_hours.max(1).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_asks_for_two_people_and_looks_at_known_issues_first() {
        let rules = Rules::new(Standard::shipped(&KNOWLEDGE_RULES));
        let today = time::macros::date!(2026 - 03 - 10);
        let kinds = [
            ArticleKind::KnownIssue,
            ArticleKind::Policy,
            ArticleKind::HowTo,
            ArticleKind::Symptom,
        ];
        assert!(kinds.iter().all(|kind| rules.asks_four_eyes(*kind)));
        assert!(kinds.is_sorted_by_key(|kind| rules.latest_review(*kind, today)));
        assert_eq!(
            rules.latest_review(ArticleKind::KnownIssue, today),
            time::macros::date!(2026 - 05 - 09)
        );
        assert_eq!(rules.comes_back_within(), Duration::hours(72));
    }
}
