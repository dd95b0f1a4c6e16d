#![doc = include_str!("../README.md")]

pub mod api;
pub mod carrier;
pub mod chance;
pub mod domain;
pub mod error;
pub mod hook;
pub mod keys;
pub mod letter;
pub mod mail;
pub mod metrics;
pub mod numbers;
pub mod ops;
pub mod settings;
pub mod standard;
pub mod store;
pub mod webauthn;
pub mod words;
pub mod work;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_calendars::Calendars;
use support_chassis::keyset::Fetcher;
use support_chassis::service::{Kit, Parts, Service, StartError};
use support_chassis::settings::Environment;
use support_chassis::vault::Vault;
use support_proto::support::identity::v1::audit_service_server::AuditServiceServer;
use support_proto::support::identity::v1::credential_service_server::CredentialServiceServer;
use support_proto::support::identity::v1::customer_service_server::CustomerServiceServer;
use support_proto::support::identity::v1::delegation_service_server::DelegationServiceServer;
use support_proto::support::identity::v1::disclosure_service_server::DisclosureServiceServer;
use support_proto::support::identity::v1::erasure_service_server::ErasureServiceServer;
use support_proto::support::identity::v1::factor_service_server::FactorServiceServer;
use support_proto::support::identity::v1::grant_service_server::GrantServiceServer;
use support_proto::support::identity::v1::local_outbox_service_server::LocalOutboxServiceServer;
use support_proto::support::identity::v1::notification_service_server::NotificationServiceServer;
use support_proto::support::identity::v1::organisation_service_server::OrganisationServiceServer;
use support_proto::support::identity::v1::partner_client_service_server::PartnerClientServiceServer;
use support_proto::support::identity::v1::profile_service_server::ProfileServiceServer;
use support_proto::support::identity::v1::risk_service_server::RiskServiceServer;
use support_proto::support::identity::v1::verification_service_server::VerificationServiceServer;
use tokio::sync::Notify;

use crate::api::audit::AuditApi;
use crate::api::credentials::CredentialApi;
use crate::api::customers::CustomerApi;
use crate::api::delegations::DelegationApi;
use crate::api::disclosure::DisclosureApi;
use crate::api::erasures::ErasureApi;
use crate::api::factors::FactorApi;
use crate::api::grants::GrantApi;
use crate::api::local_outbox::LocalOutboxApi;
use crate::api::notifications::NotificationApi;
use crate::api::organisations::OrganisationApi;
use crate::api::partner_clients::PartnerClientApi;
use crate::api::profiles::ProfileApi;
use crate::api::risk::RiskApi;
use crate::api::verifications::VerificationApi;
use crate::carrier::Carrier;
use crate::chance::Chance;
use crate::domain::erasure::FOLLOWERS;
use crate::hook::Hook;
use crate::keys::{ClientKeyRing, CodeKeys, NextKey, TokenKeys};
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::numbers::Numbers;
use crate::ops::Means;
use crate::ops::decide_happening::Deciding;
use crate::ops::export_customer::Exporting;
use crate::settings::{Checked, IdentitySettings};
use crate::standard::notifications::{NOTIFICATION_RULES, Telling};
use crate::standard::{Policy, VERIFICATION_POLICY};
use crate::words::Words;
use crate::work::acknowledgements::{Erasing, NothingElse};
use crate::work::audit::Linker;
use crate::work::deciding::{Decider, Sources};
use crate::work::delivery::{Courier, Deliverer};
use crate::work::happenings::{CallbackEvents, CaseEvents, PlanEvents, RepairEvents};
use crate::work::rotation::LookUps;
use crate::work::upkeep::Upkeep;

/// The service's name.
pub const NAME: &str = "identity-verification";

/// The service's migrations.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// What this service is made of.
pub static SERVICE: Service = Service {
    name: NAME,
    title: "customers, verifications, grants, partners' credentials",
    migrator: &MIGRATOR,
    defaults: include_str!("defaults.toml"),
    setting_docs: settings::DOCS,
    standards: &[&VERIFICATION_POLICY, &NOTIFICATION_RULES],
    start: |kit| start(kit).boxed(),
};

async fn start(kit: Kit) -> Result<Parts, StartError> {
    let settings: IdentitySettings = kit.section()?;
    let checked = settings.check(kit.common.environment)?;
    let vault = kit.vault()?;
    // Before anybody is served: what reads knows the sealed form alone.
    let sealed = store::sealed::seal_clear(&kit.db, &vault)
        .await
        .map_err(|error| StartError::other("what is stored in the clear cannot be sealed", error))?;
    if sealed > 0 {
        tracing::info!(customers = sealed, "names and addresses are sealed");
    }
    parts(kit, settings, checked, &vault)
}

