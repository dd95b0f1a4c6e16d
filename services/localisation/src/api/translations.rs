//! `TranslationService`.

mod present;

use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::id::Ids;
use support_chassis::page;
use support_chassis::standard::Standard;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::translation_service_server::TranslationService;
use support_words::pseudo::Pseudo;
use support_words::tag::Tag;

use super::answered::answered;
use super::messages::take_over;
use crate::catalogues::Catalogues;
use crate::domain::text::read_hash;
use crate::error::Error;
use crate::exchange::{self, File, Format, Progress};
use crate::ops::import::import;
use crate::ops::listing::{self, Entry};
use crate::ops::sets::roll_back;
use crate::ops::translations::{self, DraftText, PublishedBy, Seen};
use crate::standard::TextRules;
use crate::store;
use crate::store::translations::Chosen;

/// How many messages a page holds where the caller does not say, and at most.
const MESSAGE_PAGE: (u32, u32) = (100, 500);
/// The same for sets and for the texts of a message.
const SET_PAGE: (u32, u32) = (50, 200);
/// The same for the messages of a file.
const FILE_PAGE: (u32, u32) = (500, 500);

/// `TranslationService`.
#[derive(Debug, Clone)]
pub struct TranslationApi {
    db: Db,
    ids: Ids,
    catalogues: Catalogues,
    rules: Standard<wire::MessageRules>,
}

impl TranslationApi {
    /// The service over a database and the catalogues, with what texts keep to.
    #[must_use]
    pub fn new(db: Db, ids: Ids, catalogues: Catalogues, rules: Standard<wire::MessageRules>) -> Self {
        Self {
            db,
            ids,
            catalogues,
            rules,
        }
    }

    fn rules(&self) -> TextRules {
        TextRules::today(&self.rules)
    }

    fn locale(&self, tag: &str) -> Result<Tag, Error> {
        let snapshot = self.catalogues.current();
        let locale = snapshot.locales().find(tag).ok_or(Error::LocaleNotFound)?;
        Ok(locale.tag.clone())
    }

    /// The tags of locales as they are stored.
    fn locales(&self, tags: &[String]) -> Result<Vec<String>, Error> {
        tags.iter().map(|tag| Ok(self.locale(tag)?.to_string())).collect()
    }

    async fn list(&self, request: &wire::ListMessagesRequest) -> Result<wire::ListMessagesResponse, Error> {
        let tag = self.locale(&request.locale)?;
        let binding = (
            "ListMessages",
            tag.as_str(),
            &request.key_prefix,
            request.state,
            request.only_stale,
        );
        let (default, most) = MESSAGE_PAGE;
        let page = page::parse::<String, _>(request.page_size, &request.page_token, default, most, &binding)?;
        let mut connection = self.db.read().await?;
        let entries = listing::entries(&mut connection, &tag, &request.key_prefix).await?;
        let is_wanted = |entry: &Entry| {
            (request.state == 0 || request.state == i32::from(present::state(entry)))
                && (!request.only_stale || entry.is_stale || entry.draft_is_stale)
        };
        let (entries, next_page_token) = cut(&page, entries, is_wanted);
        Ok(wire::ListMessagesResponse {
            messages: entries.into_iter().map(present::message).collect(),
            next_page_token,
        })
    }

    async fn versions(
        &self,
        request: &wire::ListMessageVersionsRequest,
    ) -> Result<wire::ListMessageVersionsResponse, Error> {
        let tag = self.locale(&request.locale)?;
        let binding = ("ListMessageVersions", tag.as_str(), &request.key);
        let (default, most) = SET_PAGE;
        let page = page::parse::<i64, _>(request.page_size, &request.page_token, default, most, &binding)?;
        let mut connection = self.db.read().await?;
        let found =
            store::catalogues::text_versions(&mut connection, &tag, &request.key, page.after, page.limit()).await?;
        if found.is_empty() && page.after.is_none() {
            return Err(Error::MessageNotFound);
        }
        let (found, next_page_token) = page.cut(found, |version| version.version);
        Ok(wire::ListMessageVersionsResponse {
            versions: found.into_iter().map(present::version).collect(),
            next_page_token,
        })
    }

