//! One attempt to deliver notifications.

use super::{Deliverer, Handed, LONGEST_NOTICE_RETRY, backoff};
use crate::domain::contact::ContactKind;
use crate::error::IdentityError;
use crate::letter::Letter;
use crate::store;
use crate::store::deliveries::{self, Claimed, End};
use crate::store::local_outbox::Message;
use crate::store::notifications::{self, State, Telling};

/// What came of an attempt.
pub(super) enum NoticeOutcome {
    /// There was nothing to send, or it will not be taken.
    Ended(End, Vec<Telling>, &'static str),
    /// It was taken, or is to be kept here.
    Sent(Box<Letter>, Option<Box<Message>>, Vec<Telling>, &'static str),
    /// It is to be tried again, for this reason.
    PutOff(&'static str),
}

impl Deliverer {
    /// Reads, writes and sends; nothing is open at the database meanwhile.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub(super) async fn attempt_notice(&self, delivery: Claimed) -> Result<NoticeOutcome, IdentityError> {
        let mut connection = self.db.read().await?;
        let Some(to) = notifications::recipient(&mut connection, &self.vault, delivery.id).await? else {
            // Erased since it was taken on.
            return Ok(NoticeOutcome::Ended(End::Dropped("erased"), Vec::new(), "none"));
        };
        let tellings = notifications::of_delivery(&mut connection, &self.vault, delivery.id).await?;
        drop(connection);
        let channel = to.contact.kind().as_str();
        if self.clock.now() >= to.expires_at {
            return Ok(NoticeOutcome::Ended(End::Failed("undelivered"), tellings, channel));
        }
        let letter = match to.contact.kind() {
            ContactKind::Email => Letter::mail(&self.words, &to, &tellings),
            ContactKind::Phone => Letter::sms(&self.words, &to, &tellings),
        };
        let letter = match letter {
            Ok(Some(letter)) => letter,
            Ok(None) => return Ok(NoticeOutcome::Ended(End::Dropped("overtaken"), tellings, channel)),
            Err(error) => {
                tracing::info!(%error, "there is no text for a notification");
                return Ok(NoticeOutcome::PutOff("no_text"));
            }
        };
        Ok(
            match self
                .hand(to.customer_id, &to.contact, letter.text.clone(), delivery.id)
                .await
            {
                Handed::Taken => NoticeOutcome::Sent(Box::new(letter), None, tellings, channel),
                Handed::Kept(message) => NoticeOutcome::Sent(Box::new(letter), Some(message), tellings, channel),
                Handed::Refused(reason) => NoticeOutcome::Ended(End::Failed(reason), tellings, channel),
                Handed::Later(reason) => NoticeOutcome::PutOff(reason),
            },
        )
    }

    /// Writes down what came of it: the delivery and all that it told, in one transaction.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub(super) async fn settle_notice(&self, delivery: Claimed, outcome: NoticeOutcome) -> Result<(), IdentityError> {
        let now = self.clock.now();
        match outcome {
            NoticeOutcome::PutOff(reason) => {
                let due_at = now + backoff(delivery.attempts, LONGEST_NOTICE_RETRY);
                let mut connection = self.db.read().await?;
                deliveries::put_off(&mut connection, delivery.id, due_at, delivery.render_failures).await?;
                tracing::info!(reason, attempts = delivery.attempts, "a delivery is put off");
                self.metrics.delivered(delivery.freight, "put_off");
            }
            NoticeOutcome::Ended(end, tellings, channel) => {
                let (state, reason) = match end {
                    End::Sent => (State::Sent, None),
                    End::Dropped(reason) => (State::Dropped, Some(reason)),
                    End::Failed(reason) => (State::Failed, Some(reason)),
                };
                let mut tx = self.db.begin().await?;
                if deliveries::end(&mut tx, delivery.id, end, None, now).await? {
                    notifications::end_all(&mut tx, delivery.id, state, reason, now).await?;
                }
                tx.commit().await?;
                self.tell(delivery.freight, end);
                for telling in tellings {
                    self.metrics.notified(telling.kind, channel, reason.unwrap_or("sent"));
                }
            }
            NoticeOutcome::Sent(letter, message, tellings, channel) => {
                let mut tx = self.db.begin().await?;
                if let Some(message) = &message {
                    store::local_outbox::insert(&mut tx, &self.vault, message).await?;
                }
                if deliveries::end(&mut tx, delivery.id, End::Sent, None, now).await? {
                    if let Some((key, version)) = &letter.subject {
                        deliveries::set_subject(&mut tx, delivery.id, key, version).await?;
                    }
                    for told in &letter.told {
                        notifications::sent(&mut tx, told, now).await?;
                    }
                    notifications::end_all(&mut tx, delivery.id, State::Dropped, Some("overtaken"), now).await?;
                }
                tx.commit().await?;
                self.tell(delivery.freight, End::Sent);
                let was_told = |telling: &Telling| letter.told.iter().any(|told| told.id == telling.id);
                for telling in &tellings {
                    let outcome = if was_told(telling) { "sent" } else { "overtaken" };
                    self.metrics.notified(telling.kind, channel, outcome);
                }
            }
        }
        Ok(())
    }
}
