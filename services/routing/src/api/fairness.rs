//! `DeskService.GetFairness`.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use support_chassis::clock::timestamp;
use support_chassis::error::Violation;
use support_chassis::page;
use support_proto::support::routing::v1 as pb;
use time::Date;
use time::macros::format_description;

use super::desk::DeskApi;
use crate::contract;
use crate::domain::AgentId;
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
        let binding = ("GetFairness", &request.site, &request.day);
        let page = page::parse::<Place, _>(request.page_size, &request.page_token, 50, 100, &binding)?;
        let mut by_trade: BTreeMap<Trade, Vec<AgentId>> = BTreeMap::new();
        for (agent, trade) in store::fairness::trades(&mut connection, &request.site).await? {
            by_trade.entry(trade).or_default().push(agent);
        }
        let mut by_trade: Vec<_> = by_trade.into_iter().map(|group| (place(&group), group)).collect();
        by_trade.sort_by_key(|(place, _)| *place);
        by_trade.retain(|(place, _)| page.after.is_none_or(|after| *place > after));
        by_trade.truncate(usize::try_from(page.limit()).unwrap_or_default());
        let (by_trade, next_page_token) = page.cut(by_trade, |(place, _)| *place);
        // What they did is read of those alone who are told of.
        let agents: Vec<_> = by_trade.iter().flat_map(|(_, (_, agents))| agents).copied().collect();
        let records = store::fairness::records(&mut connection, &agents, from, until).await?;
        drop(connection);
        let limit = self.desk.rules.of_agents(&request.site, now).wrap_up_limit;
        let groups = by_trade.iter().filter_map(|(_, (trade, agents))| {
            let records = agents.iter().filter_map(|agent| records.get(agent));
            let figures: Vec<Figures> = records
                .filter_map(|record| record.figures(from, until, limit))
                .collect();
            (!figures.is_empty()).then(|| group(trade, &figures))
        });
        Ok(pb::GetFairnessResponse {
            start_time: Some(timestamp(from)),
            end_time: Some(timestamp(until)),
            groups: groups.collect(),
            next_page_token,
        })
    }
}

/// Where a group stands in the list: the more agents, the sooner; of those with as many, by a hash of what they do.
type Place = (i64, u64);

fn place((trade, agents): &(Trade, Vec<AgentId>)) -> Place {
    let mut hash = DefaultHasher::new();
    trade.hash(&mut hash);
    let agents = i64::try_from(agents.len()).unwrap_or(i64::MAX);
    (-agents, hash.finish())
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