fn parts(kit: Kit, settings: IdentitySettings, mut checked: Checked, vault: &Vault) -> Result<Parts, StartError> {
    let words = Words::new(&kit.peer("localisation")?, &settings.product_name);
    let kept_words = words.keep(kit.lifecycle.draining());
    let courier = courier(&settings, &mut checked)?;
    let tokens = token_keys(&settings, &checked)?;
    let (tokens, chance, metrics, wake) = (
        Arc::new(tokens),
        Chance::system(),
        Metrics::new(),
        Arc::new(Notify::new()),
    );
    let means = Means {
        ids: kit.ids.clone(),
        chance: chance.clone(),
        keys: checked.code_keys.clone(),
        vault: vault.clone(),
        policy: Policy::new(kit.standard(&VERIFICATION_POLICY)),
        passkeys: checked.passkeys,
        reaches_phones: courier.reaches_phones(),
    };
    let policy = means.policy.clone();
    let happened = Arc::new(Notify::new());
    let calendars = Calendars::of(&kit.peer("localisation")?);
    let kept_calendars = calendars.follow(&kit.lifecycle);
    let deciding = Deciding {
        ids: kit.ids.clone(),
        vault: vault.clone(),
        telling: Telling::new(kit.standard(&NOTIFICATION_RULES)),
        calendars,
        reaches_phones: courier.reaches_phones(),
    };
    let decider = decider(&kit, deciding, (&happened, &wake), &metrics, &settings)?;

    let parts = people(&kit, &means, &happened);
    let notifications = NotificationApi {
        db: kit.db.clone(),
        vault: vault.clone(),
    };
    let verifications = VerificationApi {
        db: kit.db.clone(),
        clock: kit.clock.clone(),
        means,
        tokens: Arc::clone(&tokens),
        chance: chance.clone(),
        deliveries: Arc::clone(&wake),
        metrics: metrics.clone(),
    };
    let factors = FactorApi {
        verifications: verifications.clone(),
        product_name: settings.product_name.clone(),
    };
    let grants = GrantApi::new(&kit.db, &tokens, &chance);
    let credentials = CredentialApi {
        db: kit.db.clone(),
        clock: kit.clock.clone(),
        ids: kit.ids.clone(),
        chance,
        tokens,
        clients: client_keys(&kit, &settings),
        partner_lifetime: Duration::from_mins(settings.tokens.partner_minutes.into()),
    };
    let erasures = erasures(&kit, vault, &checked.code_keys)?;
    let outbox = LocalOutboxApi {
        db: kit.db.clone(),
        vault: vault.clone(),
        outbox: settings.delivery.outbox,
    };
    let upkeep = upkeep(&kit, &settings, &metrics);
    let deliverer = Arc::new(Deliverer {
        db: kit.db.clone(),
        clock: kit.clock,
        ids: kit.ids,
        keys: checked.code_keys,
        vault: vault.clone(),
        words,
        courier,
        policy,
        numbers: checked.numbers.take().map(|hook| Numbers::new(Hook::new(hook))),
        wake,
        metrics,
        settings: settings.delivery,
    });

    Ok(hear(parts, &happened)
        .serve(VerificationServiceServer::new(verifications))
        .serve(FactorServiceServer::new(factors))
        .serve(GrantServiceServer::new(grants))
        .serve(PartnerClientServiceServer::new(PartnerClientApi(credentials.clone())))
        .serve(CredentialServiceServer::new(credentials))
        .serve(LocalOutboxServiceServer::new(outbox))
        .serve(NotificationServiceServer::new(notifications))
        .serve(ErasureServiceServer::new(erasures))
        .work("words", kept_words)
        .work("calendars", kept_calendars)
        .work("happenings", decider.run(kit.lifecycle.clone()))
        .work("deliveries", deliverer.run(kit.lifecycle.clone()))
        .rotated(LookUps)
        .work(
            "upkeep",
            kit.lifecycle
                .every(settings.verification.period(), None, move || upkeep.clone().round()),
        ))
}

/// Who customers are beyond what verifications need, and who looks at them.
fn people(kit: &Kit, means: &Means, happened: &Arc<Notify>) -> Parts {
    let customers = CustomerApi {
        db: kit.db.clone(),
        means: means.clone(),
        happened: Arc::clone(happened),
    };
    let disclosure = DisclosureApi {
        db: kit.db.clone(),
        vault: means.vault.clone(),
        policy: means.policy.clone(),
    };
    let profiles = ProfileApi {
        db: kit.db.clone(),
        ids: kit.ids.clone(),
        vault: means.vault.clone(),
    };
    let organisations = OrganisationApi {
        db: kit.db.clone(),
        ids: kit.ids.clone(),
    };
    let delegations = DelegationApi {
        db: kit.db.clone(),
        means: means.clone(),
        happened: Arc::clone(happened),
    };
    let risk = RiskApi {
        db: kit.db.clone(),
        clock: kit.clock.clone(),
        means: means.clone(),
    };
    let linker = Linker::new(kit.db.clone());
    let linking = kit
        .lifecycle
        .every(work::audit::PERIOD, None, move || linker.clone().round());
    Parts::new()
        .serve(CustomerServiceServer::new(customers))
        .serve(ProfileServiceServer::new(profiles))
        .serve(OrganisationServiceServer::new(organisations))
        .serve(DelegationServiceServer::new(delegations))
        .serve(DisclosureServiceServer::new(disclosure))
        .serve(RiskServiceServer::new(risk))
        .serve(AuditServiceServer::new(AuditApi { db: kit.db.clone() }))
        .work("audit", linking)
}

