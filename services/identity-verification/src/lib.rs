#![doc = include_str!("../README.md")]

pub mod api;
pub mod chance;
pub mod domain;
pub mod error;
pub mod keys;
pub mod mail;
pub mod metrics;
pub mod ops;
pub mod settings;
pub mod standard;
pub mod store;
pub mod webauthn;
pub mod words;
pub mod work;

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_chassis::service::{Kit, Parts, Service, StartError};
use support_proto::support::identity::v1::credential_service_server::CredentialServiceServer;
use support_proto::support::identity::v1::customer_service_server::CustomerServiceServer;
use support_proto::support::identity::v1::factor_service_server::FactorServiceServer;
use support_proto::support::identity::v1::grant_service_server::GrantServiceServer;
use support_proto::support::identity::v1::local_outbox_service_server::LocalOutboxServiceServer;
use support_proto::support::identity::v1::verification_service_server::VerificationServiceServer;
use tokio::sync::Notify;

use crate::api::credentials::CredentialApi;
use crate::api::customers::CustomerApi;
use crate::api::factors::FactorApi;
use crate::api::grants::GrantApi;
use crate::api::local_outbox::LocalOutboxApi;
use crate::api::verifications::VerificationApi;
use crate::chance::Chance;
use crate::keys::TokenKeys;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::ops::Means;
use crate::settings::{IdentitySettings, Outbox};
use crate::standard::{Policy, VERIFICATION_POLICY};
use crate::words::Words;
use crate::work::delivery::{Courier, Deliverer};
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
    standards: &[&VERIFICATION_POLICY],
    start: |kit| ready(start(kit)).boxed(),
};

fn start(kit: Kit) -> Result<Parts, StartError> {
    let settings: IdentitySettings = kit.section()?;
    let checked = settings.check(kit.common.environment)?;
    let words = Words::new(&kit.peer("localisation")?, &settings.product_name);
    let kept_words = words.keep(kit.lifecycle.draining());
    let courier = match checked.mail {
        Some(mail) => Courier::Smtp(Mailer::new(&settings.smtp, mail)?),
        None => Courier::Local,
    };
    let tokens = &settings.tokens;
    let tokens = TokenKeys::new(
        &tokens.issuer,
        &tokens.audience,
        &checked.session_key,
        &checked.previous_keys,
    )
    .map_err(|error| StartError::other("the session key cannot be used", error))?;
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
        policy: Policy::new(kit.standard(&VERIFICATION_POLICY)),
        passkeys: checked.passkeys,
        reaches_phones: settings.delivery.outbox == Outbox::Local,
    };

    let customers = CustomerApi {
        db: kit.db.clone(),
        ids: kit.ids.clone(),
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
    let credentials = CredentialApi {
        db: kit.db.clone(),
        clock: kit.clock.clone(),
        ids: kit.ids.clone(),
        chance,
        tokens,
        partner_lifetime: Duration::from_mins(settings.tokens.partner_minutes.into()),
    };
    let outbox = LocalOutboxApi {
        db: kit.db.clone(),
        outbox: settings.delivery.outbox,
    };
    let upkeep = Upkeep {
        db: kit.db.clone(),
        clock: kit.clock.clone(),
        metrics: metrics.clone(),
        local_retention: Duration::from_hours(settings.delivery.local_retention_hours.into()),
    };
    let upkeep_period = Duration::from_millis(settings.verification.expiry_interval_ms);
    let deliverer = Arc::new(Deliverer {
        db: kit.db.clone(),
        clock: kit.clock,
        ids: kit.ids,
        keys: checked.code_keys,
        words,
        courier,
        wake,
        metrics,
        settings: settings.delivery,
    });

    Ok(Parts::new()
        .serve(CustomerServiceServer::new(customers))
        .serve(VerificationServiceServer::new(verifications))
        .serve(FactorServiceServer::new(factors))
        .serve(GrantServiceServer::new(GrantApi { db: kit.db }))
        .serve(CredentialServiceServer::new(credentials))
        .serve(LocalOutboxServiceServer::new(outbox))
        .work("words", kept_words)
        .work("deliveries", deliverer.run(kit.lifecycle.clone()))
        .work(
            "upkeep",
            kit.lifecycle.every(upkeep_period, None, move || upkeep.clone().round()),
        ))
}
