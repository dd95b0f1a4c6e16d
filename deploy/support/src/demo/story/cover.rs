//! What the maker owes her, and how she is told.

use anyhow::{Context as _, ensure};
use support_proto::support::warranty::v1::{
    CoverageOutcome, Damage, DecideCoverageRequest, ExplainCoverageRequest, Sentence,
};

use super::{Narrator, Story};

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
