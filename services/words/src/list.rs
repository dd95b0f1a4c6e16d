//! Several values as a language joins them: `a, b and c`, by the list patterns of CLDR.

use icu_list::ListFormatter;
use icu_list::options::ListFormatterOptions;

use super::tag::Tag;
use super::value::ListKind;

/// The texts joined as `locale` joins them; none where there are none.
pub(super) fn joined(locale: &Tag, kind: ListKind, texts: &[String]) -> Option<String> {
    if texts.is_empty() {
        return None;
    }
    let preferences = (&locale.identifier()).into();
    let options = ListFormatterOptions::default();
    let formatter = match kind {
        ListKind::And => ListFormatter::try_new_and(preferences, options),
        ListKind::Or => ListFormatter::try_new_or(preferences, options),
    };
    // The patterns of every locale are compiled in; a comma is understood wherever they should be missing.
    Some(formatter.map_or_else(
        |_| texts.join(", "),
        |formatter| formatter.format_to_string(texts.iter()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_joins_as_it_does() {
        for (locale, kind, count, written) in [
            ("en", ListKind::And, 1, "a"),
            ("en", ListKind::And, 2, "a and b"),
            ("en", ListKind::Or, 3, "a, b, or c"),
            ("de", ListKind::And, 3, "a, b und c"),
            ("es", ListKind::Or, 2, "a o b"),
            ("ja", ListKind::Or, 2, "aまたはb"),
            ("zh-Hans", ListKind::And, 3, "a、b和c"),
            ("ar", ListKind::And, 2, "a وb"),
        ] {
            let texts: Vec<_> = ["a", "b", "c"][..count].iter().map(|text| (*text).to_owned()).collect();
            let tag = Tag::parse(locale).unwrap();
            assert_eq!(joined(&tag, kind, &texts).unwrap(), written, "{locale} {count}");
        }
        assert_eq!(joined(&Tag::parse("en").unwrap(), ListKind::And, &[]), None);
    }
}
