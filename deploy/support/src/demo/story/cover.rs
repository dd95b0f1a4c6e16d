//! What the maker owes her, what a plan adds to it, and how she is told.

use anyhow::{Context as _, ensure};
use support_chassis::day;
use support_proto::support::warranty::v1::{
    CoverageOutcome, Damage, DecideCoverageRequest, EnrolPlanRequest, ExplainCoverageRequest, PlanPaymentOutcome,
    PurchaseDateEvidence, QuotePlanRequest, RecordPlanPaymentRequest, RegisterDeviceRequest, Sentence,
};

use super::{Narrator, Story, now, serial_number};
use crate::session::Caller;

impl Story {
    /// What the maker owes for the phone, and what to tell Anna.
    pub(super) async fn coverage(&mut self, serial: &str) -> anyhow::Result<()> {
        self.say
            .step("Lukas asks what the maker owes her, and why: rule by rule, in her language.");
        let asked = DecideCoverageRequest {
            request_id: self.id("coverage"),
            serial_number: serial.to_owned(),
            day: None,
            damage: Damage::None.into(),
            locale: "de".to_owned(),
            ..DecideCoverageRequest::default()
        };
        let decided = self
            .say
            .call("Lukas", "CoverageService/DecideCoverage", asked, async |request| {
                self.agent.coverage().decide_coverage(request).await
            })
            .await?;
        let decision = decided.decision.context("a decision")?;
        ensure!(
            decision.outcome() == CoverageOutcome::LimitedWarranty,
            "a phone of eight months is {}",
            decision.outcome().as_str_name()
        );
        Narrator::note(words(decision.sentence.as_ref())?);
        for rule in &decision.chain {
            Narrator::note(words(rule.sentence.as_ref())?);
        }

        self.say
            .step("He sees what to ask her next, and what would change the answer.");
        let asked = ExplainCoverageRequest {
            decision_id: decision.decision_id,
            locale: "de".to_owned(),
        };
        let explained = self
            .say
            .call("Lukas", "ExplanationService/ExplainCoverage", asked, async |request| {
                self.agent.explanations().explain_coverage(request).await
            })
            .await?;
        let explanation = explained.explanation.context("an explanation")?;
        for follow_up in &explanation.ask {
            Narrator::note(words(follow_up.question.as_ref())?);
        }
        for change in &explanation.would_change {
            Narrator::note(format!(
                "{} {}",
                words(change.condition.as_ref())?,
                words(change.result.as_ref())?
            ));
        }
        Ok(())
    }

    /// A plan, and what it is good for; its id.
    pub(super) async fn plan(&mut self, customer: &Caller) -> anyhow::Result<String> {
        self.say
            .step("Some weeks later Anna buys a new phone, and a plan for it: quoted, bought, paid.");
        let bought = now().date() - time::Duration::days(7);
        let device = RegisterDeviceRequest {
            request_id: self.id("new device"),
            model_code: "PHN-17-256".to_owned(),
            serial_number: serial_number(rand::random()),
            purchase_country_code: "DE".to_owned(),
            purchase_date: Some(day::to_proto(bought)),
            purchase_date_evidence: PurchaseDateEvidence::Declared.into(),
            ..Default::default()
        };
        let device = self
            .say
            .call("Anna", "DeviceService/RegisterDevice", device, async |request| {
                customer.devices().register_device(request).await
            })
            .await?
            .device
            .context("a device")?;
        let quote = QuotePlanRequest {
            request_id: self.id("quote"),
            device_id: device.device_id,
            kind: "standard".to_owned(),
            ..Default::default()
        };
        let quoted = self
            .say
            .call("Anna", "PlanService/QuotePlan", quote, async |request| {
                customer.plans().quote_plan(request).await
            })
            .await?;
        let enrol = EnrolPlanRequest {
            request_id: self.id("enrol"),
            quote_id: quoted.quote.context("a quote")?.quote_id,
            ..Default::default()
        };
        let plan = self
            .say
            .call("Anna", "PlanService/EnrolPlan", enrol, async |request| {
                customer.plans().enrol_plan(request).await
            })
            .await?
            .plan
            .context("a plan")?;
        let payment = RecordPlanPaymentRequest {
            request_id: self.id("payment"),
            plan_id: plan.plan_id.clone(),
            payment_reference: format!("{}-plan", self.run),
            outcome: PlanPaymentOutcome::Paid.into(),
            amount: plan.due.context("nothing is due")?.amount,
        };
        self.say
            .call("operator", "PlanService/RecordPlanPayment", payment, async |request| {
                self.operator.plans().record_plan_payment(request).await
            })
            .await?;

        self.say
            .step("It falls down the stairs. No warranty and no law covers that; the plan does, for its fee.");
        let asked = DecideCoverageRequest {
            request_id: self.id("coverage of a fall"),
            serial_number: device.serial_number,
            damage: Damage::Accidental.into(),
            locale: "de".to_owned(),
            ..Default::default()
        };
        let decided = self
            .say
            .call("Anna", "CoverageService/DecideCoverage", asked, async |request| {
                customer.coverage().decide_coverage(request).await
            })
            .await?;
        let decision = decided.decision.context("a decision")?;
        ensure!(
            decision.outcome() == CoverageOutcome::Plan,
            "a fall with a plan is {}",
            decision.outcome().as_str_name()
        );
        Narrator::note(words(decision.sentence.as_ref())?);
        for rule in &decision.chain {
            Narrator::note(words(rule.sentence.as_ref())?);
        }
        Ok(plan.plan_id)
    }
}

/// The words of a sentence.
fn words(sentence: Option<&Sentence>) -> anyhow::Result<String> {
    let sentence = sentence.context("a sentence")?;
    ensure!(
        sentence.degradations.is_empty(),
        "{} lacks {}",
        sentence.key,
        sentence.degradations.join(", ")
    );
    Ok(sentence.text.clone())
}