/// What is heard from others: what customers may be told of, and whom they have erased.
fn hear(parts: Parts, happened: &Arc<Notify>) -> Parts {
    parts
        .consume("case", Erasing(CaseEvents(Arc::clone(happened))))
        .consume("repair-logistics", Erasing(RepairEvents(Arc::clone(happened))))
        .consume("warranty", Erasing(PlanEvents(Arc::clone(happened))))
        .consume("localisation", Erasing(NothingElse))
        .consume("routing", Erasing(CallbackEvents(Arc::clone(happened))))
}

/// Erases customers, and gathers what is held on them from every service.
fn erasures(kit: &Kit, vault: &Vault, keys: &CodeKeys) -> Result<ErasureApi, StartError> {
    let others = FOLLOWERS.into_iter().map(|name| Ok((name, kit.peer(name)?)));
    let exporting = Exporting {
        db: kit.db.clone(),
        clock: kit.clock.clone(),
        ids: kit.ids.clone(),
        vault: vault.clone(),
        others: others.collect::<Result<_, StartError>>()?,
    };
    Ok(ErasureApi {
        db: kit.db.clone(),
        ids: kit.ids.clone(),
        keys: keys.clone(),
        exporting,
    })
}

/// What ends and removes what ran out.
fn upkeep(kit: &Kit, settings: &IdentitySettings, metrics: &Metrics) -> Upkeep {
    Upkeep {
        db: kit.db.clone(),
        clock: kit.clock.clone(),
        metrics: metrics.clone(),
        local_retention: Duration::from_hours(settings.delivery.local_retention_hours.into()),
        notification_retention: Duration::from_hours(24) * settings.delivery.notification_retention_days,
    }
}

/// Where messages go.
fn courier(settings: &IdentitySettings, checked: &mut Checked) -> Result<Courier, StartError> {
    Ok(match checked.mail.take() {
        Some(mail) => Courier::Real(
            Mailer::new(&settings.smtp, mail)?,
            checked.sms.take().map(|hook| Carrier::new(Hook::new(hook))),
        ),
        None => Courier::Local,
    })
}

/// The keys of session and access tokens.
fn token_keys(settings: &IdentitySettings, checked: &Checked) -> Result<TokenKeys, StartError> {
    let tokens = &settings.tokens;
    TokenKeys::new(
        &tokens.issuer,
        &tokens.audience,
        &checked.session_key,
        checked
            .next_key
            .as_ref()
            .map(|(key, from)| NextKey { key, from: *from }),
        &checked.previous_keys,
    )
    .map_err(|error| StartError::other("the session key cannot be used", error))
}

/// The keys of partners' clients. Keys in the clear are for trying things out, and so are those at addresses inside.
fn client_keys(kit: &Kit, settings: &IdentitySettings) -> Arc<ClientKeyRing> {
    let tokens = &settings.tokens;
    let audiences = [&tokens.issuer, &tokens.endpoint]
        .into_iter()
        .filter(|audience| !audience.is_empty())
        .cloned()
        .collect();
    let plain = kit.common.environment == Environment::Development;
    let fetcher = if settings.partners.private_addresses {
        Fetcher::new(plain)
    } else {
        Fetcher::for_public(plain)
    };
    Arc::new(ClientKeyRing::new(audiences, fetcher))
}

/// Decides what is told when something `happened`, and wakes who delivers. Others are asked on the service's own account, since
/// nobody waits for it.
fn decider(
    kit: &Kit,
    means: Deciding,
    (happened, deliveries): (&Arc<Notify>, &Arc<Notify>),
    metrics: &Metrics,
    settings: &IdentitySettings,
) -> Result<Arc<Decider>, StartError> {
    Ok(Arc::new(Decider {
        db: kit.db.clone(),
        clock: kit.clock.clone(),
        sources: Sources {
            case: kit.peer("case")?.own(),
            repair_logistics: kit.peer("repair-logistics")?.own(),
            warranty: kit.peer("warranty")?.own(),
        },
        means,
        wake: Arc::clone(happened),
        deliveries: Arc::clone(deliveries),
        metrics: metrics.clone(),
        settings: settings.delivery.clone(),
    }))
}
