//! What requests say of products, in the values of the domain: all that is wrong at once.

use std::collections::HashSet;

use support_chassis::day;
use support_chassis::error::{InvalidFields, Violation, Violations};
use support_proto::support::types::v1::Date as WireDate;
use support_proto::support::warranty::v1 as warranty;
use time::Date;

use crate::domain::catalogue::import::{FamilyRow, List, ProductRow, RowFault, Rows};
use crate::domain::catalogue::{
    Component, Configuration, Details, Fault, FaultKind, Part, is_component, is_key, is_model_code, is_name, is_number,
};
use crate::domain::product::ProductLine;
use crate::wire;

const NAME: &str = "must be 1 to 100 characters and not blank";
const KEY: &str = "must be a lower-case letter, then up to 39 lower-case letters, digits and hyphens";
const LINE: &str = "must be a product line";

/// Reads fields, and notes what is not of its form.
struct Reader<'f> {
    /// Stands before the names of the fields.
    at: String,
    faults: &'f mut Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, field: &str, words: &'static str) {
        self.faults.push(Fault {
            field: format!("{}{field}", self.at),
            kind: FaultKind::Form,
            words,
        });
    }

    fn text(&mut self, field: &str, text: &str, is_right: bool, words: &'static str) -> Option<String> {
        if !is_right {
            self.fault(field, words);
        }
        is_right.then(|| text.to_owned())
    }

    /// The day; none where none is said, or a fault is noted.
    fn day(&mut self, field: &str, given: Option<&WireDate>) -> Option<Date> {
        let day = day::from_proto(given?).filter(|day| day.year() >= 1970);
        if day.is_none() {
            self.fault(field, "must be a day of the calendar");
        }
        day
    }

    fn line(&mut self, field: &str, line: Option<ProductLine>) -> Option<ProductLine> {
        if line.is_none() {
            self.fault(field, LINE);
        }
        line
    }

    fn details(&mut self, given: &warranty::ProductDetails) -> Option<Details> {
        let found = self.faults.len();
        let name = self.text("name", &given.name, is_name(&given.name), NAME);
        let product_line = self.line("product_line", wire::read_product_line(given.product_line()));
        let months = u8::try_from(given.limited_warranty_months)
            .ok()
            .filter(|months| *months <= 120);
        if months.is_none() {
            self.fault("limited_warranty_months", "must be from 0 to 120");
        }
        let release_date = self.day("release_date", given.release_date.as_ref());
        if given.release_date.is_none() {
            self.fault("release_date", "must be said");
        }
        let is_family = given.family.is_empty() || is_key(&given.family);
        let family = self.text("family", &given.family, is_family, KEY);
        let is_group = given.price_group.is_empty() || is_key(&given.price_group);
        let price_group = self.text("price_group", &given.price_group, is_group, KEY);
        let last_sold = self.day("last_sold_date", given.last_sold_date.as_ref());
        let vintage_from = self.day("vintage_date", given.vintage_date.as_ref());
        let obsolete_from = self.day("obsolete_date", given.obsolete_date.as_ref());
        let configurations = self.configurations(&given.configurations);
        let components = self.components(&given.components);
        // A day that could not be read is not one that was not said.
        if self.faults.len() > found {
            return None;
        }
        Some(Details {
            name: name?,
            product_line: product_line?,
            limited_warranty_months: months?,
            release_date: release_date?,
            family: family.map(|family| (!family.is_empty()).then_some(family))?,
            price_group: price_group?,
            last_sold,
            vintage_from,
            obsolete_from,
            configurations: configurations?,
            components: components?,
        })
    }

    fn configurations(&mut self, given: &[warranty::ProductConfiguration]) -> Option<Vec<Configuration>> {
        let read = given.iter().enumerate().map(|(place, one)| {
            let field = |name: &str| format!("configurations[{place}].{name}");
            let number = &one.configuration;
            let words = "must be 1 to 40 upper-case letters, digits and hyphens, no hyphen first";
            let configuration = self.text(&field("configuration"), number, is_number(number, 1), words);
            let name = self.text(&field("name"), &one.name, is_name(&one.name), NAME);
            Some(Configuration {
                configuration: configuration?,
                name: name?,
            })
        });
        all(read)
    }

    fn components(&mut self, given: &[warranty::ProductComponent]) -> Option<Vec<Component>> {
        let read = given.iter().enumerate().map(|(place, one)| {
            let words = "must be a key as `battery`, and not `whole-unit`";
            let field = format!("components[{place}].component");
            let component = self.text(&field, &one.component, is_component(&one.component), words);
            let parts = self.parts(place, &one.parts);
            Some(Component {
                component: component?,
                parts: parts?,
            })
        });
        all(read)
    }

    fn parts(&mut self, component: usize, given: &[warranty::ProductPart]) -> Option<Vec<Part>> {
        let read = given.iter().enumerate().map(|(place, one)| {
            let field = |name: &str| format!("components[{component}].parts[{place}].{name}");
            let number = &one.part_number;
            let words = "must be 3 to 40 upper-case letters, digits and hyphens, no hyphen first";
            let part_number = self.text(&field("part_number"), number, is_number(number, 3), words);
            let name = self.text(&field("name"), &one.name, is_name(&one.name), NAME);
            Some(Part {
                part_number: part_number?,
                name: name?,
                wears: one.wears,
                cosmetic: one.cosmetic,
            })
        });
        all(read)
    }
}

