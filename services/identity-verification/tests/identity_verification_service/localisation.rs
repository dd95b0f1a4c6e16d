//! The words of the house.

use support_testing::Localisation;

/// A localisation whose messages say in which language they are.
pub(crate) fn localisation() -> Localisation {
    let languages = ["de-CH", "de", "ja"];
    let localisation = Localisation::new(&languages);
    for locale in languages.iter().chain(&["en"]) {
        localisation.publish(
            locale,
            [
                ("verification.code.subject", format!("{locale}: ご確認コード")),
                (
                    "verification.code.body",
                    format!("{locale}: \u{2068}{{$code}}\u{2069} · {{$minutes}}\n"),
                ),
            ],
        );
    }
    localisation
}
