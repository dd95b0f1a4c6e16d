//! `PlaybookService`: answered from memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use support_chassis::error::{InvalidFields, Violations};
use support_chassis::standard::{Effective, Place, Standard};
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::playbook_service_server::PlaybookService;
use tonic::{Request, Response, Status};

use crate::catalogues::Catalogues;
use crate::domain::playbook::{Situation, Step, conversation};
use crate::error::Error;
use crate::standard::{Origins, has_step, steps};
use support_words::catalogue::Arguments;
use support_words::wire as words;

/// `PlaybookService`.
#[derive(Debug, Clone)]
pub struct PlaybookApi {
    standard: Standard<wire::Playbooks>,
    catalogues: Catalogues,
}

impl PlaybookApi {
    /// The service over the playbooks of the standard and the catalogues.
    #[must_use]
    pub fn new(standard: Standard<wire::Playbooks>, catalogues: Catalogues) -> Self {
        Self { standard, catalogues }
    }

    /// What holds today at the place of a request.
    fn held(&self, place: &str) -> Result<Arc<Effective<wire::Playbooks>>, InvalidFields> {
        let mut fields = Violations::new();
        let place = if place.is_empty() {
            Some(Place::Global)
        } else {
            place.parse().ok()
        };
        fields.require(place.is_some(), "place", "must be a place");
        Ok(self.standard.today(&fields.finish(place)?))
    }

    fn list(&self, request: &wire::ListPlaybooksRequest) -> Result<wire::ListPlaybooksResponse, Error> {
        let held = self.held(&request.place)?;
        let origins = Origins::of(&self.standard, &held);
        let snapshot = self.catalogues.current();
        let by_name: BTreeMap<_, _> = held.purposes.iter().collect();
        let playbooks = by_name
            .into_iter()
            .map(|(name, playbook)| wire::PlaybookEntry {
                purpose: name.clone(),
                title: Some(words::text_or_key(
                    &snapshot,
                    &playbook.title,
                    &request.languages,
                    &Arguments::new(),
                )),
                added_by: in_words(origins.added_by(|document| document.purposes.contains_key(name))),
            })
            .collect();
        Ok(wire::ListPlaybooksResponse {
            playbooks,
            basis: held.basis.to_string(),
        })
    }

    fn get(&self, request: wire::GetPlaybookRequest) -> Result<wire::GetPlaybookResponse, Error> {
        let held = self.held(&request.place)?;
        let purpose = (!request.purpose.is_empty()).then_some(request.purpose.as_str());
        let situation = Situation {
            product_line: known(request.product_line),
            channel: known(request.channel),
            stage: known(request.stage),
        };
        let steps = conversation(steps(&held, purpose).ok_or(Error::PlaybookNotFound)?, situation);
        let origins = Origins::of(&self.standard, &held);
        let snapshot = self.catalogues.current();
        let arguments = words::values(request.arguments);
        let text = |key: &str| words::text_or_key(&snapshot, key, &request.languages, &arguments);
        Ok(wire::GetPlaybookResponse {
            title: purpose
                .and_then(|name| held.purposes.get(name))
                .map(|playbook| text(&playbook.title)),
            steps: steps
                .iter()
                .map(|step| wire::RenderedStep {
                    step: path(step),
                    stage: step.stage,
                    text: Some(text(step.text)),
                    required: step.required,
                    added_by: in_words(origins.added_by(|document| has_step(document, step))),
                })
                .collect(),
            basis: held.basis.to_string(),
        })
    }
}

/// A value of an enum, none where it is not said.
fn known(value: i32) -> Option<i32> {
    (value != 0).then_some(value)
}

fn path(step: &Step<'_>) -> String {
    format!("{}/{}", step.purpose.unwrap_or("always"), step.name)
}

fn in_words(place: Option<&Place>) -> String {
    place.map(ToString::to_string).unwrap_or_default()
}

#[tonic::async_trait]
impl PlaybookService for PlaybookApi {
    async fn list_playbooks(
        &self,
        request: Request<wire::ListPlaybooksRequest>,
    ) -> Result<Response<wire::ListPlaybooksResponse>, Status> {
        Ok(Response::new(self.list(request.get_ref())?))
    }

    async fn get_playbook(
        &self,
        request: Request<wire::GetPlaybookRequest>,
    ) -> Result<Response<wire::GetPlaybookResponse>, Status> {
        Ok(Response::new(self.get(request.into_inner())?))
    }
}
