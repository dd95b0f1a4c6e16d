//! A small believable world to try: products with their components and parts, agents in five regions, partners with their workshops, articles in six
//! languages. Made through the public API, with request ids that never change, so that filling it again does nothing.

mod catalogue;
mod people;
mod texts;
mod things;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use support_proto::support::identity::v1::CreatePartnerClientRequest;
use support_proto::support::localisation::v1::{
    ApproveArticleDraftRequest, CreateArticleDraftRequest, PublishArticleDraftRequest, SubmitArticleDraftRequest,
};
use support_proto::support::warranty::v1::ListProductsRequest;
use tonic::{Code, Status};

use crate::session::{Caller, Session, request_id};
use crate::world::{PARTNER_SCOPES, private};

/// The run that the seed's request ids belong to.
const RUN: &str = "seed/v1";
/// The subject of the operator who approves what the first one writes.
pub const REVIEWER: &str = "reviewer";
/// How many calls are under way at once.
const AT_ONCE: usize = 8;

/// What a seeding made that was not there before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded {
    products: usize,
    agents: usize,
    partners: usize,
    providers: usize,
    articles: usize,
}

impl Seeded {
    /// Whether anything was new.
    #[must_use]
    pub fn is_new(&self) -> bool {
        *self != Self::default()
    }
}

impl fmt::Display for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            products,
            agents,
            partners,
            providers,
            articles,
        } = self;
        write!(
            f,
            "filled with {products} products, {agents} agents, {partners} partners with {providers} workshops and \
             stores, {articles} article texts"
        )
    }
}

/// A partner's credentials, as its own system would hold them.
#[derive(Clone, Serialize, Deserialize)]
pub struct PartnerClient {
    /// The partner's organisation.
    pub organisation_id: String,
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
}

impl fmt::Debug for PartnerClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartnerClient")
            .field("organisation_id", &self.organisation_id)
            .finish_non_exhaustive()
    }
}

/// The partners' credentials that a seeding left in the data directory, by organisation.
///
/// # Errors
///
/// Where the file is not there or damaged.
pub fn partner_clients(data_dir: &Path) -> anyhow::Result<BTreeMap<String, PartnerClient>> {
    let path = partners_file(data_dir);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
}

fn partners_file(data_dir: &Path) -> PathBuf {
    data_dir.join("partners.json")
}

/// Fills the system behind `gateway_url`, as the operators of the two tokens: what one writes, the other approves. The partners' secrets are kept in the data directory.
///
/// # Errors
///
/// What the system refused.
pub async fn seed(gateway_url: &str, tokens: (&str, &str), data_dir: &Path) -> anyhow::Result<Seeded> {
    let session = Session::connect(gateway_url)?;
    let operator = session.as_operator(tokens.0)?;
    let reviewer = session.as_operator(tokens.1)?;
    if is_seeded(&session, &operator, data_dir).await? {
        return Ok(Seeded::default());
    }
    each(catalogue::families(), async |mut family| {
        family.request_id = request_id(RUN, "family", &family.family);
        made(
            session
                .retrying(async || operator.catalogue().create_product_family(family.clone()).await)
                .await,
        )
    })
    .await?;
    let products = each(catalogue::products(), async |mut product| {
        // Not `product`: so it was called when less was said of each.
        product.request_id = request_id(RUN, "model", &product.model_code);
        made(
            session
                .retrying(async || operator.catalogue().create_product(product.clone()).await)
                .await,
        )
    });
    let agents = each(people::agents(), async |mut agent| {
        agent.request_id = request_id(RUN, "agent", &agent.subject);
        made(
            session
                .retrying(async || operator.agents().create_agent(agent.clone()).await)
                .await,
        )
    });
    let providers = each(things::providers(), async |mut provider| {
        provider.request_id = request_id(RUN, "provider", &provider.code);
        made(
            session
                .retrying(async || operator.providers().create_provider(provider.clone()).await)
                .await,
        )
    });
    let (sources, translations) = texts::articles()?;
    let articles = async {
        let write = async |text| publish(&session, &operator, &reviewer, text).await;
        Ok(each(sources, write).await? + each(translations, write).await?)
    };
    let (products, agents, providers, articles) = tokio::try_join!(products, agents, providers, articles)?;
    // Last, because their file says that all the rest is there.
    let partners = partners(&session, &operator, data_dir).await?;
    Ok(Seeded {
        products,
        agents,
        partners,
        providers,
        articles,
    })
}

