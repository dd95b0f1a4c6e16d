//! The words of a decision: what came to a device, what it is owed, why.

use support_chassis::named;

named! {
    /// How a device came to harm.
    Damage {
        /// It failed in ordinary use.
        None = "none",
        /// It fell or was bent or crushed.
        Accidental = "accidental",
        /// It got wet.
        Liquid = "liquid",
        /// It was opened or changed by somebody without authority.
        UnauthorisedChange = "unauthorised_change",
        /// It is worn by being used as it is meant to.
        Wear = "wear",
        /// It does all that it should and only looks worse.
        Cosmetic = "cosmetic",
        /// It is lost.
        Loss = "loss",
        /// It was stolen.
        Theft = "theft",
    }
}

named! {
    /// What a device is owed. In the order of weighing.
    Outcome {
        /// Repair free of charge under the maker's limited warranty.
        LimitedWarranty = "limited_warranty",
        /// Repair free of charge under the law of the country of purchase.
        StatutoryRight = "statutory_right",
        /// Repair free of charge of what the maker knows to be faulty in these devices.
        ServiceProgram = "service_program",
        /// Repair free of charge, because the maker repaired it not long ago.
        RepairWarranty = "repair_warranty",
        /// Repair under a plan that the customer bought, for its fee.
        Plan = "plan",
        /// Repair free of charge because the maker wants to, within limits.
        Goodwill = "goodwill",
        /// Repair at a price.
        OutOfWarranty = "out_of_warranty",
        /// No repair.
        Refused = "refused",
    }
}

impl Outcome {
    /// How good it is for the customer, where they pay the same: more is better.
    #[must_use]
    pub const fn benefit(self) -> u8 {
        match self {
            Self::LimitedWarranty => 7,
            Self::StatutoryRight => 6,
            Self::ServiceProgram => 5,
            Self::RepairWarranty => 4,
            Self::Plan => 3,
            Self::Goodwill => 2,
            Self::OutOfWarranty => 1,
            Self::Refused => 0,
        }
    }

    /// Whether something covers the repair, be it for a fee.
    #[must_use]
    pub const fn is_covered(self) -> bool {
        !matches!(self, Self::OutOfWarranty | Self::Refused)
    }
}

