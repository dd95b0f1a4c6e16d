//! What speaks against a verification besides its proofs, and what that comes to.
//!
//! Risk is weighed twice. At the start by what is the same whether the contact point has an owner or not: the number itself,
//! and the source of the call. What that comes to shows at once. And when a proof was right, by all that is known of its
//! customer as well: whoever brings no proof reads nothing of it, neither from the answer nor from its time.

pub mod again;
pub mod number;
pub mod place;

use std::time::Duration;

use support_chassis::named;
use time::OffsetDateTime;

use self::place::Place;

named! {
    /// Something noticed about a verification.
    Signal {
        /// The contact point was added lately.
        ContactChanged = "contact_changed",
        /// The number was ported lately.
        NumberPorted = "number_ported",
        /// The number is one of Voice over IP.
        NumberVoip = "number_voip",
        /// The number costs its callers, or forwards.
        NumberPremium = "number_premium",
        /// The number's SIM was changed lately.
        SimSwapped = "sim_swapped",
        /// The customer would have travelled too fast.
        ImpossibleTravel = "impossible_travel",
        /// The device is none that the customer was verified on.
        NewDevice = "new_device",
        /// It was begun on one device and proven on another.
        DeviceSwitched = "device_switched",
        /// The source begins verifications of many subjects.
        ManySubjects = "many_subjects",
        /// The source begins verifications for many cases.
        ManyCases = "many_cases",
        /// Codes to numbers like this one are withheld.
        NumberPumped = "number_pumped",
    }
}

named! {
    /// What the signals come to.
    Outcome {
        /// Nothing.
        None = "none",
        /// AAL2 is needed.
        Raised = "raised",
        /// The verification is blocked.
        Blocked = "blocked",
        /// The verification is denied.
        Denied = "denied",
    }
}

named! {
    /// What a reviewer decides.
    Decision {
        /// A block is cleared.
        Cleared = "cleared",
        /// The verification is denied.
        Denied = "denied",
    }
}

named! {
    /// Why a reviewer decides so.
    Ground {
        /// The customer was seen.
        SeenInPerson = "seen_in_person",
        /// The customer was called back at an address that had not changed.
        CalledBack = "called_back",
        /// There is an explanation that was checked.
        Explained = "explained",
        /// What was noticed is wrong.
        SignalWrong = "signal_wrong",
        /// Somebody pretends to be the customer.
        Impersonation = "impersonation",
        /// The customer did not ask for it.
        NotAskedFor = "not_asked_for",
    }
}

/// How much each signal weighs, 0 for what is not looked at; in the order of [`Signal::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights(pub [i16; 11]);

impl Weights {
    /// How much a signal weighs.
    #[must_use]
    pub fn of(&self, signal: Signal) -> i16 {
        let place = Signal::ALL.iter().position(|known| *known == signal);
        place.and_then(|place| self.0.get(place)).copied().unwrap_or_default()
    }
}

/// When codes by SMS are withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PumpingRules {
    /// From so many codes to one prefix within an hour of the clock on, it is asked how many came back.
    pub sends_per_prefix: i64,
    /// The same for one calling code.
    pub sends_per_country: i64,
    /// So many of a hundred codes of the last 24 hours must have come back.
    pub approved_percent: i64,
}

/// What holds for risk at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RiskRules {
    /// How much signals weigh.
    pub weights: Weights,
    /// From this sum on AAL2 is needed.
    pub raise_at: i32,
    /// From this sum on it is blocked.
    pub block_at: i32,
    /// From this sum on it is denied.
    pub deny_at: i32,
    /// How long a reviewer's clearance lasts.
    pub clearance: Duration,
    /// For how many days a contact point counts as changed.
    pub contact_changed_days: i64,
    /// For how many days a port counts.
    pub ported_days: i64,
    /// For how many days the change of a SIM counts.
    pub sim_swapped_days: i64,
    /// Faster than so many kilometres an hour nobody travels.
    pub travel_km_per_hour: i32,
    /// Nearer than so many kilometres no travel is impossible.
    pub travel_least_km: i32,
    /// How many subjects one network may begin with within an hour.
    pub subjects_per_network: i64,
    /// How many one person may.
    pub subjects_per_person: i64,
    /// How many cases one source may begin for within an hour.
    pub cases_per_source: i64,
    /// When codes by SMS are withheld.
    pub pumping: PumpingRules,
}

