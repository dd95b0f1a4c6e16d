//! `ExplanationService`.

use support_chassis::call::Call;
use support_chassis::day;
use support_chassis::id;
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::explanation_service_server::ExplanationService;
use support_proto::support::warranty::v1::{ExplainCoverageRequest, ExplainCoverageResponse};
use tonic::{Request, Response, Status};

use super::Api;
use super::sentences::{self, sentence};
use crate::domain::explain::{Alternative, Change, FollowUp, FollowUpKind, Remedies, Sentence};
use crate::ops::{self, Explained, Viewer};
use crate::{wire, words};

#[tonic::async_trait]
impl ExplanationService for Api {
    async fn explain_coverage(
        &self,
        request: Request<ExplainCoverageRequest>,
    ) -> Result<Response<ExplainCoverageResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let request = request.into_inner();
        let id = id::parse("decision_id", &request.decision_id)?;
        let explained = ops::explain_coverage(&mut *self.db.read().await?, &self.rules, &viewer, id).await?;
        let mut explanation = present(explained);
        words::write(&self.words, &request.locale, all(&mut explanation));
        Ok(Response::new(ExplainCoverageResponse {
            explanation: Some(explanation),
        }))
    }
}

fn present(explained: Explained) -> warranty::CoverageExplanation {
    let explanation = explained.explanation;
    warranty::CoverageExplanation {
        decision: Some(sentences::decision(explained.kept)),
        say: said(explanation.say),
        ask: explanation.ask.into_iter().map(follow_up).collect(),
        would_change: explanation.would_change.into_iter().map(alternative).collect(),
        remedies: explanation.remedies.into_iter().map(remedies).collect(),
        returns: said(explanation.returns),
        rules_at_hand: explained.rules_at_hand,
    }
}

fn said(sentences: Vec<Sentence>) -> Vec<warranty::Sentence> {
    sentences.into_iter().map(sentence).collect()
}

fn follow_up(follow_up: FollowUp) -> warranty::FollowUpQuestion {
    let kind = match follow_up.kind {
        FollowUpKind::Symptom => warranty::FollowUpKind::Symptom,
        FollowUpKind::WhichSymptom => warranty::FollowUpKind::WhichSymptom,
        FollowUpKind::WhichComponent => warranty::FollowUpKind::WhichComponent,
        FollowUpKind::Damage => warranty::FollowUpKind::Damage,
        FollowUpKind::ProofOfPurchase => warranty::FollowUpKind::ProofOfPurchase,
        FollowUpKind::Bar => warranty::FollowUpKind::Bar,
        FollowUpKind::BeforeRepair => warranty::FollowUpKind::BeforeRepair,
    };
    warranty::FollowUpQuestion {
        kind: kind.into(),
        question: Some(sentence(follow_up.question)),
        because: said(follow_up.because),
    }
}

fn alternative(alternative: Alternative) -> warranty::CoverageAlternative {
    let mut answer = warranty::CoverageAlternative {
        outcome: wire::outcome(alternative.outcome).into(),
        pays: Some(wire::pays(alternative.pays)),
        better: alternative.better,
        condition: Some(sentence(alternative.condition)),
        result: Some(sentence(alternative.result)),
        ..warranty::CoverageAlternative::default()
    };
    let kind = match alternative.change {
        Change::ProofOfPurchase(from) => {
            answer.purchased_from = Some(day::to_proto(from));
            warranty::AlternativeKind::ProofOfPurchase
        }
        Change::Plan(kind) => {
            answer.plan_kind = kind;
            warranty::AlternativeKind::Plan
        }
        Change::Damage(damage) => {
            answer.damage = wire::damage(damage).into();
            warranty::AlternativeKind::Damage
        }
        Change::Component(code) => {
            answer.component = code;
            warranty::AlternativeKind::Component
        }
        Change::Symptom(code) => {
            answer.symptom = code;
            warranty::AlternativeKind::Symptom
        }
        Change::BarLifted => warranty::AlternativeKind::BarLifted,
        Change::Place => warranty::AlternativeKind::Place,
    };
    answer.kind = kind.into();
    answer
}

fn remedies(remedies: Remedies) -> warranty::LegalRemedies {
    warranty::LegalRemedies {
        rule_id: remedies.rule_id.to_string(),
        source: remedies.source.to_string(),
        steps: said(remedies.steps),
        facts: said(remedies.facts),
    }
}

/// All sentences of an explanation.
fn all(explanation: &mut warranty::CoverageExplanation) -> Vec<&mut warranty::Sentence> {
    let mut all = sentences::of(&mut explanation.decision);
    all.extend(&mut explanation.say);
    for follow_up in &mut explanation.ask {
        all.extend(&mut follow_up.question);
        all.extend(&mut follow_up.because);
    }
    for alternative in &mut explanation.would_change {
        all.extend(&mut alternative.condition);
        all.extend(&mut alternative.result);
    }
    for remedies in &mut explanation.remedies {
        all.extend(&mut remedies.steps);
        all.extend(&mut remedies.facts);
    }
    all.extend(&mut explanation.returns);
    all
}
