//! Plural and ordinal rules: every `@integer` and `@decimal` sample that CLDR gives for a rule, through a compiled message.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mf2_locale_data::{PluralKind, plural_locales, plural_rules};
use support_words::catalogue::{Arguments, Catalogue, Value};
use support_words::tag::Tag;

/// The most fraction digits that a sample shows.
const DIGITS: usize = 4;

/// A message for each number of fraction digits, that says which category was chosen.
fn catalogue(locale: &str, kind: PluralKind) -> Catalogue {
    let select = match kind {
        PluralKind::Ordinal => " select=ordinal",
        PluralKind::Cardinal => "",
    };
    let messages: BTreeMap<String, String> = (0..=DIGITS)
        .map(|digits| {
            let mut pattern = format!(
                ".input {{$n :number minimumFractionDigits={digits} maximumFractionDigits={digits}{select}}} .match $n"
            );
            for category in ["zero", "one", "two", "few", "many"] {
                let _ = write!(pattern, " {category} {{{{{category}}}}}");
            }
            pattern.push_str(" * {{other}}");
            (format!("digits{digits}"), pattern)
        })
        .collect();
    let (catalogue, refused) = Catalogue::compile(&Tag::parse(locale).unwrap(), &messages).unwrap();
    assert!(refused.is_empty(), "{locale}: {refused:?}");
    catalogue
}

#[test]
fn every_sample_of_cldr_chooses_its_category() {
    let (mut passed, mut compact, mut failed) = ([0; 2], 0, Vec::new());
    for (index, kind) in [PluralKind::Cardinal, PluralKind::Ordinal].into_iter().enumerate() {
        for locale in plural_locales(kind).unwrap() {
            // No language: nothing is ever written for it.
            if locale == "und" {
                continue;
            }
            let catalogue = catalogue(locale, kind);
            for rule in plural_rules(kind, locale).unwrap().rules {
                let samples = [&rule.integer, &rule.decimal].into_iter().flatten();
                for sample in samples.flat_map(|list| list.expand().unwrap()) {
                    // `1c6` is how a compact form, "1 million", would count; messages write numbers out.
                    if sample.contains(['c', 'e']) {
                        compact += 1;
                        continue;
                    }
                    let digits = sample.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                    let number = Value::Number(sample.parse().unwrap());
                    let arguments = Arguments::from([("n".to_owned(), number)]);
                    let rendered = catalogue.render(&format!("digits{digits}"), &arguments).unwrap();
                    if rendered.text == rule.category.as_str() && rendered.degradations.is_empty() {
                        passed[index] += 1;
                    } else {
                        failed.push(format!(
                            "{locale} {sample}: {} not {}",
                            rendered.text,
                            rule.category.as_str()
                        ));
                    }
                }
            }
        }
    }
    println!(
        "{} cardinal and {} ordinal samples pass, {compact} compact ones are not asked for",
        passed[0], passed[1]
    );
    assert!(
        failed.is_empty(),
        "{} samples fail: {:?}",
        failed.len(),
        &failed[..failed.len().min(20)]
    );
    assert!(passed[0] > 12_000 && passed[1] > 2_500, "{passed:?}");
}
