//! One service, or the gateway, alone in its process: how production runs it.

use support_chassis::lifecycle::{Fault, Lifecycle};
use support_chassis::service::{self, Service};
use support_chassis::settings::{Common, Settings};
use support_chassis::telemetry;

use crate::services::names;

/// Runs one service until it is asked to stop.
///
/// # Errors
///
/// Wrong settings, a database that cannot be used, a port that is taken, or what went wrong while it ran.
pub async fn service(service: &'static Service) -> anyhow::Result<()> {
    let settings = Settings::load(&names());
    let common = service.settings(&settings).check(true)?;
    alone(service.name, &common, async |lifecycle| {
        let running = service::run(service, &settings, lifecycle, None).await?;
        running.finished().await.map_err(anyhow::Error::from)
    })
    .await
}

/// Runs the gateway until it is asked to stop.
///
/// # Errors
///
/// Wrong settings, a port that is taken, or what went wrong while it ran.
pub async fn gateway() -> anyhow::Result<()> {
    let settings = Settings::load(&names());
    let resolved = settings.resolve(
        support_gateway::NAME,
        support_gateway::DEFAULTS,
        support_gateway::setting_docs(),
    );
    let common = resolved.check(false)?;
    alone(support_gateway::NAME, &common, async |lifecycle| {
        let running = support_gateway::run(&settings, lifecycle, None).await?;
        running.finished().await.map_err(anyhow::Error::from)
    })
    .await
}

/// Telemetry before, signals during, the last telemetry after, whatever comes of it.
async fn alone(
    name: &str,
    common: &Common,
    work: impl AsyncFnOnce(&Lifecycle) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let guard = telemetry::init(name, common)?;
    telemetry::log_panics();
    let lifecycle = Lifecycle::new();
    lifecycle.listen_for_signals()?;
    let outcome = work(&lifecycle).await;
    if let Some(fault) = outcome.as_ref().err().and_then(|error| error.downcast_ref::<Fault>()) {
        tracing::error!(service = name, %fault, "ended by a fault");
    }
    guard.shutdown().await;
    outcome
}
