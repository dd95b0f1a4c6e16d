//! What is known of a reader beside the languages: where their clocks are, and which calendar they count by.

use icu_locale::Locale;
use icu_locale::extensions::unicode::{Key, key};
use icu_locale::preferences::extensions::unicode::keywords::CalendarAlgorithm;
use mf2::{FormatContext, TimeZone, host_std};

/// Where a reader's clocks are, and which calendar they count by. By default UTC, and the calendar of the locale (the
/// Buddhist one in Thai, the Persian one in Persian).
#[derive(Clone, Default)]
pub struct Reader {
    zone: Option<TimeZone>,
    zone_is_unknown: bool,
    calendar: Option<String>,
}

impl std::fmt::Debug for Reader {
    /// Nothing: where somebody is, is theirs.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    /// Who reads `languages`, best first. The first that asks for a calendar (`th-u-ca-gregory`) has it.
    #[must_use]
    pub fn new<S: AsRef<str>>(languages: &[S]) -> Self {
        const CALENDAR: Key = key!("ca");
        let calendar = languages
            .iter()
            .map(AsRef::as_ref)
            .filter(|language| language.contains("-u-") || language.contains("-U-"))
            .filter_map(|language| Locale::try_from_str(language).ok())
            .find_map(|locale| {
                let value = locale.extensions.unicode.keywords.get(&CALENDAR)?;
                CalendarAlgorithm::try_from(value).ok()?;
                Some(value.to_string())
            });
        Self {
            calendar,
            ..Self::default()
        }
    }

    /// The same in a time zone, by its name in the IANA database. Times stay in UTC where the name is empty, and where there
    /// is no such zone.
    #[must_use]
    pub fn in_zone(self, name: &str) -> Self {
        let is_known = jiff::tz::TimeZoneDatabase::bundled().get(name).is_ok();
        let zone = if is_known { TimeZone::named(name) } else { None };
        Self {
            zone_is_unknown: zone.is_none() && !name.is_empty(),
            zone,
            ..self
        }
    }

    /// Whether a zone was named that there is not.
    #[must_use]
    pub fn zone_is_unknown(&self) -> bool {
        self.zone_is_unknown
    }

    pub(crate) fn calendar(&self) -> Option<&str> {
        self.calendar.as_deref()
    }

    /// Isolates every value from the direction of the text around it, and gives times where the reader is.
    pub(crate) fn context(&self) -> FormatContext {
        let mut context = FormatContext::new(&host_std::ZONES_HOST);
        if let Some(zone) = self.zone {
            context.time_zone = zone;
        }
        context
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_asks_for_a_calendar_has_it() {
        for (languages, calendar) in [
            (vec!["th"], None),
            (vec!["th-u-ca-gregory"], Some("gregory")),
            (vec!["en", "fa-IR-u-ca-islamic-umalqura"], Some("islamic-umalqura")),
            (vec!["en-u-nu-thai", "ja-U-CA-japanese"], Some("japanese")),
            (vec!["en-u-ca-nosuch", "en-u-ca-hebrew"], Some("hebrew")),
            (vec!["de-u-"], None),
        ] {
            assert_eq!(Reader::new(&languages).calendar(), calendar, "{languages:?}");
        }
    }

    #[test]
    fn a_zone_is_one_of_the_database() {
        let is_unknown = |name: &str| Reader::new(&["en"]).in_zone(name).zone_is_unknown();
        for known in [
            "",
            "Europe/Berlin",
            "Asia/Kathmandu",
            "UTC",
            "America/Argentina/Buenos_Aires",
        ] {
            assert!(!is_unknown(known), "{known}");
        }
        for unknown in ["Mars/Olympus_Mons", "+01:00", "Europe/Berlin "] {
            assert!(is_unknown(unknown), "{unknown}");
        }
    }
}
