//! `RepairPriceService`.

use support_chassis::day;
use support_chassis::error::{InvalidFields, Violation, Violations};
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::repair_price_service_server::RepairPriceService;
use support_proto::support::warranty::v1::{QuoteRepairRequest, QuoteRepairResponse, RepairPriceQuote};
use tonic::{Request, Response, Status};

use super::Api;
use crate::domain::country::Country;
use crate::domain::money::Rounding;
use crate::domain::prices::{Quote, TaxTreatment};
use crate::error::Error;
use crate::ops::{self, AskPrice, Priced};
use crate::wire;

#[tonic::async_trait]
impl RepairPriceService for Api {
    async fn quote_repair(
        &self,
        request: Request<QuoteRepairRequest>,
    ) -> Result<Response<QuoteRepairResponse>, Status> {
        let ask = parse(request.get_ref())?;
        let priced = ops::quote_repair(&mut *self.db.read().await?, &self.prices, &self.terms, &ask).await?;
        let quote = priced
            .prices
            .quote(&priced.group, ask.component.as_deref(), ask.damage)
            .ok_or(Error::RepairPriceUnknown)?;
        Ok(Response::new(QuoteRepairResponse {
            quote: Some(shown(&quote, &priced, ask.country)),
        }))
    }
}

fn parse(request: &QuoteRepairRequest) -> Result<AskPrice, InvalidFields> {
    let mut fields = Violations::new();
    let damage = fields.take(
        wire::read_damage(request.damage()).ok_or_else(|| Violation::new("damage", "must say how it came to harm")),
    );
    let country = fields.take(
        Country::from_code(&request.country_code)
            .ok_or_else(|| Violation::new("country_code", "must be a code of iso 3166-1 alpha-2")),
    );
    let day = fields.take(request.day.map(|day| wire::read_date("day", day)).transpose());
    let (damage, country, day) = fields.finish((damage, country, day))?;
    Ok(AskPrice {
        model_code: request.model_code.clone(),
        component: (!request.component.is_empty()).then(|| request.component.clone()),
        damage,
        country,
        day,
    })
}

fn shown(quote: &Quote<'_>, priced: &Priced, country: Country) -> RepairPriceQuote {
    let terms = quote.terms;
    RepairPriceQuote {
        price: Some(wire::money(quote.price)),
        tax: quote.tax.map(wire::money),
        tax_name: terms.tax.name.clone(),
        tax_basis_points: terms.tax.basis_points.into(),
        tax_treatment: match terms.tax.treatment {
            TaxTreatment::Added => warranty::TaxTreatment::Added,
            TaxTreatment::InList => warranty::TaxTreatment::InList,
            TaxTreatment::AtSale => warranty::TaxTreatment::AtSale,
        }
        .into(),
        rounding: match terms.rounding {
            Rounding::HalfUp => warranty::PriceRounding::HalfUp,
            Rounding::HalfEven => warranty::PriceRounding::HalfEven,
            Rounding::Down => warranty::PriceRounding::Down,
            Rounding::Up => warranty::PriceRounding::Up,
        }
        .into(),
        rounding_step_minor_units: i64::from(terms.step),
        list_price: Some(wire::money(quote.list)),
        price_group: priced.group.clone(),
        priced_component: quote.component.unwrap_or_default().to_owned(),
        priced_by_damage: quote.is_of_damage,
        day: Some(day::to_proto(priced.day)),
        country_code: country.code().to_owned(),
        source: terms.source.clone(),
        tax_source: terms.tax.source.clone(),
        basis: priced.prices.version().to_owned(),
    }
}
