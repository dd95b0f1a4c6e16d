//! What verifications are for, and by what people prove who they are.

use support_chassis::named;

use crate::domain::contact::ContactKind;

named! {
    /// What a verification is for.
    Purpose {
        /// Help with a device.
        GeneralHelp = "general_help",
        /// Security of the account.
        AccountSecurity = "account_security",
        /// A payment.
        Payment = "payment",
        /// Handing over or taking back a device for repair.
        RepairHandover = "repair_handover",
        /// Change of a service plan.
        PlanChange = "plan_change",
    }
}

named! {
    /// A way to prove who one is.
    Method {
        /// A one-time code sent by e-mail.
        EmailCode = "email_code",
        /// A one-time code sent by SMS.
        SmsCode = "sms_code",
        /// A code of an authenticator app.
        Totp = "totp",
        /// A passkey whose authenticator has verified its user.
        Passkey = "passkey",
        /// A PIN that the customer made in a session of theirs.
        SupportPin = "support_pin",
        /// A prompt on a registered device, confirmed with the number shown.
        Push = "push",
        /// A recovery code.
        RecoveryCode = "recovery_code",
        /// A document seen in a store.
        Document = "document",
    }
}

impl Method {
    /// Whether it is a code that is sent to a contact point.
    #[must_use]
    pub fn is_sent(self) -> bool {
        matches!(self, Self::EmailCode | Self::SmsCode)
    }
}

impl From<ContactKind> for Method {
    fn from(kind: ContactKind) -> Self {
        match kind {
            ContactKind::Email => Self::EmailCode,
            ContactKind::Phone => Self::SmsCode,
        }
    }
}