/// All of them, or none; each is read, so that nothing that is wrong stays unsaid.
fn all<T>(read: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let read: Vec<_> = read.collect();
    read.into_iter().collect()
}

/// What is said of a product, under the names of its fields after `at`.
pub(super) fn details(at: &str, given: &warranty::ProductDetails) -> Result<Details, InvalidFields> {
    let mut faults = Vec::new();
    let read = Reader {
        at: at.to_owned(),
        faults: &mut faults,
    }
    .details(given);
    faults.extend(read.iter().flat_map(|details| details.faults(at)));
    let mut violations = Violations::new();
    for fault in faults {
        violations.add(fault.field, fault.words);
    }
    violations.finish(read)
}

/// What a request says of a product to add.
pub(super) fn new_product(request: &warranty::CreateProductRequest) -> Result<Details, InvalidFields> {
    details(
        "",
        &warranty::ProductDetails {
            name: request.name.clone(),
            product_line: request.product_line,
            limited_warranty_months: request.limited_warranty_months,
            release_date: request.release_date,
            family: request.family.clone(),
            price_group: request.price_group.clone(),
            last_sold_date: request.last_sold_date,
            vintage_date: None,
            obsolete_date: None,
            configurations: request.configurations.clone(),
            components: request.components.clone(),
        },
    )
}

/// What is said of a product where `paths` of it are said anew.
pub(super) fn masked(
    mut held: warranty::ProductDetails,
    wanted: &warranty::ProductDetails,
    paths: &[String],
) -> Result<Details, InvalidFields> {
    if paths.is_empty() {
        return Err(Violation::new("update_mask", "must name what is to be corrected").into());
    }
    for path in paths {
        match path.as_str() {
            "name" => held.name.clone_from(&wanted.name),
            "product_line" => held.product_line = wanted.product_line,
            "limited_warranty_months" => held.limited_warranty_months = wanted.limited_warranty_months,
            "release_date" => held.release_date = wanted.release_date,
            "family" => held.family.clone_from(&wanted.family),
            "price_group" => held.price_group.clone_from(&wanted.price_group),
            "last_sold_date" => held.last_sold_date = wanted.last_sold_date,
            "vintage_date" => held.vintage_date = wanted.vintage_date,
            "obsolete_date" => held.obsolete_date = wanted.obsolete_date,
            "configurations" => held.configurations.clone_from(&wanted.configurations),
            "components" => held.components.clone_from(&wanted.components),
            _ => return Err(Violation::new("update_mask", "must name fields of details").into()),
        }
    }
    details("details.", &held)
}

/// The rows of a catalogue that are of their form, and what is wrong with the others.
pub(super) fn rows(request: &warranty::ImportCatalogueRequest) -> (Rows, Vec<RowFault>) {
    let (mut rows, mut found) = (Rows::default(), Vec::new());
    for (row, given) in request.families.iter().enumerate() {
        let mut faults = Vec::new();
        let mut reader = Reader {
            at: format!("families[{row}]."),
            faults: &mut faults,
        };
        let family = reader.text("family", &given.family, is_key(&given.family), KEY);
        let name = reader.text("name", &given.name, is_name(&given.name), NAME);
        let product_line = reader.line("product_line", wire::read_product_line(given.product_line()));
        match (family, name, product_line) {
            (Some(family), Some(name), Some(product_line)) => rows.families.push(FamilyRow {
                row,
                family,
                name,
                product_line,
            }),
            (family, _, _) => rows.broken_families.extend(family),
        }
        found.extend(of_row(List::Families, row, faults));
    }
    let mut broken = HashSet::new();
    for (row, given) in request.products.iter().enumerate() {
        let mut faults = Vec::new();
        let mut reader = Reader {
            at: format!("products[{row}]."),
            faults: &mut faults,
        };
        let words = "must be 3 to 40 upper-case letters, digits and hyphens, no hyphen first or last";
        let code = &given.model_code;
        let model_code = reader.text("model_code", code, is_model_code(code), words);
        reader.at.push_str("details.");
        let details = reader.details(given.details.as_ref().unwrap_or(&warranty::ProductDetails::default()));
        if let (Some(model_code), Some(details)) = (model_code, details) {
            rows.products.push(ProductRow {
                row,
                model_code,
                details,
            });
        } else if is_model_code(code) {
            broken.insert(code.clone());
        }
        found.extend(of_row(List::Products, row, faults));
    }
    // A code that stands in a row that is not of its form and in another one stands there twice all the same.
    for row in &rows.products {
        if broken.contains(&row.model_code) {
            let fault = Fault {
                field: format!("products[{}].model_code", row.row),
                kind: FaultKind::Twice,
                words: "is there twice in the catalogue",
            };
            found.extend(of_row(List::Products, row.row, vec![fault]));
        }
    }
    (rows, found)
}

fn of_row(list: List, row: usize, faults: Vec<Fault>) -> impl Iterator<Item = RowFault> {
    faults.into_iter().map(move |fault| RowFault { list, row, fault })
}