impl RiskRules {
    /// What this build ships, as `standard/verification-policy.yaml` says it: what holds where a policy says nothing of risk,
    /// because it was published before there was any.
    pub const SHIPPED: Self = Self {
        weights: Weights([40, 40, 20, 80, 80, 60, 10, 40, 30, 30, 40]),
        raise_at: 40,
        block_at: 80,
        deny_at: 200,
        clearance: Duration::from_hours(1),
        contact_changed_days: 7,
        ported_days: 14,
        sim_swapped_days: 7,
        travel_km_per_hour: 1_000,
        travel_least_km: 500,
        subjects_per_network: 100,
        subjects_per_person: 60,
        cases_per_source: 100,
        pumping: PumpingRules {
            sends_per_prefix: 30,
            sends_per_country: 2_000,
            approved_percent: 20,
        },
    };
}

impl RiskRules {
    /// What a sum comes to, and `least` at the least.
    #[must_use]
    pub fn outcome(&self, score: i32, bounds: Bounds, least: Outcome) -> Outcome {
        let reached = if score >= self.deny_at {
            Outcome::Denied
        } else if score >= self.block_at {
            Outcome::Blocked
        } else if score >= self.raise_at {
            Outcome::Raised
        } else {
            Outcome::None
        };
        // What a reviewer has cleared is proven more strongly, and not let through.
        let reached = match reached {
            Outcome::Blocked if bounds.is_cleared => Outcome::Raised,
            reached => reached,
        };
        match reached.max(least) {
            Outcome::Raised if !bounds.can_raise => Outcome::Blocked,
            reached => reached,
        }
    }
}

/// A signal as it was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub signal: Signal,
    /// What it weighs.
    pub weight: i16,
    /// How much of it; 0 where it has no measure.
    pub measure: i32,
    /// When.
    pub found_at: OffsetDateTime,
}

/// What a front end knows of where it is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Keyed hash of what binds it to its device.
    pub device: Option<[u8; 32]>,
    /// The place.
    pub place: Option<Place>,
}

/// What was noticed about a verification, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// What was noticed, each signal once, in the order it was.
    pub findings: Vec<Finding>,
    /// The sum of the weights.
    pub score: i32,
    /// What it came to.
    pub outcome: Outcome,
    /// The rules it was weighed by last.
    pub basis: String,
    /// When that was.
    pub assessed_at: OffsetDateTime,
    /// The member of staff who started the verification.
    pub started_by: Option<String>,
    /// The device it was started on.
    pub device: Option<[u8; 32]>,
    /// What sends to numbers like this one are counted by: its prefix, and its calling code.
    pub counted: Option<([u8; 32], [u8; 32])>,
}

/// What else decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Whether a reviewer's clearance holds.
    pub is_cleared: bool,
    /// Whether the methods that count can come to AAL2.
    pub can_raise: bool,
}

impl Assessment {
    /// Notes a signal, with how much of it there is. One that weighs nothing is not looked at, and one that was noted before
    /// keeps its time and the greater of its measures.
    pub fn note(&mut self, signal: Signal, measure: i32, rules: &RiskRules, now: OffsetDateTime) {
        let weight = rules.weights.of(signal);
        if let Some(known) = self.findings.iter_mut().find(|known| known.signal == signal) {
            known.measure = known.measure.max(measure);
            known.weight = known.weight.max(weight);
        } else if weight > 0 {
            self.findings.push(Finding {
                signal,
                weight,
                measure,
                found_at: now,
            });
        }
    }

    /// Adds up what was noticed and says what it comes to. What it came to before it never falls below: a rule that was
    /// stricter at the start is not forgotten.
    pub fn weigh(&mut self, rules: &RiskRules, bounds: Bounds, basis: &str, now: OffsetDateTime) -> Outcome {
        self.score = self.findings.iter().map(|found| i32::from(found.weight)).sum();
        self.outcome = rules.outcome(self.score, bounds, self.outcome);
        basis.clone_into(&mut self.basis);
        self.assessed_at = now;
        self.outcome
    }
}

/// How many codes went to numbers alike, and how many came back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sent within this hour of the clock, the one in question included.
    pub sent_this_hour: i64,
    /// Sent within the last 24 hours before this one.
    pub sent: i64,
    /// Of these came back.
    pub approved: i64,
}

impl Counts {
    /// How many of a hundred came back, where there are so many within the hour, from `limit` on, that it matters and they are
    /// fewer than `percent`.
    #[must_use]
    pub fn pumped(&self, limit: i64, percent: i64) -> Option<i32> {
        let is_many = self.sent_this_hour > limit && self.sent > 0;
        let is_poor = self.approved * 100 < percent * self.sent;
        (is_many && is_poor).then(|| i32::try_from(self.approved * 100 / self.sent.max(1)).unwrap_or(0))
    }
}

/// How many whole days ago something was; none where that is not within `days`.
#[must_use]
pub fn days_ago(at: Option<OffsetDateTime>, days: i64, now: OffsetDateTime) -> Option<i32> {
    let ago = (now - at?).whole_days();
    (ago < days).then(|| i32::try_from(ago.max(0)).unwrap_or(0))
}

#[cfg(test)]
mod tests;
