//! What can be bought, at which price, and the buying.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::standard::Standard;
use support_proto::support::warranty::v1::{PlanEnrolled, PlanQuoted, PlanTerms};
use time::{Date, Duration};

use super::paying::{Payment, pay};
use super::{Viewer, check_grant, today};
use crate::domain::calendar::days_later;
use crate::domain::device::{DeviceId, Obstacle};
use crate::domain::money::Currency;
use crate::domain::plan::book::{Book, Ineligibility, Kind, Wish};
use crate::domain::plan::life::State;
use crate::domain::plan::{Agreed, Buyer, Plan, QuoteId};
use crate::domain::zone;
use crate::error::{Error, PlanError};
use crate::ops::device;
use crate::standard::plans::book_on;
use crate::store::devices::Registered;
use crate::store::plans::Quote;
use crate::{store, wire};

/// A question for the plans there are for a device.
#[derive(Debug, Clone)]
pub struct AskOffers {
    /// The device.
    pub device_id: DeviceId,
    /// Who would buy.
    pub buyer: Buyer,
    /// The currency; none for that of the country of purchase.
    pub currency: Option<Currency>,
    /// Whether the device has been inspected and found whole.
    pub inspected: bool,
}

/// The plans there are for a device.
#[derive(Debug, Clone)]
pub struct Offers {
    /// The plans, by key.
    pub offers: Vec<Offered>,
    /// The version of the terms.
    pub version: String,
}

/// A plan that there is, for a device.
#[derive(Debug, Clone)]
pub struct Offered {
    /// Its key.
    pub kind: String,
    /// The message that names it.
    pub name_key: String,
    /// Every reason why it cannot be bought.
    pub why_not: Vec<Ineligibility>,
    /// The last days on which it can be bought without an inspection and after one.
    pub until: (Date, Date),
    /// What would be agreed; none where it has no price.
    pub agreed: Option<Agreed>,
}

/// A question for a quote.
#[derive(Debug, Clone)]
pub struct AskQuote {
    /// For what.
    pub of: AskOffers,
    /// The plan's key.
    pub kind: String,
    /// Where the inspection is filed.
    pub inspection_reference: Option<String>,
}

/// What the terms hold for a device today, and for whom it would be.
async fn look(
    connection: &mut PgConnection,
    terms: &Standard<PlanTerms>,
    ask: &AskOffers,
    registered: &Registered,
    now: time::OffsetDateTime,
) -> Result<(Book, Wish), Error> {
    let country = registered.device.purchase_country;
    let bought_on = registered.device.purchase_date;
    // Where the device was bought it may be a day on already: a plan can be bought together with it.
    let bought = bought_on <= zone::latest_day(now, country);
    let day = if bought {
        today(now, country).max(bought_on)
    } else {
        today(now, country)
    };
    let book = book_on(terms, country, day);
    let wish = Wish {
        line: registered.product.product_line,
        model: registered.product.model_code.clone(),
        bought_on,
        sold_used: registered.device.sold_used,
        day,
        buyer: ask.buyer,
        currency: ask.currency.unwrap_or(book.currency),
        inspected: ask.inspected,
        held: store::plans::kinds_living(connection, registered.device.id).await?,
        barred: is_barred(registered),
    };
    Ok((book, wish))
}

/// Whether something keeps a device from being insured. A lock to an account does not: it is on most devices that are in use.
pub(super) fn is_barred(registered: &Registered) -> bool {
    let obstacles = registered.device.obstacles();
    obstacles.into_iter().any(|obstacle| obstacle != Obstacle::Activation)
}

fn agree(book: &Book, kind: &Kind, wish: &Wish) -> Option<Agreed> {
    book.agree(kind, wish.line, &wish.model, wish.currency)
}

/// Every plan of the terms for a device, with what speaks against it.
pub async fn offers(
    connection: &mut PgConnection,
    terms: &Standard<PlanTerms>,
    viewer: &Viewer,
    ask: &AskOffers,
    now: time::OffsetDateTime,
) -> Result<Offers, Error> {
    let registered = device(connection, viewer, ask.device_id).await?;
    let (book, wish) = look(connection, terms, ask, &registered, now).await?;
    let offers = book
        .kinds
        .iter()
        .map(|kind| Offered {
            kind: kind.key.clone(),
            name_key: kind.name_key.clone(),
            why_not: book.why_not(kind, &wish),
            until: (
                days_later(wish.bought_on, kind.purchase_window_days),
                days_later(wish.bought_on, kind.inspected_window_days),
            ),
            agreed: agree(&book, kind, &wish),
        })
        .collect();
    Ok(Offers {
        offers,
        version: book.version,
    })
}

