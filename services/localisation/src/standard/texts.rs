//! What texts keep to before they are published.

use std::collections::BTreeMap;

use support_chassis::standard::{Document, Place, Standard};
use support_proto::support::localisation::v1::MessageRules;
use support_words::message::Rules;
use support_words::tag::Tag;

/// What texts keep to.
pub static MESSAGE_RULES: Document<MessageRules> =
    Document::new(include_str!("../../standard/message-rules.yaml")).checked_by(check);

/// The rules as they hold at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextRules {
    /// Whether somebody other than the author must have approved a text.
    pub four_eyes: bool,
    /// Whether texts may be published directly.
    pub direct_publishing: bool,
    /// What the words keep to.
    pub words: Rules,
}

impl TextRules {
    /// The rules of today. The catalogues are one for all places, and so are these.
    #[must_use]
    pub fn today(standard: &Standard<MessageRules>) -> Self {
        Self::of(&standard.today(&Place::Global).document)
    }

    /// The rules of a document.
    #[must_use]
    pub fn of(document: &MessageRules) -> Self {
        let longest = document.longest.iter();
        let glossary = document.glossary.iter().map(|(term, translations)| {
            let translations = translations.translations.iter();
            let words = translations.map(|(locale, words)| (locale.clone(), words.words.clone()));
            (term.clone(), words.collect::<BTreeMap<_, _>>())
        });
        let forbidden = document.forbidden.iter();
        Self {
            four_eyes: document.four_eyes,
            direct_publishing: document.direct_publishing,
            words: Rules {
                longest: longest
                    .filter_map(|(beginning, longest)| Some((beginning.clone(), usize::try_from(*longest).ok()?)))
                    .collect(),
                product_names: document.product_names.clone(),
                glossary: glossary.collect(),
                forbidden: forbidden
                    .map(|(locale, phrases)| (locale.clone(), phrases.phrases.clone()))
                    .collect(),
            },
        }
    }
}

/// What the field rules cannot say: that what is named as a locale is one.
fn check(document: &MessageRules) -> Vec<(String, String)> {
    let forbidden = document
        .forbidden
        .keys()
        .map(|tag| (format!("forbidden[{tag:?}]"), tag));
    let glossary = document.glossary.iter().flat_map(|(term, translations)| {
        let tags = translations.translations.keys();
        tags.map(move |tag| (format!("glossary[{term:?}].translations[{tag:?}]"), tag))
    });
    forbidden
        .chain(glossary)
        .filter(|(_, tag)| Tag::parse(tag).is_none_or(|canonical| canonical.as_str() != tag.as_str()))
        .map(|(path, _)| (path, "must be a language tag in canonical form".to_owned()))
        .collect()
}
