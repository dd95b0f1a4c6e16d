//! Brings codes and notifications to their customers.
//!
//! A delivery is taken on for a while (its lease), worked on outside any transaction, and ended. A worker that dies in
//! between leaves it to be taken on again: a message may arrive twice, and is never lost. What is worked on at the same time
//! is bounded, and a slow mail server holds back nobody but those whose mail it is slow with. Somebody waits for a code before
//! a screen: codes go first, and a quarter of the places is theirs alone.

mod attempt;
mod notice;
mod screen;

use std::sync::Arc;
use std::time::Duration;

use support_chassis::clock::Clock;
use support_chassis::db::{Db, DbError};
use support_chassis::id::Ids;
use support_chassis::lifecycle::{BoxError, Lifecycle};
use support_chassis::vault::Vault;
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use self::attempt::Outcome;
use crate::carrier::{Carrier, CarrierError};
use crate::domain::contact::{Contact, ContactKind};
use crate::domain::ids::{CustomerId, DeliveryId};
use crate::domain::sms;
use crate::error::IdentityError;
use crate::keys::CodeKeys;
use crate::mail::{MailError, Mailer};
use crate::metrics::Metrics;
use crate::numbers::Numbers;
use crate::settings::DeliverySettings;
use crate::standard::Policy;
use crate::store::deliveries::{self, Claimed, End, Freight};
use crate::store::local_outbox::Message;
use crate::words::{Text, Words};

/// The wait after a first attempt that failed; doubled with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest wait for a code, which works for minutes.
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// The longest wait for what is worth telling for hours.
const LONGEST_NOTICE_RETRY: Duration = Duration::from_mins(15);

/// How long the first words are waited for when the service starts.
const WORDS_AT_START: Duration = Duration::from_secs(2);

/// Where messages go.
#[derive(Debug, Clone)]
pub enum Courier {
    /// To their readers, by mail and, where there is a carrier, by SMS.
    Real(Mailer, Option<Carrier>),
    /// Into a table.
    Local,
}

impl Courier {
    /// Whether messages can be sent to telephones.
    #[must_use]
    pub fn reaches_phones(&self) -> bool {
        match self {
            Self::Real(_, carrier) => carrier.is_some(),
            Self::Local => true,
        }
    }
}

