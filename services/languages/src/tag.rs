//! When two tags are of one language.

/// Whether two BCP 47 tags are of one language, whatever their scripts and regions, and whichever of its old names is
/// used: `pt-BR` and `pt-PT` are, `sr` and `sr-Latn`, `no` and `nb`; `pt` and `es` are not.
#[must_use]
pub fn is_same_language(one: &str, other: &str) -> bool {
    language(one).eq_ignore_ascii_case(language(other))
}

/// The language of a tag, by the name that the models have for it.
pub(crate) fn language(tag: &str) -> &str {
    let language = tag.split(['-', '_']).next().unwrap_or_default();
    // What CLDR calls aliases, as far as the languages known here have any; Nynorsk is read by who writes Bokmål.
    match language {
        "no" | "nn" => "nb",
        "tl" => "fil",
        "iw" => "he",
        "in" => "id",
        "zsm" => "ms",
        "cmn" => "zh",
        "sh" => "sr",
        own => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_regions_and_old_names_are_no_other_language() {
        for (one, other) in [
            ("pt-BR", "pt-PT"),
            ("sr", "sr-Latn"),
            ("zh-Hans", "zh-Hant-HK"),
            ("no", "nb-NO"),
            ("EN", "en-GB"),
            ("tl", "fil"),
        ] {
            assert!(is_same_language(one, other), "{one} {other}");
        }
        for (one, other) in [("pt", "es"), ("hr", "sr-Latn"), ("nb", "da"), ("fi", "fil")] {
            assert!(!is_same_language(one, other), "{one} {other}");
        }
    }
}
