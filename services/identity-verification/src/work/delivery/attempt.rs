//! One attempt to deliver a code.

use time::OffsetDateTime;

use super::{Deliverer, Handed};
use crate::domain::code::Code;
use crate::domain::contact::Contact;
use crate::domain::ids::{CustomerId, VerificationId};
use crate::domain::verification::Verification;
use crate::error::IdentityError;
use crate::store;
use crate::store::deliveries::{Claimed, End};
use crate::store::local_outbox::Message;
use crate::words::{Origin, Text};

/// From so many failures of localisation on, a code goes without words: better that than nobody being let in.
const RENDER_FAILURES_LIMIT: i16 = 3;

/// What came of an attempt.
pub(super) enum Outcome {
    /// It is over, with words from there where any were sent.
    Ended(End, Option<Origin>),
    /// The message is to be kept here instead of sent.
    Kept(Box<Message>),
    /// It is to be tried again.
    PutOff {
        /// How often localisation did not give the text so far.
        render_failures: i16,
        /// Why, in a word.
        reason: &'static str,
    },
}

/// What there is to deliver.
struct Parcel {
    code: Code,
    customer_id: CustomerId,
    contact: Contact,
    languages: Vec<String>,
    works_until: OffsetDateTime,
    verification: Verification,
}

impl Deliverer {
    /// Reads, renders and sends; nothing is open at the database meanwhile.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub(super) async fn attempt(
        &self,
        delivery: Claimed,
        verification: VerificationId,
    ) -> Result<Outcome, IdentityError> {
        let parcel = match self.pack(verification).await? {
            Ok(parcel) => parcel,
            Err(end) => return Ok(Outcome::Ended(end, None)),
        };
        if !self
            .may_go(&parcel.verification, &parcel.contact, delivery.attempts)
            .await?
        {
            return Ok(Outcome::Ended(End::Dropped("pumped"), None));
        }
        let (text, render_failures) = match self.write(&parcel, delivery) {
            Ok(written) => written,
            Err(outcome) => return Ok(outcome),
        };
        let origin = text.origin.clone();
        Ok(
            match self.hand(parcel.customer_id, &parcel.contact, text, delivery.id).await {
                Handed::Taken => Outcome::Ended(End::Sent, origin),
                Handed::Kept(mut message) => {
                    message.verification_id = Some(verification);
                    Outcome::Kept(message)
                }
                Handed::Refused(reason) => Outcome::Ended(End::Failed(reason), None),
                Handed::Later(reason) => Outcome::PutOff {
                    render_failures,
                    reason,
                },
            },
        )
    }

    /// Collects what there is to deliver, or says why there is nothing.
    async fn pack(&self, id: VerificationId) -> Result<Result<Parcel, End>, IdentityError> {
        let mut connection = self.db.read().await?;
        let Some(verification) = store::verifications::get(&mut connection, id).await? else {
            return Err(IdentityError::Impossible("a delivery of no verification"));
        };
        let (Some(subject), Some(works_until)) = (&verification.subject, verification.works_until()) else {
            return Ok(Err(End::Dropped("no_recipient")));
        };
        let now = self.clock.now();
        if !verification.state_at(now).is_open() || now >= works_until {
            return Ok(Err(End::Dropped("ended")));
        }
        let Some(sealed) = &verification.sealed_code else {
            return Err(IdentityError::Impossible("an open verification without its code"));
        };
        let Ok(code) = self.keys.open(id, sealed) else {
            // All that were started under another service key: a person must know.
            tracing::error!("a code cannot be read: was the service key changed?");
            return Ok(Err(End::Failed("sealed_code")));
        };
        let Some((contact, own)) =
            store::customers::contact_point(&mut connection, &self.vault, subject.contact_point_id).await?
        else {
            // Erased since it began.
            return Ok(Err(End::Dropped("no_recipient")));
        };
        let languages = if verification.languages.is_empty() {
            own
        } else {
            verification.languages.clone()
        };
        Ok(Ok(Parcel {
            code,
            customer_id: subject.customer_id,
            contact,
            languages,
            works_until,
            verification,
        }))
    }

    /// The message, and how often there were no words for it so far.
    fn write(&self, parcel: &Parcel, delivery: Claimed) -> Result<(Text, i16), Outcome> {
        let minutes = minutes_left(parcel.works_until, self.clock.now());
        // It failed as often before: what is wrong there takes longer than a customer waits.
        if delivery.render_failures >= RENDER_FAILURES_LIMIT {
            return Ok((self.words.wordless(&parcel.code), delivery.render_failures));
        }
        match self.words.render(&parcel.code, minutes, &parcel.languages) {
            Ok(text) => Ok((text, delivery.render_failures)),
            Err(error) => {
                let failures = delivery.render_failures + 1;
                if failures < RENDER_FAILURES_LIMIT {
                    tracing::info!(%error, failures, "there is no text for a code");
                    return Err(Outcome::PutOff {
                        render_failures: failures,
                        reason: "no_text",
                    });
                }
                tracing::warn!(
                    %error,
                    failures,
                    "there is no text for a code, which goes without words"
                );
                self.metrics.fell_back();
                Ok((self.words.wordless(&parcel.code), failures))
            }
        }
    }
}

/// How many minutes are left, the begun one counted.
fn minutes_left(works_until: OffsetDateTime, now: OffsetDateTime) -> u32 {
    let seconds = (works_until - now).whole_seconds().max(1);
    u32::try_from((seconds + 59) / 60).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn minutes_are_counted_up() {
        let now = datetime!(2026-03-01 12:00 UTC);
        let left = |seconds: i64| minutes_left(now + time::Duration::seconds(seconds), now);
        assert_eq!([left(600), left(541), left(540), left(1), left(-5)], [10, 10, 9, 1, 1]);
    }
}