named! {
    /// Why a rule applies or not, as a key of the message catalogue.
    Reason {
        /// The day lies within the rule's period.
        WithinPeriod = "coverage.reason.within_period",
        /// The rule's period is over.
        PeriodOver = "coverage.reason.period_over",
        /// The rule's period has not begun.
        NotYetBegun = "coverage.reason.not_yet_begun",
        /// The rule leaves out what fell.
        AccidentalDamage = "coverage.reason.accidental_damage",
        /// The rule leaves out what got wet.
        LiquidDamage = "coverage.reason.liquid_damage",
        /// The device was opened or changed by somebody without authority.
        UnauthorisedChange = "coverage.reason.unauthorised_change",
        /// The rule leaves out what is worn.
        Wear = "coverage.reason.wear",
        /// The rule leaves out what only looks worse.
        CosmeticDamage = "coverage.reason.cosmetic_damage",
        /// The rule leaves out what is lost.
        Loss = "coverage.reason.loss",
        /// The rule leaves out what was stolen.
        Theft = "coverage.reason.theft",
        /// The plan does not cover this damage.
        DamageNotInPlan = "coverage.reason.damage_not_in_plan",
        /// The part is there for looks only, which the rule leaves out.
        CosmeticPart = "coverage.reason.cosmetic_part",
        /// The part wears by being used, and the rule covers such parts for a shorter time, which is over.
        WearingPart = "coverage.reason.wearing_part",
        /// The rule is about another component.
        OtherComponent = "coverage.reason.other_component",
        /// The rule is about certain components, and it was not said which one it is.
        ComponentNotSaid = "coverage.reason.component_not_said",
        /// The rule is about another symptom.
        OtherSymptom = "coverage.reason.other_symptom",
        /// The rule is about certain symptoms, and it was not said what the customer sees.
        SymptomNotSaid = "coverage.reason.symptom_not_said",
        /// The rule is about devices with other serial numbers.
        SerialNotInRange = "coverage.reason.serial_not_in_range",
        /// The unit was repaired under the program before.
        ProgramUsed = "coverage.reason.program_used",
        /// The plan has given all repairs of its twelve months.
        IncidentsUsedUp = "coverage.reason.incidents_used_up",
        /// The maker has shown its good will as often as its terms say.
        GoodwillUsedUp = "coverage.reason.goodwill_used_up",
        /// The repair costs more than good will goes.
        GoodwillLimit = "coverage.reason.goodwill_limit",
        /// The price is not known, or not in a currency in which good will has a limit.
        PriceNotKnown = "coverage.reason.price_not_known",
        /// There was nothing for good will to prolong.
        NothingToProlong = "coverage.reason.nothing_to_prolong",
        /// The rule holds only where the device was sold.
        NotAtThisPlace = "coverage.reason.not_at_this_place",
        /// The maker gives no limited warranty on the product.
        NoWarrantyGiven = "coverage.reason.no_warranty_given",
        /// The rule was not in force when the device was sold.
        NotInForceAtSale = "coverage.reason.not_in_force_at_sale",
        /// What is certain of the law is over; whether it gives more is judged in the single case.
        LengthOpen = "coverage.reason.length_open",
        /// The rule is for new devices, and this one was sold used.
        NotForUsed = "coverage.reason.not_for_used",
        /// The maker has not repaired the device before.
        NoRepairBefore = "coverage.reason.no_repair_before",
        /// The law of the country of purchase is not in the terms.
        LawNotInTerms = "coverage.reason.law_not_in_terms",
        /// The maker repairs at a price.
        RepairAtPrice = "coverage.reason.repair_at_price",
        /// The law obliges the maker to repair at a reasonable price.
        DutyToRepair = "coverage.reason.duty_to_repair",
        /// The maker has no parts for the model any more.
        PartsUnavailable = "coverage.reason.parts_unavailable",
        /// Nobody without authority changed the device, so there is nothing to refuse.
        NoUnauthorisedChange = "coverage.reason.no_unauthorised_change",
        /// The device is gone: there is nothing to repair.
        NothingToRepair = "coverage.reason.nothing_to_repair",
        /// The device is there, so there is nothing to refuse.
        DeviceAtHand = "coverage.reason.device_at_hand",
        /// The maker has parts for the model, so there is nothing to refuse.
        PartsAvailable = "coverage.reason.parts_available",
        /// Its owner has reported the device lost.
        ReportedLost = "coverage.reason.reported_lost",
        /// Its owner has reported the device stolen.
        ReportedStolen = "coverage.reason.reported_stolen",
        /// The device is locked to an account that has not released it.
        ActivationLocked = "coverage.reason.activation_locked",
        /// The device was replaced: its rights have passed to the other unit.
        Replaced = "coverage.reason.replaced",
        /// The device is none of the maker's.
        NotGenuine = "coverage.reason.not_genuine",
        /// An authority has seized the device.
        Seized = "coverage.reason.seized",
        /// It is being looked into whether something is wrong with the device's claims.
        UnderInvestigation = "coverage.reason.under_investigation",
        /// Something bars the repair of the device.
        Barred = "coverage.reason.barred",
        /// The right is there, and cannot be used while something bars the repair of the device.
        SuspendedByBar = "coverage.reason.suspended_by_bar",
    }
}

/// The keys of all reasons that a chain can give: what a message catalogue must hold.
pub const REASON_KEYS: &[&str] = &{
    let mut keys = [""; Reason::ALL.len()];
    let mut at = 0;
    while at < keys.len() {
        keys[at] = Reason::ALL[at].as_str();
        at += 1;
    }
    keys
};
