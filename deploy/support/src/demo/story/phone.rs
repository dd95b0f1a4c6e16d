//! Somebody calls and says that they are Anna.

use anyhow::{Context as _, bail, ensure};
use support_proto::support::identity::v1::{
    IssueGrantTokenRequest, NewContactPoint, StartVerificationRequest, VerificationPurpose,
};
use support_proto::support::warranty::v1::SetPlanRenewalRequest;

use super::{Narrator, Story};

impl Story {
    /// What Lukas cannot do on anybody's word, and how he can.
    pub(super) async fn phone(&mut self, plan_id: &str) -> anyhow::Result<()> {
        self.say
            .step("Somebody phones and says to be Anna: the plan should renew by itself. On anybody's word Lukas cannot do that.");
        let on_a_word = self.renewal("renewal on a word", plan_id);
        match self.agent.plans().set_plan_renewal(on_a_word).await {
            Ok(_) => bail!("an agent changed the plan of a customer whom nobody had verified"),
            Err(status) => Narrator::refused("Lukas", "PlanService/SetPlanRenewal", &status),
        }

        self.say
            .step("He verifies her: she reads her code herself, and what it proves is put into his hands, for this and for nothing else.");
        let asked = StartVerificationRequest {
            request_id: self.id("verification on the phone"),
            purpose: VerificationPurpose::PlanChange.into(),
            contact_point: Some(NewContactPoint {
                email: self.email.clone(),
                phone: String::new(),
            }),
            ..Default::default()
        };
        let begun = self
            .say
            .call(
                "Lukas",
                "VerificationService/StartVerification",
                asked,
                async |request| self.agent.verifications().start_verification(request).await,
            )
            .await?;
        let verification_id = begun.verification.context("a verification")?.verification_id;
        let verified = self.proven(&verification_id, "code on the phone").await?;
        let asked = IssueGrantTokenRequest {
            grant_id: verified.grant.context("a grant")?.grant_id,
        };
        let issued = self
            .say
            .call("Lukas", "GrantService/IssueGrantToken", asked, async |request| {
                self.agent.grants().issue_grant_token(request).await
            })
            .await?;
        let showing = self.agent.showing(&issued.grant_token)?;
        let renewal = self.renewal("renewal", plan_id);
        let changed = self
            .say
            .call("Lukas", "PlanService/SetPlanRenewal", renewal, async |request| {
                showing.plans().set_plan_renewal(request).await
            })
            .await?;
        ensure!(changed.plan.context("a plan")?.renews, "the plan does not renew");
        Ok(())
    }

    fn renewal(&self, step: &str, plan_id: &str) -> SetPlanRenewalRequest {
        SetPlanRenewalRequest {
            request_id: self.id(step),
            plan_id: plan_id.to_owned(),
            renews: true,
        }
    }
}
