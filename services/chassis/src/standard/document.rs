//! The declaration of a document.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_proto::codec::StandardDocument;
use support_proto::support::standard::v1::Territories;
use time::Date;

use super::content::{self, Content, ContentError, Fault};
use super::effective::{Effective, Held};
use super::place::{self, Place};
use super::reach::Reach;
use super::schema::{Schema, SchemaError};
use super::simulate::{Findings, Objector, Others, Simulator, WhatIf};
use crate::db::Db;
use crate::lifecycle::BoxError;

/// The document that every service with a standard has: which places there are, and who makes their rules.
pub static TERRITORIES: Document<Territories> =
    Document::new(include_str!("../../standard/territories.yaml")).checked_by(check_territories);

/// What the declaration of a document is to the chassis, whatever its message.
pub trait DocumentType: fmt::Debug + Send + Sync + 'static {
    /// Its name within its service: `coverage-terms`.
    fn name(&self) -> &'static str;

    /// Whether somebody other than the author must approve a version.
    fn four_eyes(&self) -> bool;

    /// Its fields and rules, and the service's own check.
    ///
    /// # Errors
    ///
    /// Never for a message of the contract: its build refuses what has no schema.
    fn schema(&self) -> Result<Schema, SchemaError>;

    /// What holds where nothing was published.
    ///
    /// # Errors
    ///
    /// All faults at once.
    fn read_shipped(&self) -> Result<Content, ShippedError>;

    /// Says what would turn out differently under other rules; none where the service cannot tell.
    fn simulate(&self, change: Change) -> Option<BoxFuture<'static, Result<Findings, BoxError>>>;

    /// Says why other rules must not come to hold, as things are; none where the service never objects.
    fn object(&self, change: Change) -> Option<BoxFuture<'static, Result<Vec<Fault>, BoxError>>>;
}

/// What a simulation is asked, before it is known what type the document has; see [`WhatIf`].
#[derive(Debug, Clone)]
pub struct Change {
    /// The service's database.
    pub db: Db,
    /// The place.
    pub place: Place,
    /// The countries in which its rules are the ones that hold.
    pub reach: Reach,
    /// What holds there on the day without the change.
    pub held: Held,
    /// What would hold there.
    pub proposed: Held,
    /// The first day of the change.
    pub day: Date,
    /// What holds of the service's other documents.
    pub others: Others,
    /// How long it may take.
    pub within: Duration,
}

/// Declares a document: what the build ships of it, what the field rules of the proto cannot say, and how to tell what a
/// change would mean.
pub struct Document<T> {
    shipped: &'static str,
    check: fn(&T) -> Vec<(String, String)>,
    simulator: Option<Simulator<T>>,
    objector: Option<Objector<T>>,
}

/// What a build ships is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the shipped {document} is no document: {}", in_words(faults))]
pub struct ShippedError {
    /// The document's name.
    pub document: &'static str,
    /// What is wrong, each with the path of its field; the path is empty where the content as a whole is at fault.
    pub faults: Vec<(String, String)>,
}

fn in_words(faults: &[(String, String)]) -> String {
    let words: Vec<String> = faults
        .iter()
        .map(|(path, fault)| Fault::new(path.clone(), fault.clone()).to_string())
        .collect();
    words.join("; ")
}

impl ShippedError {
    fn new(document: &'static str, faults: Vec<Fault>) -> Self {
        Self {
            document,
            faults: faults.into_iter().map(|fault| (fault.path, fault.fault)).collect(),
        }
    }

    fn whole(document: &'static str, error: &impl ToString) -> Self {
        Self::new(document, vec![Fault::whole(error.to_string())])
    }

    pub(super) fn of_schema(document: &'static str, error: &SchemaError) -> Self {
        Self::whole(document, error)
    }
}

impl<T> Document<T> {
    /// A document of which the build ships this content, as YAML. It becomes version 1 where nothing was ever published.
    #[must_use]
    pub const fn new(shipped: &'static str) -> Self {
        Self {
            shipped,
            check: no_faults,
            simulator: None,
            objector: None,
        }
    }

    /// Checks what the field rules of the proto cannot say: what is wrong, each with the path of its field
    /// (`purposes["payment"].level`). A content with a fault is never published, and an overlay that would make one at a
    /// place does not hold there.
    #[must_use]
    pub const fn checked_by(self, check: fn(&T) -> Vec<(String, String)>) -> Self {
        Self { check, ..self }
    }

    /// Tells, before a version is published, what would turn out differently for whom.
    #[must_use]
    pub const fn simulated_by(self, simulator: Simulator<T>) -> Self {
        Self {
            simulator: Some(simulator),
            ..self
        }
    }

