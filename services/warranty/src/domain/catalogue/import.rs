//! A whole catalogue at once: what it would change, and everything that is wrong with it.

use std::collections::{HashMap, HashSet};

use super::{Details, Family, Fault, FaultKind, Model, Use, correct};
use crate::domain::product::{ProductId, ProductLine};

/// A family that a catalogue names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyRow {
    /// Its place among the families of the catalogue.
    pub row: usize,
    /// Its key.
    pub family: String,
    /// Its name.
    pub name: String,
    /// The product line of all its models.
    pub product_line: ProductLine,
}

/// A model that a catalogue names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductRow {
    /// Its place among the products of the catalogue.
    pub row: usize,
    /// The maker's code.
    pub model_code: String,
    /// All the rest.
    pub details: Details,
}

/// A catalogue as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The families that are of their form.
    pub families: Vec<FamilyRow>,
    /// The products that are of their form.
    pub products: Vec<ProductRow>,
    /// The keys of families with something else wrong with them: they are not unknown for that.
    pub broken_families: HashSet<String>,
}

impl Rows {
    /// The keys of the families that it names or that its products belong to, each once.
    #[must_use]
    pub fn family_keys(&self) -> Vec<String> {
        let named = self.families.iter().map(|row| &row.family);
        let of_products = self.products.iter().filter_map(|row| row.details.family.as_ref());
        let keys: HashSet<&String> = named.chain(of_products).collect();
        keys.into_iter().cloned().collect()
    }
}

/// What is there already of what a catalogue names.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Families by key, each with whether models belong to it.
    pub families: HashMap<String, (Family, bool)>,
    /// Models by code.
    pub models: HashMap<String, Model>,
    /// What there is of those models in people's hands.
    pub used: HashMap<ProductId, Use>,
}

/// What a catalogue comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Families to add.
    pub new_families: Vec<FamilyRow>,
    /// Families with another name or line, as they are from then on.
    pub families: Vec<Family>,
    /// Models to add.
    pub new_products: Vec<ProductRow>,
    /// Models that are corrected, as they are from then on.
    pub products: Vec<Model>,
    /// How many models are as they should be.
    pub unchanged: usize,
}

/// Something wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Which list the row is in.
    pub list: List,
    /// The row's place in it.
    pub row: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// The lists of a catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// Its families.
    Families,
    /// Its products.
    Products,
}

impl List {
    /// The list's field in a request.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Families => "families",
            Self::Products => "products",
        }
    }
}

/// What `rows` would change of what is `held`, and what is wrong with them beyond their form.
#[must_use]
pub fn plan(rows: Rows, held: &Held) -> (Plan, Vec<RowFault>) {
    let mut planning = Planning::default();
    let lines = planning.families(&rows.families, held);
    let mut seen = HashSet::new();
    for row in rows.products {
        if !seen.insert(row.model_code.clone()) {
            planning.product_fault(
                row.row,
                "model_code",
                FaultKind::Twice,
                "is there twice in the catalogue",
            );
            continue;
        }
        planning.check_product(&row, &lines, &rows.broken_families);
        planning.product(row, held);
    }
    (planning.plan, planning.faults)
}

#[derive(Default)]
struct Planning {
    plan: Plan,
    faults: Vec<RowFault>,
}

impl Planning {
    fn fault(&mut self, list: List, row: usize, field: &str, kind: FaultKind, words: &'static str) {
        let field = format!("{}[{row}].{field}", list.field());
        let fault = Fault { field, kind, words };
        self.faults.push(RowFault { list, row, fault });
    }

    fn product_fault(&mut self, row: usize, field: &str, kind: FaultKind, words: &'static str) {
        self.fault(List::Products, row, field, kind, words);
    }

    /// The line of every family that there would be.
    fn families(&mut self, rows: &[FamilyRow], held: &Held) -> HashMap<String, ProductLine> {
        let mut lines: HashMap<String, ProductLine> = held
            .families
            .iter()
            .map(|(key, (family, _))| (key.clone(), family.product_line))
            .collect();
        let mut seen = HashSet::new();
        for row in rows {
            if !seen.insert(&row.family) {
                let words = "is there twice in the catalogue";
                self.fault(List::Families, row.row, "family", FaultKind::Twice, words);
                continue;
            }
            lines.insert(row.family.clone(), row.product_line);
            match held.families.get(&row.family) {
                None => self.plan.new_families.push(row.clone()),
                Some((family, has_models)) => {
                    if *has_models && family.product_line != row.product_line {
                        let words = "must stay: the family has models";
                        self.fault(List::Families, row.row, "product_line", FaultKind::InUse, words);
                    }
                    if (&family.name, family.product_line) != (&row.name, row.product_line) {
                        self.plan.families.push(Family {
                            name: row.name.clone(),
                            product_line: row.product_line,
                            ..family.clone()
                        });
                    }
                }
            }
        }
        lines
    }

    fn check_product(&mut self, row: &ProductRow, lines: &HashMap<String, ProductLine>, broken: &HashSet<String>) {
        for fault in row.details.faults(&format!("products[{}].details.", row.row)) {
            self.faults.push(RowFault {
                list: List::Products,
                row: row.row,
                fault,
            });
        }
        let Some(family) = &row.details.family else { return };
        match lines.get(family) {
            Some(line) if *line != row.details.product_line => {
                let words = "must be a family of the product line";
                self.product_fault(row.row, "details.family", FaultKind::LineDiffers, words);
            }
            None if !broken.contains(family) => {
                let words = "must be a family that is there or in the catalogue";
                self.product_fault(row.row, "details.family", FaultKind::UnknownFamily, words);
            }
            Some(_) | None => {}
        }
    }

    fn product(&mut self, row: ProductRow, held: &Held) {
        let Some(model) = held.models.get(&row.model_code) else {
            self.plan.new_products.push(row);
            return;
        };
        let used = held.used.get(&model.id).copied().unwrap_or_default();
        match correct(model, row.details, used) {
            Ok(None) => self.plan.unchanged += 1,
            Ok(Some(model)) => self.plan.products.push(model),
            Err(in_use) => {
                for field in in_use.fields {
                    let words = "must stay: devices of the model were sold by it";
                    self.product_fault(row.row, &format!("details.{field}"), FaultKind::InUse, words);
                }
            }
        }
    }
}