/// What came of handing a message over.
enum Handed {
    /// It was taken.
    Taken,
    /// It is to be kept here instead.
    Kept(Box<Message>),
    /// It will not be taken.
    Refused(&'static str),
    /// It was not taken now.
    Later(&'static str),
}

/// Brings codes and notifications to their customers.
#[derive(Debug)]
pub struct Deliverer {
    /// The service's database.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
    /// For the encrypted codes.
    pub keys: CodeKeys,
    /// For personal data at rest.
    pub vault: Vault,
    /// Where words come from.
    pub words: Words,
    /// Where messages go.
    pub courier: Courier,
    /// When codes to telephones are withheld.
    pub policy: Policy,
    /// Who knows of telephone numbers, where there is somebody.
    pub numbers: Option<Numbers>,
    /// Told when there is something to deliver.
    pub wake: Arc<Notify>,
    /// Counts deliveries.
    pub metrics: Metrics,
    /// How many at once, how often, how long.
    pub settings: DeliverySettings,
}

impl Deliverer {
    /// Delivers until the service drains; what has been taken on by then is finished.
    pub async fn run(self: Arc<Self>, lifecycle: Lifecycle) -> Result<(), BoxError> {
        let draining = lifecycle.draining();
        let words = tokio::time::timeout(WORDS_AT_START, self.words.arrived());
        // The first codes have words as well, or go their way without.
        let _ = draining.run_until_cancelled(words).await;
        let tasks = TaskTracker::new();
        let places = Arc::new(Semaphore::new(usize::try_from(self.settings.concurrency).unwrap_or(1)));
        let (period, wake) = (
            Duration::from_millis(self.settings.poll_interval_ms),
            Arc::clone(&self.wake),
        );
        let round = {
            let tasks = tasks.clone();
            move || Arc::clone(&self).round(tasks.clone(), Arc::clone(&places))
        };
        lifecycle.every(period, Some(wake), round).await?;
        tasks.close();
        tasks.wait().await;
        Ok(())
    }

    /// Takes on as many deliveries as there are free places.
    async fn round(self: Arc<Self>, tasks: TaskTracker, places: Arc<Semaphore>) -> Result<(), DbError> {
        let free = places.available_permits();
        if free == 0 {
            // Whoever gives up a place asks for a round.
            return Ok(());
        }
        let now = self.clock.now();
        let lease_end = now + Duration::from_secs(self.settings.lease_seconds.into());
        let mut connection = self.db.read().await?;
        let limit = |places: usize| i64::try_from(places).unwrap_or(1);
        let mut claimed = deliveries::claim(&mut connection, now, lease_end, limit(free)).await?;
        let reserved = usize::try_from(self.settings.concurrency).unwrap_or(1) / 4;
        let left = free.saturating_sub(claimed.len()).saturating_sub(reserved);
        if left > 0 {
            claimed.extend(deliveries::claim_notices(&mut connection, now, lease_end, limit(left)).await?);
        }
        drop(connection);
        let may_be_more = claimed.len() >= free.saturating_sub(reserved);
        for delivery in claimed {
            // Only rounds take places, one after the other, so as many are free as were counted.
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                break;
            };
            let deliverer = Arc::clone(&self);
            let verification = match delivery.freight {
                Freight::Code(verification) => Some(tracing::field::display(verification)),
                Freight::Notice => None,
            };
            let span = tracing::info_span!(parent: None, "deliver", delivery = %delivery.id, verification);
            let task = async move {
                deliverer.deliver(delivery).await;
                drop(place);
                if may_be_more {
                    deliverer.wake.notify_one();
                }
            };
            tasks.spawn(task.instrument(span));
        }
        Ok(())
    }

    async fn deliver(&self, delivery: Claimed) {
        let done = match delivery.freight {
            Freight::Code(verification) => match self.attempt(delivery, verification).await {
                Ok(outcome) => Ok(self.settle(delivery, outcome).await),
                Err(error) => Err(error),
            },
            Freight::Notice => match self.attempt_notice(delivery).await {
                Ok(outcome) => Ok(self.settle_notice(delivery, outcome).await),
                Err(error) => Err(error),
            },
        };
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let error = support_chassis::error::chain(&error);
                tracing::warn!(error, "the end of a delivery was not written down");
            }
            Err(error) => {
                // The lease runs out, and the next worker has the same chance. Nothing was lost.
                let error = support_chassis::error::chain(&error);
                tracing::warn!(error, "a delivery was not finished");
                self.metrics.delivered(delivery.freight, "unfinished");
            }
        }
    }

    /// Hands a message over to whoever brings it to an address of this customer.
    async fn hand(&self, customer: CustomerId, contact: &Contact, mut text: Text, delivery: DeliveryId) -> Handed {
        if contact.kind() == ContactKind::Phone {
            text.body = sms::written(text.body.trim_end(), text.is_right_to_left);
        }
        let now = self.clock.now();
        match (&self.courier, contact.kind()) {
            (Courier::Local, _) => Handed::Kept(Box::new(Message {
                id: self.ids.next(),
                delivery_id: delivery,
                verification_id: None,
                customer_id: customer,
                recipient: contact.value().to_owned(),
                subject: text.subject,
                body: text.body,
                html: text.html,
                language: text.language,
                origin: text.origin,
                sent_at: now,
            })),
            (Courier::Real(mailer, _), ContactKind::Email) => {
                match mailer.send(contact.value(), &text, delivery, now).await {
                    Ok(()) => Handed::Taken,
                    Err(error @ MailError::Refused { .. }) => {
                        tracing::info!(%error, "a mail was refused");
                        Handed::Refused("refused")
                    }
                    Err(error @ (MailError::Deferred { .. } | MailError::TimedOut)) => {
                        tracing::info!(%error, "a mail was not taken");
                        Handed::Later("mail_server")
                    }
                }
            }
            (Courier::Real(_, Some(carrier)), ContactKind::Phone) => {
                match carrier
                    .send(contact.value(), &text.body, &text.language, delivery)
                    .await
                {
                    Ok(()) => Handed::Taken,
                    Err(error @ CarrierError::Refused { .. }) => {
                        tracing::info!(%error, "a short message was refused");
                        Handed::Refused("refused")
                    }
                    Err(error @ (CarrierError::Deferred { .. } | CarrierError::TimedOut)) => {
                        tracing::info!(%error, "a short message was not taken");
                        Handed::Later("sms_carrier")
                    }
                }
            }
            (Courier::Real(_, None), ContactKind::Phone) => Handed::Refused("no_sms_carrier"),
        }
    }

    async fn settle(&self, delivery: Claimed, outcome: Outcome) -> Result<(), IdentityError> {
        let now = self.clock.now();
        match outcome {
            Outcome::Ended(end, origin) => {
                let mut connection = self.db.read().await?;
                deliveries::end(&mut connection, delivery.id, end, origin.as_ref(), now).await?;
                self.tell(delivery.freight, end);
            }
            Outcome::Kept(message) => {
                let mut tx = self.db.begin().await?;
                crate::store::local_outbox::insert(&mut tx, &self.vault, &message).await?;
                deliveries::end(&mut tx, delivery.id, End::Sent, message.origin.as_ref(), now).await?;
                tx.commit().await?;
                self.tell(delivery.freight, End::Sent);
            }
            Outcome::PutOff {
                render_failures,
                reason,
            } => {
                let due_at = now + backoff(delivery.attempts, LONGEST_RETRY);
                let mut connection = self.db.read().await?;
                deliveries::put_off(&mut connection, delivery.id, due_at, render_failures).await?;
                tracing::info!(reason, attempts = delivery.attempts, "a delivery is put off");
                self.metrics.delivered(delivery.freight, "put_off");
            }
        }
        Ok(())
    }

    fn tell(&self, freight: Freight, end: End) {
        match end {
            End::Sent => {
                tracing::debug!("a message was delivered");
                self.metrics.delivered(freight, "sent");
            }
            End::Dropped(reason) => {
                tracing::debug!(reason, "a delivery was dropped");
                self.metrics.delivered(freight, "dropped");
            }
            End::Failed(reason) => {
                tracing::warn!(reason, "a message cannot be delivered");
                self.metrics.delivered(freight, "failed");
            }
        }
    }
}

fn backoff(attempts: i16, longest: Duration) -> Duration {
    let doublings = u32::try_from(attempts.max(1) - 1).unwrap_or(0).min(16);
    FIRST_RETRY.saturating_mul(1 << doublings).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let waits: Vec<u64> = (0..9)
            .map(|attempts| backoff(attempts, LONGEST_RETRY).as_secs())
            .collect();
        assert_eq!(waits, [1, 1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(backoff(i16::MAX, LONGEST_RETRY), LONGEST_RETRY);
    }
}
