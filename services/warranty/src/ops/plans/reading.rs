//! Plans as they are.

use sqlx::PgConnection;
use support_chassis::page::Page;

use super::{Viewer, sees};
use crate::domain::device::{CustomerId, DeviceId};
use crate::domain::plan::life::State;
use crate::domain::plan::{Plan, PlanId};
use crate::error::{Error, PlanError};
use crate::ops::device;
use crate::store;
use crate::store::plans::Filter;

/// The plan with this id, if the viewer may see it.
pub async fn plan(connection: &mut PgConnection, viewer: &Viewer, id: PlanId) -> Result<Plan, Error> {
    let plan = store::plans::get(connection, id).await?;
    Ok(plan.filter(|plan| sees(viewer, plan)).ok_or(PlanError::NotFound)?)
}

/// Which plans are asked for.
#[derive(Debug, Clone, Default)]
pub struct AskPlans {
    /// Those of a device.
    pub device: Option<DeviceId>,
    /// Those of a holder.
    pub holder: Option<CustomerId>,
    /// Those in a state.
    pub state: Option<State>,
}

/// Plans, newest first, and the token of the next page. A customer gets their own, a partner those it sold; who asks for
/// another's gets none.
pub async fn list(
    connection: &mut PgConnection,
    viewer: &Viewer,
    ask: &AskPlans,
    page: &Page<PlanId>,
) -> Result<(Vec<Plan>, String), Error> {
    if let Some(id) = ask.device {
        device(connection, viewer, id).await?;
    }
    let filter = Filter {
        device: ask.device,
        holder: ask.holder,
        sold_by: None,
        state: ask.state,
    };
    let filter = match viewer {
        Viewer::Customer(customer) if ask.holder.is_none_or(|holder| holder == *customer) => Filter {
            holder: Some(*customer),
            ..filter
        },
        // A partner is told nothing of who has a plan, and so does not ask by it.
        Viewer::Partner(organisation) if ask.holder.is_none() => Filter {
            sold_by: Some(organisation.clone()),
            ..filter
        },
        Viewer::Insider => filter,
        Viewer::Customer(_) | Viewer::Partner(_) | Viewer::Stranger => return Ok((Vec::new(), String::new())),
    };
    let plans = store::plans::list(connection, &filter, page.after, page.limit()).await?;
    Ok(page.cut(plans, |last| last.id))
}
