//! What is looked at before a code goes to a telephone: whether somebody has codes sent to earn by it, and what is known of the
//! number. Nobody waits for the answer to a call meanwhile, and none of it shows in one.

use std::time::Duration;

use super::Deliverer;
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::risk::Signal;
use crate::domain::verification::Verification;
use crate::error::IdentityError;
use crate::ops::weigh_risk::hour;
use crate::store;

/// For how long what a provider said of a number is good.
const ASKED_AGAIN_AFTER: Duration = Duration::from_hours(12);

impl Deliverer {
    /// Whether a code may go to a telephone. The first attempt counts it as sent; with one that was counted before nothing is asked
    /// again.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub(super) async fn may_go(
        &self,
        verification: &Verification,
        contact: &Contact,
        attempts: i16,
    ) -> Result<bool, IdentityError> {
        if contact.kind() != ContactKind::Phone || attempts > 1 {
            return Ok(true);
        }
        if self.is_pumped(verification).await? {
            return Ok(false);
        }
        self.ask_of(verification, contact).await?;
        Ok(true)
    }

    /// Counts the code, unless it is to be withheld, and writes down that it is.
    async fn is_pumped(&self, verification: &Verification) -> Result<bool, IdentityError> {
        let now = self.clock.now();
        let country = verification
            .subject
            .as_ref()
            .map(|subject| subject.country_code.as_str());
        let (rules, _) = self.policy.risk(country, now);
        let mut tx = self.db.begin().await?;
        let Some(mut assessment) = store::risk::get(&mut tx, verification.id).await? else {
            return Ok(false);
        };
        let Some((prefix, country)) = assessment.counted else {
            return Ok(false);
        };
        let pumping = &rules.pumping;
        let [by_prefix, by_country] = store::risk::counts::count_send(&mut tx, &[prefix, country], hour(now)).await?;
        let pumped = by_prefix
            .pumped(pumping.sends_per_prefix, pumping.approved_percent)
            .or(by_country.pumped(pumping.sends_per_country, pumping.approved_percent));
        let Some(percent) = pumped else {
            tx.commit().await?;
            return Ok(false);
        };
        // What is withheld is not counted: the share of those that came back is that of those that went out.
        tx.rollback().await?;
        let mut tx = self.db.begin().await?;
        if let Some(locked) = store::risk::lock(&mut tx, verification.id).await? {
            assessment = locked;
            assessment.note(Signal::NumberPumped, percent, &rules, now);
            store::risk::update(&mut tx, verification.id, &assessment).await?;
        }
        tx.commit().await?;
        self.metrics.withheld();
        tracing::info!(percent, "a code to a telephone is withheld: few like it come back");
        Ok(true)
    }

    /// Asks the provider what it knows of the number, and keeps it for when the code comes back. Where it does not answer the code
    /// goes out all the same: better that than nobody being let in.
    async fn ask_of(&self, verification: &Verification, contact: &Contact) -> Result<(), IdentityError> {
        let Some(numbers) = &self.numbers else {
            return Ok(());
        };
        let now = self.clock.now();
        let key = &verification.contact_key;
        let mut connection = self.db.read().await?;
        let known = store::risk::known::number(&mut connection, key).await?;
        drop(connection);
        if known.asked_at.is_some_and(|asked| now < asked + ASKED_AGAIN_AFTER) {
            return Ok(());
        }
        match numbers.ask(contact.value(), now).await {
            Ok(report) => {
                let mut connection = self.db.read().await?;
                store::risk::known::report_number(&mut connection, key, &report, now).await?;
            }
            Err(error) => {
                tracing::info!(%error, "nothing was learned of a number");
                self.metrics.number_unknown();
            }
        }
        Ok(())
    }
}
