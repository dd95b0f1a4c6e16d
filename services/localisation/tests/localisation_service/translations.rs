//! How texts come to be.

#[path = "translations/files.rs"]
mod files;
#[path = "translations/rules.rs"]
mod rules;
#[path = "translations/sets.rs"]
mod sets;
#[path = "translations/workflow.rs"]
mod workflow;

use support_proto::support::localisation::v1::{
    CatalogueMessage, DraftName, DraftText, ListMessagesRequest, LocalisedMessage, MessageSet, PublishMessagesRequest,
    PublishSetRequest, ReviewDecision, ReviewDraftsRequest, SaveDraftsRequest, SaveDraftsResponse, SavedDraft,
    SubmitDraftsRequest,
};
use tonic::Status;

use crate::world::{World, operator, request_id, translator};

/// Publishes texts directly.
async fn directly(world: &World, locale: &str, messages: &[(&str, &str)]) -> Result<(), Status> {
    let request = PublishMessagesRequest {
        request_id: request_id(),
        locale: locale.to_owned(),
        messages: messages
            .iter()
            .map(|(key, pattern)| CatalogueMessage {
                key: (*key).to_owned(),
                pattern: (*pattern).to_owned(),
                locale: String::new(),
            })
            .collect(),
        expected_version: 0,
    };
    world.messages(&operator()).publish_messages(request).await.map(drop)
}

fn saving(locale: &str, texts: &[(&str, &str)]) -> SaveDraftsRequest {
    SaveDraftsRequest {
        request_id: request_id(),
        locale: locale.to_owned(),
        drafts: texts
            .iter()
            .map(|(key, pattern)| DraftText {
                key: (*key).to_owned(),
                pattern: (*pattern).to_owned(),
                ..DraftText::default()
            })
            .collect(),
    }
}

async fn save(world: &World, by: &str, locale: &str, texts: &[(&str, &str)]) -> SaveDraftsResponse {
    world
        .translations(&translator(by))
        .save_drafts(saving(locale, texts))
        .await
        .unwrap()
        .into_inner()
}

fn names(drafts: &[SavedDraft]) -> Vec<DraftName> {
    drafts
        .iter()
        .map(|saved| DraftName {
            key: saved.key.clone(),
            revision: saved.draft.as_ref().unwrap().revision,
        })
        .collect()
}

async fn submit(world: &World, by: &str, locale: &str, drafts: &[SavedDraft]) -> Result<Vec<SavedDraft>, Status> {
    let request = SubmitDraftsRequest {
        request_id: request_id(),
        locale: locale.to_owned(),
        drafts: names(drafts),
    };
    let answer = world.translations(&translator(by)).submit_drafts(request).await?;
    Ok(answer.into_inner().drafts)
}

async fn review(
    world: &World,
    by: &str,
    locale: &str,
    drafts: &[SavedDraft],
    decision: ReviewDecision,
) -> Result<Vec<SavedDraft>, Status> {
    let request = ReviewDraftsRequest {
        request_id: request_id(),
        locale: locale.to_owned(),
        drafts: names(drafts),
        decision: decision.into(),
        comment: "as I read it".to_owned(),
    };
    let answer = world.translations(&translator(by)).review_drafts(request).await?;
    Ok(answer.into_inner().drafts)
}

/// Writes texts as `anna` and has `bert` approve them.
async fn approved(world: &World, locale: &str, texts: &[(&str, &str)]) {
    let saved = save(world, "anna", locale, texts).await.drafts;
    let submitted = submit(world, "anna", locale, &saved).await.unwrap();
    review(world, "bert", locale, &submitted, ReviewDecision::Approve)
        .await
        .unwrap();
}

fn set_request() -> PublishSetRequest {
    PublishSetRequest {
        request_id: request_id(),
        note: "a test asks for it".to_owned(),
        ..PublishSetRequest::default()
    }
}

async fn publish_set(world: &World) -> Result<MessageSet, Status> {
    let answer = world.translations(&operator()).publish_set(set_request()).await?;
    Ok(answer.into_inner().set.unwrap())
}

async fn listed(world: &World, locale: &str) -> Vec<LocalisedMessage> {
    let request = ListMessagesRequest {
        locale: locale.to_owned(),
        ..ListMessagesRequest::default()
    };
    world
        .translations(&translator("anna"))
        .list_messages(request)
        .await
        .unwrap()
        .into_inner()
        .messages
}

/// The messages of a locale: key, pattern, where it comes from.
async fn catalogue(world: &World, locale: &str) -> Vec<(String, String, String)> {
    let request = support_proto::support::localisation::v1::GetCatalogueRequest {
        locale: locale.to_owned(),
    };
    let answer = world.messages(&operator()).get_catalogue(request).await.unwrap();
    let messages = answer.into_inner().messages;
    messages
        .into_iter()
        .map(|message| (message.key, message.pattern, message.locale))
        .collect()
}
