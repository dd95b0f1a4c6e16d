//! What is known of a customer besides name and address.

use support_chassis::named;
use time::OffsetDateTime;

use super::ids::{ConsentId, CustomerId, MembershipId, OrganisationId};

named! {
    /// What somebody may need to be helped.
    Need {
        /// Does not hear: writes.
        Deaf = "deaf",
        /// Hears little: speaks with somebody who speaks clearly, or writes.
        HardOfHearing = "hard_of_hearing",
        /// Does not see: a screen reader reads.
        Blind = "blind",
        /// Sees little: large print.
        LowVision = "low_vision",
        /// Does not speak: writes, or through a relay service.
        NoSpeech = "no_speech",
        /// Sign language.
        SignLanguage = "sign_language",
        /// Plain language, step by step.
        PlainLanguage = "plain_language",
        /// More time than usual.
        MoreTime = "more_time",
        /// Cannot take a device apart, press or hold it.
        Dexterity = "dexterity",
        /// Places without steps.
        StepFree = "step_free",
    }
}

named! {
    /// Something that customers may consent to.
    ConsentKind {
        /// Advertising.
        Marketing = "marketing",
        /// To be asked how it was.
        Surveys = "surveys",
        /// That calls are recorded.
        CallRecording = "call_recording",
        /// That diagnostic data is read.
        Diagnostics = "diagnostics",
        /// That what they write trains people and programs.
        Training = "training",
    }
}

named! {
    /// Through which channel a consent came.
    Channel {
        /// A call.
        Phone = "phone",
        /// E-mail.
        Email = "email",
        /// Chat.
        Chat = "chat",
        /// A store.
        Store = "store",
        /// A social network.
        Social = "social",
        /// The app.
        App = "app",
    }
}

named! {
    /// A kind of organisation.
    OrganisationKind {
        /// A business.
        Business = "business",
        /// A school or a university.
        Education = "education",
    }
}

named! {
    /// Part of being a member.
    Role {
        /// Uses its devices.
        Member = "member",
        /// Speaks for it on all of its devices.
        Administrator = "administrator",
        /// Buys for it.
        Buyer = "buyer",
        /// Teaches with its devices.
        Teacher = "teacher",
        /// Learns with its devices.
        Student = "student",
    }
}

/// The words that somebody was asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// The key of the message.
    pub key: String,
    /// The locale.
    pub locale: String,
    /// The version of that locale's catalogue.
    pub version: i64,
}

/// That a customer consented, or no longer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The id.
    pub id: ConsentId,
    /// Who.
    pub customer_id: CustomerId,
    /// To what.
    pub kind: ConsentKind,
    /// Whether they do.
    pub is_given: bool,
    /// When.
    pub recorded_at: OffsetDateTime,
    /// Through which channel.
    pub channel: Channel,
    /// By which words.
    pub wording: Wording,
    /// Which kind of caller recorded it.
    pub actor_kind: String,
}

/// A business or a school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// The id.
    pub id: OrganisationId,
    /// What kind it is.
    pub kind: OrganisationKind,
    /// Its name.
    pub display_name: String,
    /// Where it is, ISO 3166-1 alpha-2.
    pub country_code: String,
    /// When the record was made.
    pub created_at: OffsetDateTime,
}

/// That a customer belongs to an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The id.
    pub id: MembershipId,
    /// Where.
    pub organisation_id: OrganisationId,
    /// Who.
    pub customer_id: CustomerId,
    /// As what.
    pub role: Role,
    /// Since when.
    pub started_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
}
