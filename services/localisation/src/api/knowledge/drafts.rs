//! The calls that prepare a text.

use support_chassis::call::Call;
use support_chassis::page;
use support_proto::support::localisation::v1 as wire;
use uuid::Uuid;

use super::{DEFAULT_PAGE, KnowledgeApi, LARGEST_PAGE, draft_id, parse, present};
use crate::error::Error;
use crate::ops::drafts::{self, Written};
use crate::store;

/// What a caller has seen of a draft; none where they do not say.
fn seen(etag: &str) -> Option<&str> {
    Some(etag).filter(|etag| !etag.is_empty())
}

impl KnowledgeApi {
    pub(super) async fn create_draft(
        &self,
        call: &Call,
        request: &wire::CreateArticleDraftRequest,
    ) -> Result<wire::CreateArticleDraftResponse, Error> {
        let language = self.language(&request.language)?;
        let written = Written {
            profile: parse::profile(request.profile.as_ref())?,
            title: request.title.clone(),
            blocks: parse::blocks(&request.blocks),
            source_version: Some(request.source_version).filter(|version| *version != 0),
        };
        let by = &call.caller().subject;
        self.db
            .write(call, request, async |tx| -> Result<_, Error> {
                let draft = drafts::create(tx, &self.ids, &request.slug, &language, written, by).await?;
                Ok(wire::CreateArticleDraftResponse {
                    draft: Some(present::draft(draft)),
                })
            })
            .await
    }

    pub(super) async fn change_draft(
        &self,
        call: &Call,
        request: &wire::ChangeArticleDraftRequest,
    ) -> Result<wire::ChangeArticleDraftResponse, Error> {
        let id = draft_id(&request.draft_id)?;
        let written = Written {
            profile: parse::profile(request.profile.as_ref())?,
            title: request.title.clone(),
            blocks: parse::blocks(&request.blocks),
            source_version: Some(request.source_version).filter(|version| *version != 0),
        };
        let by = &call.caller().subject;
        self.db
            .write(call, request, async |tx| -> Result<_, Error> {
                let draft = drafts::change(tx, id, seen(&request.etag), written, by).await?;
                Ok(wire::ChangeArticleDraftResponse {
                    draft: Some(present::draft(draft)),
                })
            })
            .await
    }

    pub(super) async fn submit_draft(
        &self,
        call: &Call,
        request: &wire::SubmitArticleDraftRequest,
    ) -> Result<wire::SubmitArticleDraftResponse, Error> {
        let id = draft_id(&request.draft_id)?;
        self.db
            .write(call, request, async |tx| -> Result<_, Error> {
                let draft = drafts::submit(tx, id, seen(&request.etag)).await?;
                Ok(wire::SubmitArticleDraftResponse {
                    draft: Some(present::draft(draft)),
                })
            })
            .await
    }

    pub(super) async fn return_draft(
        &self,
        call: &Call,
        request: &wire::ReturnArticleDraftRequest,
    ) -> Result<wire::ReturnArticleDraftResponse, Error> {
        let id = draft_id(&request.draft_id)?;
        self.db
            .write(call, request, async |tx| -> Result<_, Error> {
                let draft = drafts::give_back(tx, id, seen(&request.etag), &request.remark).await?;
                Ok(wire::ReturnArticleDraftResponse {
                    draft: Some(present::draft(draft)),
                })
            })
            .await
    }

    pub(super) async fn approve_draft(
        &self,
        call: &Call,
        request: &wire::ApproveArticleDraftRequest,
    ) -> Result<wire::ApproveArticleDraftResponse, Error> {
        let id = draft_id(&request.draft_id)?;
        let by = &call.caller().subject;
        self.db
            .write(call, request, async |tx| -> Result<_, Error> {
                let draft = drafts::approve(tx, id, seen(&request.etag), by).await?;
                Ok(wire::ApproveArticleDraftResponse {
                    draft: Some(present::draft(draft)),
                })
            })
            .await
    }

    pub(super) async fn discard_draft(
        &self,
        call: &Call,
        request: &wire::DiscardArticleDraftRequest,
    ) -> Result<wire::DiscardArticleDraftResponse, Error> {
        let id = draft_id(&request.draft_id)?;
        self.db
            .write(call, request, async |tx| -> Result<_, Error> {
                let draft = drafts::discard(tx, id, seen(&request.etag)).await?;
                Ok(wire::DiscardArticleDraftResponse {
                    draft: Some(present::draft(draft)),
                })
            })
            .await
    }

    pub(super) async fn publish_draft(
        &self,
        call: &Call,
        request: &wire::PublishArticleDraftRequest,
    ) -> Result<wire::PublishArticleDraftResponse, Error> {
        let id = draft_id(&request.draft_id)?;
        let by = &call.caller().subject;
        let answer = self
            .db
            .write(call, request, async |tx| -> Result<_, Error> {
                let (draft, read) = drafts::publish(tx, &self.ids, &self.rules, id, seen(&request.etag), by).await?;
                Ok(wire::PublishArticleDraftResponse {
                    draft: Some(present::draft(draft)),
                    article: Some(present::article(read, self.today())),
                })
            })
            .await?;
        self.search.refresh_or_warn().await;
        Ok(answer)
    }

    pub(super) async fn list_drafts(
        &self,
        request: &wire::ListArticleDraftsRequest,
    ) -> Result<wire::ListArticleDraftsResponse, Error> {
        let state = Some(request.state()).filter(|state| *state != wire::ArticleDraftState::Unspecified);
        let binding = ("ListArticleDrafts", request.state, &request.language);
        let page = page::parse::<Uuid, _>(
            request.page_size,
            &request.page_token,
            DEFAULT_PAGE,
            LARGEST_PAGE,
            &binding,
        )?;
        let language = match request.language.as_str() {
            "" => None,
            language => match self.language(language) {
                Ok(language) => Some(language),
                // There are no drafts in a language that there is not.
                Err(_) => return Ok(wire::ListArticleDraftsResponse::default()),
            },
        };
        let mut connection = self.db.read().await?;
        let rows = store::drafts::list(&mut connection, state, language.as_ref(), page.after, page.limit()).await?;
        let (rows, next_page_token) = page.cut(rows, |draft| draft.id.uuid());
        let drafts = rows
            .into_iter()
            .map(|mut draft| {
                draft.blocks.clear();
                present::draft(draft)
            })
            .collect();
        Ok(wire::ListArticleDraftsResponse {
            drafts,
            next_page_token,
        })
    }
}
