//! `DeskService.GetFairness`.

use std::collections::BTreeMap;

use support_chassis::clock::timestamp;
use support_chassis::error::Violation;
use support_proto::support::routing::v1 as pb;
use time::Date;
use time::macros::format_description;

use super::desk::DeskApi;
use crate::contract;
use crate::domain::fairness::{Figures, Spread, Trade};
use crate::error::Error;
use crate::store;

impl DeskApi {
    pub(super) async fn fairness(&self, request: &pb::GetFairnessRequest) -> Result<pb::GetFairnessResponse, Error> {
        let format = format_description!("[year]-[month]-[day]");
        let day = Date::parse(&request.day, format).map_err(|_| Violation::new("day", "must be a day"));
        let day = day.map_err(|violation| Error::Invalid(violation.into()))?;
        let now = self.db.clock().now();
        let mut connection = self.db.read().await?;
        let bounds = store::fairness::bounds(&mut connection, &request.site, day).await?;
        let (from, until) = bounds.ok_or(Error::AgentNotFound)?;
        let until = until.min(now).max(from);
        let trades = store::fairness::trades(&mut connection, &request.site).await?;
        let agents: Vec<_> = trades.iter().map(|(agent, _)| *agent).collect();
        let records = store::fairness::records(&mut connection, &agents, from, until).await?;
        drop(connection);
        let limit = self.desk.rules.of_agents(&request.site, now).wrap_up_limit;
        let mut groups: BTreeMap<Trade, Vec<Figures>> = BTreeMap::new();
        for (agent, trade) in trades {
            let figures = records
                .get(&agent)
                .and_then(|record| record.figures(from, until, limit));
            if let Some(figures) = figures {
                groups.entry(trade).or_default().push(figures);
            }
        }
        let mut groups: Vec<_> = groups.iter().map(|(trade, figures)| group(trade, figures)).collect();
        groups.sort_by_key(|group| -group.agents);
        Ok(pb::GetFairnessResponse {
            start_time: Some(timestamp(from)),
            end_time: Some(timestamp(until)),
            groups,
        })
    }
}

fn group(trade: &Trade, figures: &[Figures]) -> pb::FairnessGroup {
    let spread = |of: fn(&Figures) -> f64| {
        let spread = Spread::over(figures.iter().map(of));
        Some(pb::Spread {
            mean: spread.mean,
            least: spread.least,
            most: spread.most,
            deviation: spread.deviation,
        })
    };
    pb::FairnessGroup {
        languages: trade.languages.clone(),
        product_lines: trade
            .product_lines
            .iter()
            .map(|line| contract::product_line(*line).into())
            .collect(),
        agents: i32::try_from(figures.len()).unwrap_or(i32::MAX),
        offers: spread(|figures| figures.offers),
        accepted: spread(|figures| figures.accepted),
        let_go_by: spread(|figures| figures.let_go_by),
        weight: spread(|figures| figures.weight),
        available_seconds: spread(|figures| figures.available),
        idle_share: spread(|figures| figures.idle_share),
        late_wrap_ups: spread(|figures| figures.late_wrap_ups),
    }
}