/// Has one text of an article written by one operator, approved by another and published, as the standard asks.
async fn publish(
    session: &Session,
    operator: &Caller,
    reviewer: &Caller,
    mut text: CreateArticleDraftRequest,
) -> anyhow::Result<bool> {
    let about = format!("{} {}", text.slug, text.language);
    let id = |step: &str| request_id(RUN, step, &about);
    text.request_id = id("article draft");
    let begun = session
        .retrying(async || operator.knowledge().create_article_draft(text.clone()).await)
        .await;
    let draft_id = match begun {
        Ok(begun) => begun.draft.context("a draft")?.draft_id,
        Err(status) => return made::<()>(Err(status)),
    };
    let submitted = SubmitArticleDraftRequest {
        request_id: id("article review"),
        draft_id: draft_id.clone(),
        etag: String::new(),
    };
    session
        .retrying(async || operator.knowledge().submit_article_draft(submitted.clone()).await)
        .await?;
    let approved = ApproveArticleDraftRequest {
        request_id: id("article approval"),
        draft_id: draft_id.clone(),
        etag: String::new(),
    };
    session
        .retrying(async || reviewer.knowledge().approve_article_draft(approved.clone()).await)
        .await?;
    let published = PublishArticleDraftRequest {
        request_id: id("article"),
        draft_id,
        etag: String::new(),
    };
    made(
        session
            .retrying(async || operator.knowledge().publish_article_draft(published.clone()).await)
            .await,
    )
}

/// Carries `make` out for each, several at a time; how many were new.
async fn each<T>(all: Vec<T>, make: impl AsyncFn(T) -> anyhow::Result<bool>) -> anyhow::Result<usize> {
    let make = &make;
    stream::iter(all)
        .map(|one| make(one))
        .buffer_unordered(AT_ONCE)
        .try_fold(0, |count, new| async move { Ok(count + usize::from(new)) })
        .await
}

/// Whether it was made, or is there already: by hand, or because the answer to the first request is no longer stored.
fn made<T>(answer: Result<T, Status>) -> anyhow::Result<bool> {
    match answer {
        Ok(_) => Ok(true),
        Err(status) if status.code() == Code::AlreadyExists => Ok(false),
        Err(status) => Err(status.into()),
    }
}

/// Whether an earlier seeding came to its end here: the file that it writes last is there, and so is what it made.
async fn is_seeded(session: &Session, operator: &Caller, data_dir: &Path) -> anyhow::Result<bool> {
    if !partners_file(data_dir).exists() {
        return Ok(false);
    }
    let asked = ListProductsRequest {
        page_size: 1,
        ..Default::default()
    };
    let listed = session
        .retrying(async || operator.catalogue().list_products(asked.clone()).await)
        .await?;
    Ok(!listed.products.is_empty())
}

/// Makes the partners' clients and keeps their secrets, which are told once.
async fn partners(session: &Session, operator: &Caller, data_dir: &Path) -> anyhow::Result<usize> {
    let mut clients = BTreeMap::new();
    for (organisation, purpose) in things::PARTNERS {
        let wanted = CreatePartnerClientRequest {
            // Not the same every time: a secret that was told to a seeding that then died is lost, and a new client is made.
            request_id: uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string(),
            organisation_id: organisation.to_owned(),
            display_name: purpose.to_owned(),
            scopes: PARTNER_SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        let made = session
            .retrying(async || operator.credentials().create_partner_client(wanted.clone()).await)
            .await?;
        anyhow::ensure!(
            !made.client_secret.is_empty(),
            "the secret of {organisation}'s client was lost on the way"
        );
        let client = PartnerClient {
            organisation_id: organisation.to_owned(),
            client_id: made.client_id,
            client_secret: made.client_secret,
        };
        clients.insert(organisation.to_owned(), client);
    }
    private::write(&partners_file(data_dir), &clients)?;
    Ok(clients.len())
}