    async fn sets(&self, request: &wire::ListSetsRequest) -> Result<wire::ListSetsResponse, Error> {
        let (default, most) = SET_PAGE;
        let page = page::parse::<i64, _>(request.page_size, &request.page_token, default, most, "ListSets")?;
        let mut connection = self.db.read().await?;
        let found = store::sets::list(&mut connection, page.after, page.limit()).await?;
        let (found, next_page_token) = page.cut(found, |set| set.number);
        Ok(wire::ListSetsResponse {
            sets: found.into_iter().map(present::set).collect(),
            next_page_token,
        })
    }

    async fn coverage(&self, _: &wire::GetCoverageRequest) -> Result<wire::GetCoverageResponse, Error> {
        let mut connection = self.db.read().await?;
        let locales = store::catalogues::coverage(&mut connection).await?;
        Ok(wire::GetCoverageResponse {
            locales: locales.into_iter().map(present::coverage).collect(),
        })
    }

    async fn save(&self, call: &Call, request: &wire::SaveDraftsRequest) -> Result<wire::SaveDraftsResponse, Error> {
        let tag = self.locale(&request.locale)?;
        let texts: Vec<DraftText> = request
            .drafts
            .iter()
            .map(|text| DraftText {
                key: text.key.clone(),
                pattern: text.pattern.clone(),
                made_from: read_hash(&text.source_hash),
                expected_revision: text.expected_revision,
            })
            .collect();
        let rules = self.rules();
        let by = &call.caller().subject;
        self.db
            .write(call, request, async |tx| {
                let saved = translations::save(tx, &rules, &tag, &texts, by).await?;
                Ok(wire::SaveDraftsResponse {
                    drafts: saved.drafts.into_iter().map(present::saved).collect(),
                    findings: saved.findings.into_iter().map(present::finding).collect(),
                })
            })
            .await
    }

    async fn submit(
        &self,
        call: &Call,
        request: &wire::SubmitDraftsRequest,
    ) -> Result<wire::SubmitDraftsResponse, Error> {
        let tag = self.locale(&request.locale)?;
        let (rules, seen) = (self.rules(), seen(&request.drafts));
        self.db
            .write(call, request, async |tx| {
                let drafts = translations::submit(tx, &rules, &tag, &seen).await?;
                let drafts = drafts.into_iter().map(present::saved).collect();
                Ok(wire::SubmitDraftsResponse { drafts })
            })
            .await
    }

    async fn review(
        &self,
        call: &Call,
        request: &wire::ReviewDraftsRequest,
    ) -> Result<wire::ReviewDraftsResponse, Error> {
        let tag = self.locale(&request.locale)?;
        let (rules, seen) = (self.rules(), seen(&request.drafts));
        let approves = request.decision() == wire::ReviewDecision::Approve;
        let by = &call.caller().subject;
        self.db
            .write(call, request, async |tx| {
                let drafts = translations::review(tx, &rules, &tag, &seen, approves, &request.comment, by).await?;
                let drafts = drafts.into_iter().map(present::saved).collect();
                Ok(wire::ReviewDraftsResponse { drafts })
            })
            .await
    }

    async fn discard(
        &self,
        call: &Call,
        request: &wire::DiscardDraftsRequest,
    ) -> Result<wire::DiscardDraftsResponse, Error> {
        let tag = self.locale(&request.locale)?;
        let seen = seen(&request.drafts);
        self.db
            .write(call, request, async |tx| {
                translations::discard(tx, &tag, &seen).await?;
                Ok(wire::DiscardDraftsResponse {})
            })
            .await
    }

