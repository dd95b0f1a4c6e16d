//! Words for the sentences of decisions: each says its language and its key.

use support_testing::Localisation;
use support_warranty::domain::explain;

/// The sentence whose values stand in its words.
pub(crate) const WITH_VALUES: &str = "coverage.said.statutory_right_until";

/// Where it listens, and localisation itself.
pub(crate) async fn serve() -> (String, Localisation) {
    let localisation = Localisation::new(&["de", "es", "ja"]);
    publish(&localisation);
    let address = localisation.serve().await;
    (format!("http://{address}"), localisation)
}

/// Publishes a message for every sentence there is, in every language.
pub(crate) fn publish(localisation: &Localisation) {
    for locale in ["en", "de", "es", "ja"] {
        let messages = explain::keys().into_iter().map(|key| {
            let values = if key == WITH_VALUES {
                " ({$until :date length=short} {$days})"
            } else {
                ""
            };
            let pattern = format!("{locale}: {key}{values}");
            (key, pattern)
        });
        localisation.publish(locale, messages);
    }
}
