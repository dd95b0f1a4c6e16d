//! In which language a case is held: the one its customer prefers, or the one its customer writes.

use super::kinds::LanguageOrigin;
use super::language::Language;

/// So many letters of a message tell in which language its writer goes on. Fewer are a word of thanks that everybody knows, or a
/// name; at the opening of a case, where there is nothing else, they count.
pub const ENOUGH: usize = 20;

/// What is known of the languages of a case's customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    /// The language the case was opened with: what the customer prefers.
    pub stated: Language,
    /// What else the customer reads, as the customer has said.
    pub reads: Vec<Language>,
    /// The language that the customer last wrote for certain; none where nothing told.
    pub detected: Option<Language>,
    /// How the case came by the language it is held in.
    pub origin: LanguageOrigin,
}

impl Speech {
    /// A customer who prefers `stated` and reads `reads` too, and has written nothing yet.
    #[must_use]
    pub fn new(stated: Language, reads: Vec<Language>) -> Self {
        Self {
            stated,
            reads,
            detected: None,
            origin: LanguageOrigin::Stated,
        }
    }

    /// Takes note of what the customer wrote, where at least so many letters of it tell; gives its language, where it is
    /// certain.
    pub fn hear(&mut self, text: &str, least: usize) -> Option<Language> {
        let reads: Vec<&str> = std::iter::once(&self.stated)
            .chain(&self.reads)
            .map(Language::as_str)
            .collect();
        let detection = support_languages::detect(text, &reads);
        let heard = Language::parse(detection.certain()?).ok()?;
        if detection.told >= least {
            self.detected = Some(heard.clone());
        }
        Some(heard)
    }

    /// The language in which the case is to be held by what its customer said and wrote, and how it came by it; none where
    /// staff decided. What the customer prefers is best where the customer reads both.
    #[must_use]
    pub fn wanted(&self) -> Option<(&Language, LanguageOrigin)> {
        if self.origin == LanguageOrigin::Staff {
            return None;
        }
        let foreign = self.detected.as_ref().filter(|detected| {
            !std::iter::once(&self.stated)
                .chain(&self.reads)
                .any(|reads| reads.is_same(detected))
        });
        Some(match foreign {
            Some(detected) => (detected, LanguageOrigin::Detected),
            None => (&self.stated, LanguageOrigin::Stated),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTUGUESE: &str = "Olá, o meu telemóvel não liga desde ontem à noite, o que devo fazer?";
    const SPANISH: &str = "Hola, mi teléfono no enciende desde ayer por la noche, ¿qué debo hacer?";

    fn speech(stated: &str, reads: &[&str]) -> Speech {
        let language = |tag: &str| Language::parse(tag).unwrap();
        Speech::new(language(stated), reads.iter().map(|tag| language(tag)).collect())
    }

    fn wanted(speech: &Speech) -> Option<(&str, LanguageOrigin)> {
        speech.wanted().map(|(language, origin)| (language.as_str(), origin))
    }

    #[test]
    fn what_the_customer_writes_is_what_the_customer_is_spoken_to_in() {
        let mut speech = speech("es-MX", &[]);
        assert_eq!(wanted(&speech), Some(("es-MX", LanguageOrigin::Stated)));
        speech.hear(PORTUGUESE, ENOUGH);
        assert_eq!(wanted(&speech), Some(("pt", LanguageOrigin::Detected)));
        speech.hear("ok", 0);
        assert_eq!(
            wanted(&speech),
            Some(("pt", LanguageOrigin::Detected)),
            "what tells nothing changes nothing"
        );
        assert!(speech.hear("thank you very much", ENOUGH).is_some());
        assert_eq!(
            wanted(&speech),
            Some(("pt", LanguageOrigin::Detected)),
            "a word of thanks is no other language"
        );
        speech.hear(SPANISH, ENOUGH);
        assert_eq!(
            wanted(&speech),
            Some(("es-MX", LanguageOrigin::Stated)),
            "the country of what was said stays"
        );
    }

    #[test]
    fn who_reads_both_is_spoken_to_in_the_one_they_prefer() {
        let mut speech = speech("es", &["en", "pt-BR"]);
        assert!(speech.hear(PORTUGUESE, ENOUGH).is_some());
        assert_eq!(wanted(&speech), Some(("es", LanguageOrigin::Stated)));
        assert_eq!(speech.detected.as_ref().map(Language::as_str), Some("pt"));
    }

    #[test]
    fn what_staff_decided_stays() {
        let mut speech = speech("es", &[]);
        speech.origin = LanguageOrigin::Staff;
        speech.hear(PORTUGUESE, ENOUGH);
        assert_eq!(wanted(&speech), None);
    }
}