    /// Tells why a content must not come to hold, as things are in the service's database: what is wrong, each with the path of its
    /// field. Such a content is no fault to write down as a draft; it is neither approved nor published. Unlike with
    /// [`checked_by`](Self::checked_by), what holds already goes on holding.
    #[must_use]
    pub const fn objected_by(self, objector: Objector<T>) -> Self {
        Self {
            objector: Some(objector),
            ..self
        }
    }
}

fn no_faults<T>(_: &T) -> Vec<(String, String)> {
    Vec::new()
}

fn check_territories(territories: &Territories) -> Vec<(String, String)> {
    place::faults(territories)
        .into_iter()
        .map(|fault| (fault.path, fault.fault))
        .collect()
}

impl<T: StandardDocument + 'static> Document<T> {
    /// What the build ships.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub fn parse_shipped(&self) -> Result<T, ShippedError> {
        let content = self.read_shipped()?;
        content
            .decode()
            .ok_or_else(|| ShippedError::whole(<T as StandardDocument>::NAME, &"is not a message of its type"))
    }
}

impl<T: StandardDocument + 'static> DocumentType for Document<T> {
    fn name(&self) -> &'static str {
        <T as StandardDocument>::NAME
    }

    fn four_eyes(&self) -> bool {
        T::FOUR_EYES
    }

    fn schema(&self) -> Result<Schema, SchemaError> {
        let check = self.check;
        Schema::of::<T>(move |document| {
            check(document)
                .into_iter()
                .map(|(path, fault)| Fault::new(path, fault))
                .collect()
        })
    }

    fn read_shipped(&self) -> Result<Content, ShippedError> {
        let document = <T as StandardDocument>::NAME;
        let schema = self
            .schema()
            .map_err(|error| ShippedError::of_schema(document, &error))?;
        let content = content::from_yaml(&schema, self.shipped).map_err(|error| match error {
            ContentError::Invalid(faults) => ShippedError::new(document, faults),
            too_large @ ContentError::TooLarge { .. } => ShippedError::whole(document, &too_large),
        })?;
        match schema.faults(&content) {
            faults if faults.is_empty() => Ok(content),
            faults => Err(ShippedError::new(document, faults)),
        }
    }

    fn simulate(&self, change: Change) -> Option<BoxFuture<'static, Result<Findings, BoxError>>> {
        let simulate = self.simulator?;
        Some(async move { simulate(what_if(change)?).await }.boxed())
    }

    fn object(&self, change: Change) -> Option<BoxFuture<'static, Result<Vec<Fault>, BoxError>>> {
        let object = self.objector?;
        Some(
            async move {
                let found = object(what_if(change)?).await?;
                let faults = found.into_iter().map(|(path, fault)| Fault::new(path, fault));
                Ok(faults.collect())
            }
            .boxed(),
        )
    }
}

/// The change, as the generated type has it.
fn what_if<T: StandardDocument>(change: Change) -> Result<WhatIf<T>, BoxError> {
    let (held, proposed) = (effective(&change.held), effective(&change.proposed));
    let (Some(held), Some(proposed)) = (held, proposed) else {
        return Err("what holds is not a message of its type".into());
    };
    Ok(WhatIf {
        db: change.db,
        place: change.place,
        reach: change.reach,
        held: Arc::new(held),
        proposed: Arc::new(proposed),
        day: change.day,
        others: change.others,
        within: change.within,
    })
}

/// What holds, as the generated type; none where that is not its type.
pub(super) fn effective<T: StandardDocument>(held: &Held) -> Option<Effective<T>> {
    Some(Effective {
        document: held.content.decode()?,
        basis: held.basis.clone(),
    })
}

impl<T> fmt::Debug for Document<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Document")
            .field("type", &std::any::type_name::<T>())
            .field("simulator", &self.simulator.is_some())
            .field("objector", &self.objector.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_territories_are_a_document() {
        let territories = TERRITORIES.parse_shipped().unwrap();
        assert!(territories.countries.len() >= 45, "{}", territories.countries.len());
        assert_eq!(territories.countries["NO"].region, "eu");
        assert_eq!(territories.groups["eea"].countries.len(), 30);
    }

    #[test]
    fn what_is_wrong_with_the_shipped_is_named_all_at_once() {
        let wrong = |shipped| {
            Document::<Territories>::new(shipped)
                .checked_by(check_territories)
                .read_shipped()
                .unwrap_err()
                .to_string()
        };
        let words = wrong("countries: {DE: {region: 5}}\nland: {}");
        assert!(
            words.contains("territories") && words.contains("region") && words.contains("land"),
            "{words}"
        );
        assert!(wrong("countries: {DE: {region: europe}}").contains("region"));
        assert!(wrong("groups: {eea: {countries: [DE]}}").contains("is not one of the countries"));
    }
}