    async fn check(&self, request: &wire::CheckDraftsRequest) -> Result<wire::CheckDraftsResponse, Error> {
        let chosen = Chosen {
            locales: &self.locales(&request.locales)?,
            key_prefix: &request.key_prefix,
            only_approved: request.only_approved,
        };
        let mut connection = self.db.read().await?;
        let (faulty, checked) = translations::check(&mut connection, &self.rules(), chosen).await?;
        Ok(wire::CheckDraftsResponse {
            findings: faulty.into_iter().map(present::finding).collect(),
            checked: i32::try_from(checked).unwrap_or(i32::MAX),
        })
    }

    async fn publish(&self, call: &Call, request: &wire::PublishSetRequest) -> Result<wire::PublishSetResponse, Error> {
        let chosen = Chosen {
            locales: &self.locales(&request.locales)?,
            key_prefix: &request.key_prefix,
            only_approved: true,
        };
        let rules = self.rules();
        let by = PublishedBy {
            by: &call.caller().subject,
            note: &request.note,
            expected_set: request.expected_set,
        };
        let answer = self
            .db
            .write(call, request, async |tx| -> Result<_, Error> {
                let set = translations::publish(tx, &self.ids, &rules, chosen, by).await?;
                let set = Some(present::set(set));
                Ok(wire::PublishSetResponse { set })
            })
            .await?;
        take_over(&self.catalogues).await;
        Ok(answer)
    }

    async fn roll_back(
        &self,
        call: &Call,
        request: &wire::RollBackSetRequest,
    ) -> Result<wire::RollBackSetResponse, Error> {
        let by = PublishedBy {
            by: &call.caller().subject,
            note: &request.note,
            expected_set: request.expected_set,
        };
        let answer = self
            .db
            .write(call, request, async |tx| -> Result<_, Error> {
                let set = roll_back(tx, &self.ids, request.number, by).await?;
                let set = Some(present::set(set));
                Ok(wire::RollBackSetResponse { set })
            })
            .await?;
        take_over(&self.catalogues).await;
        Ok(answer)
    }

    async fn export(&self, request: &wire::ExportMessagesRequest) -> Result<wire::ExportMessagesResponse, Error> {
        let tag = self.locale(&request.locale)?;
        let binding = (
            "ExportMessages",
            tag.as_str(),
            request.format,
            &request.key_prefix,
            request.only_open,
        );
        let (default, most) = FILE_PAGE;
        let page = page::parse::<String, _>(request.page_size, &request.page_token, default, most, &binding)?;
        let mut connection = self.db.read().await?;
        let entries = listing::entries(&mut connection, &tag, &request.key_prefix).await?;
        let is_wanted = |entry: &Entry| entry.source.is_some() && (!request.only_open || entry.is_open());
        let (entries, next_page_token) = cut(&page, entries, is_wanted);
        let format = format(request.format())?;
        let mut units: Vec<exchange::Unit> = entries.iter().filter_map(Entry::unit).collect();
        if format != Format::Xliff {
            // These formats cannot say that nobody has looked at a text since its source changed: handed in again, it would
            // pass for a translation of the source of now.
            let old = units.iter_mut().filter(|unit| unit.progress == Progress::Initial);
            old.for_each(|unit| unit.target = None);
        }
        let message_count = i32::try_from(units.len()).unwrap_or(i32::MAX);
        let file = File {
            source_locale: self.catalogues.current().locales().default_tag().to_string(),
            locale: tag.to_string(),
            units,
        };
        Ok(wire::ExportMessagesResponse {
            content: exchange::write(format, &file)?,
            media_type: format.media_type().to_owned(),
            message_count,
            next_page_token,
        })
    }

    async fn import(
        &self,
        call: &Call,
        request: &wire::ImportMessagesRequest,
    ) -> Result<wire::ImportMessagesResponse, Error> {
        let tag = self.locale(&request.locale)?;
        let file = exchange::read(format(request.format())?, &request.content)?;
        let rules = self.rules();
        let by = &call.caller().subject;
        self.db
            .write(call, request, async |tx| {
                let file = file.clone();
                let imported = import(tx, &rules, &tag, file, request.replaces_drafts, by).await?;
                Ok(wire::ImportMessagesResponse {
                    drafts: imported.saved.drafts.into_iter().map(present::saved).collect(),
                    unchanged: i32::try_from(imported.unchanged).unwrap_or(i32::MAX),
                    kept: imported.kept,
                    findings: imported.saved.findings.into_iter().map(present::finding).collect(),
                })
            })
            .await
    }