/// Quotes a plan, and holds the quote.
pub async fn quote(
    tx: &mut Tx,
    ids: &Ids,
    terms: &Standard<PlanTerms>,
    viewer: &Viewer,
    ask: &AskQuote,
) -> Result<Quote, Error> {
    let now = tx.now();
    let registered = device(tx, viewer, ask.of.device_id).await?;
    let (book, wish) = look(tx, terms, &ask.of, &registered, now).await?;
    let kind = book.kind(&ask.kind).ok_or(PlanError::KindNotFound)?;
    let why_not = book.why_not(kind, &wish);
    let agreed = agree(&book, kind, &wish).filter(|_| why_not.is_empty());
    let agreed = agreed.ok_or(PlanError::NotEligible(why_not))?;
    let quote = Quote {
        id: ids.next(),
        device_id: registered.device.id,
        buyer: wish.buyer,
        agreed,
        inspection_reference: ask.inspection_reference.clone(),
        quoted_by: match viewer {
            Viewer::Partner(organisation) => Some(organisation.clone()),
            Viewer::Customer(_) | Viewer::Insider | Viewer::Stranger => None,
        },
        quoted_at: now,
        expires_at: now + Duration::hours(book.quote_valid_hours.into()),
    };
    store::plans::insert_quote(tx, &quote).await?;
    let event = PlanQuoted {
        quote_id: quote.id.to_string(),
        device_id: quote.device_id.to_string(),
        kind: quote.agreed.kind.clone(),
        price: Some(wire::money(quote.agreed.price)),
    };
    tx.append(quote.id, &event).await?;
    Ok(quote)
}

/// The buying of what was quoted.
#[derive(Debug, Clone)]
pub struct Enrol {
    /// The quote.
    pub quote_id: QuoteId,
    /// Whether the plan shall renew by itself.
    pub renews: bool,
    /// The payment's reference, where it is paid already.
    pub payment_reference: Option<String>,
}

/// Buys what was quoted. The quote has the price and the terms; what it says of the device is seen again, because another
/// plan may have been bought since.
pub async fn enrol(tx: &mut Tx, ids: &Ids, viewer: &Viewer, enrol: &Enrol) -> Result<Plan, Error> {
    let now = tx.now();
    let (quote, used) = store::plans::quote(tx, enrol.quote_id)
        .await?
        .ok_or(PlanError::QuoteNotFound)?;
    let may_use = match viewer {
        Viewer::Partner(organisation) => quote.quoted_by.as_ref() == Some(organisation),
        Viewer::Customer(_) | Viewer::Insider => true,
        Viewer::Stranger => false,
    };
    // The owner is held to who it is until the plan is theirs: a device that changes hands takes its plans along.
    store::plans::hold_device(tx, quote.device_id).await?;
    let registered = match device(tx, viewer, quote.device_id).await {
        Ok(registered) if may_use => registered,
        Ok(_) | Err(Error::DeviceNotFound) => return Err(PlanError::QuoteNotFound.into()),
        Err(error) => return Err(error),
    };
    check_grant(tx, registered.device.owner)?;
    if used {
        return Err(PlanError::QuoteUsed.into());
    }
    if quote.expires_at <= now {
        return Err(PlanError::QuoteExpired.into());
    }
    if is_barred(&registered) {
        return Err(PlanError::NotEligible(vec![Ineligibility::DeviceBarred]).into());
    }
    let mut plan = enrolled(ids, &registered, quote, enrol, now);
    store::plans::insert(tx, &plan).await?;
    let event = PlanEnrolled {
        plan_id: plan.id.to_string(),
        device_id: plan.device_id.to_string(),
        kind: plan.kind().to_owned(),
        terms_version: plan.first.version.clone(),
        due: Some(wire::money(plan.first.price)),
        pay_by: plan.due().map(|due| support_chassis::day::to_proto(due.by)),
    };
    tx.append(plan.id, &event).await?;
    if let Some(reference) = &enrol.payment_reference {
        let payment = Payment {
            reference: reference.clone(),
            paid: true,
            amount: plan.first.price,
        };
        pay(tx, ids, &mut plan, payment).await?;
    }
    Ok(plan)
}

fn enrolled(ids: &Ids, registered: &Registered, quote: Quote, enrol: &Enrol, now: time::OffsetDateTime) -> Plan {
    let device = &registered.device;
    Plan {
        id: ids.next(),
        quote_id: quote.id,
        device_id: device.id,
        holder: device.owner,
        sold_by: quote.quoted_by,
        country: device.purchase_country,
        buyer: quote.buyer,
        state: State::PendingPayment,
        renews: quote.agreed.rolling || (enrol.renews && quote.agreed.renewal_window_days.is_some()),
        enrolled_on: today(now, device.purchase_country),
        enrolled_at: now,
        state_changed_at: now,
        first: quote.agreed,
        first_failed: false,
        periods: Vec::new(),
        renewal: None,
        ended_on: None,
        canceled: None,
    }
}
