//! Values out of a short list. Each has the name by which it is stored.

use support_chassis::named;

named! {
    /// The way a conversation, or a part of it, is held.
    Channel {
        /// A telephone call.
        Phone = "phone",
        /// Electronic mail.
        Email = "email",
        /// Chat on the web.
        Chat = "chat",
        /// In a store, in person.
        Store = "store",
        /// A social network.
        Social = "social",
        /// The customer app.
        App = "app",
    }
}

named! {
    /// A family of products.
    ProductLine {
        /// Mobile telephones.
        Phone = "phone",
        /// Portable computers.
        Laptop = "laptop",
        /// Tablets and readers.
        Tablet = "tablet",
        /// Watches and trackers.
        Watch = "watch",
        /// Headphones and loudspeakers.
        Audio = "audio",
        /// Desktop computers and displays.
        Desktop = "desktop",
        /// Everything else that is plugged in.
        Accessory = "accessory",
    }
}

named! {
    /// How much is at stake for the customer, the least first.
    Severity {
        /// A question.
        Low = "low",
        /// Something does not work.
        Normal = "normal",
        /// The device cannot be used.
        High = "high",
        /// Danger to people, to data or to the account.
        Critical = "critical",
    }
}

named! {
    /// What a case is about, beyond the product.
    Area {
        /// A device, and how it works or does not.
        Device = "device",
        /// Somebody else may have access to an account, or its owner has lost it.
        AccountSecurity = "account_security",
    }
}

named! {
    /// Who a customer is, as routing tells customers apart.
    Segment {
        /// Somebody for themselves.
        Consumer = "consumer",
        /// A company.
        Business = "business",
        /// A school or a university.
        Education = "education",
    }
}

named! {
    /// How a case came by the language it is held in.
    LanguageOrigin {
        /// It was said when the case was opened.
        Stated = "stated",
        /// The customer writes it.
        Detected = "detected",
        /// Staff said so.
        Staff = "staff",
    }
}

named! {
    /// How a concern was settled.
    Resolution {
        /// A question was answered.
        Answered = "answered",
        /// The device works again without a repair.
        FixedRemotely = "fixed_remotely",
        /// The device was repaired.
        Repaired = "repaired",
        /// The device was replaced.
        Replaced = "replaced",
        /// It could not be settled, and the customer knows why.
        NotPossible = "not_possible",
    }
}

named! {
    /// Why a case was closed.
    CloseReason {
        /// The concern was settled.
        Solved = "solved",
        /// The customer gave up or no longer needs help.
        Withdrawn = "withdrawn",
        /// Another case is about the same.
        Duplicate = "duplicate",
        /// The customer did not answer.
        NoAnswer = "no_answer",
    }
}

named! {
    /// Who said something.
    Author {
        /// The customer.
        Customer = "customer",
        /// A member of staff.
        Staff = "staff",
        /// The system itself.
        System = "system",
    }
}

impl Channel {
    /// Whether people talk by it, so that the case holds no message of what is said: there the first answer is that an
    /// agent takes the case.
    #[must_use]
    pub fn is_spoken(self) -> bool {
        matches!(self, Self::Phone | Self::Store)
    }
}

impl CloseReason {
    /// Whether customers may give it: they know whether they are content, and whether they still want help. That two
    /// cases are one, or that nobody answered, only staff can say.
    #[must_use]
    pub fn is_for_customers(self) -> bool {
        matches!(self, Self::Solved | Self::Withdrawn)
    }
}