    #[expect(clippy::unused_async, reason = "as the other methods")]
    async fn pseudo(
        &self,
        request: &wire::GetPseudoCatalogueRequest,
    ) -> Result<wire::GetPseudoCatalogueResponse, Error> {
        let pseudo = match request.locale() {
            wire::PseudoLocale::RightToLeft => Pseudo::RightToLeft,
            wire::PseudoLocale::Accented | wire::PseudoLocale::Unspecified => Pseudo::Accented,
        };
        let snapshot = self.catalogues.current();
        let source = snapshot.published(snapshot.locales().default_tag());
        let patterns = source.into_iter().flat_map(|published| published.patterns.iter());
        let messages = patterns
            .filter(|(key, _)| key.starts_with(&request.key_prefix))
            .filter_map(|(key, pattern)| {
                Some(wire::CatalogueMessage {
                    key: key.clone(),
                    pattern: pseudo.translate(pattern)?,
                    locale: pseudo.tag().to_owned(),
                })
            })
            .collect();
        Ok(wire::GetPseudoCatalogueResponse {
            locale: pseudo.tag().to_owned(),
            messages,
        })
    }
}

/// The page out of all entries: those after its beginning that are wanted.
fn cut(page: &page::Page<String>, entries: Vec<Entry>, is_wanted: impl Fn(&Entry) -> bool) -> (Vec<Entry>, String) {
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let rows = entries
        .into_iter()
        .filter(|entry| page.after.as_ref().is_none_or(|after| entry.key > *after))
        .filter(is_wanted)
        .take(limit)
        .collect();
    page.cut(rows, |entry| entry.key.clone())
}

fn seen(names: &[wire::DraftName]) -> Vec<Seen> {
    names
        .iter()
        .map(|name| Seen {
            key: name.key.clone(),
            revision: name.revision,
        })
        .collect()
}

fn format(format: wire::MessageFileFormat) -> Result<Format, Error> {
    match format {
        wire::MessageFileFormat::Xliff2 => Ok(Format::Xliff),
        wire::MessageFileFormat::Mf2Resource => Ok(Format::Resource),
        wire::MessageFileFormat::Csv => Ok(Format::Csv),
        // The field's rules do not let it through.
        wire::MessageFileFormat::Unspecified => Err(exchange::Unreadable::NotUtf8.into()),
    }
}

answered! {
    TranslationService for TranslationApi:
    list_messages: ListMessagesRequest -> ListMessagesResponse by list;
    get_coverage: GetCoverageRequest -> GetCoverageResponse by coverage;
    list_message_versions: ListMessageVersionsRequest -> ListMessageVersionsResponse by versions;
    save_drafts: SaveDraftsRequest -> SaveDraftsResponse by save (call);
    submit_drafts: SubmitDraftsRequest -> SubmitDraftsResponse by submit (call);
    review_drafts: ReviewDraftsRequest -> ReviewDraftsResponse by review (call);
    discard_drafts: DiscardDraftsRequest -> DiscardDraftsResponse by discard (call);
    check_drafts: CheckDraftsRequest -> CheckDraftsResponse by check;
    publish_set: PublishSetRequest -> PublishSetResponse by publish (call);
    roll_back_set: RollBackSetRequest -> RollBackSetResponse by roll_back (call);
    list_sets: ListSetsRequest -> ListSetsResponse by sets;
    export_messages: ExportMessagesRequest -> ExportMessagesResponse by export;
    import_messages: ImportMessagesRequest -> ImportMessagesResponse by import (call);
    get_pseudo_catalogue: GetPseudoCatalogueRequest -> GetPseudoCatalogueResponse by pseudo;
}
