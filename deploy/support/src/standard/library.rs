//! The documents that this program knows: those of its services, each with its schema and what the program came with.

use std::sync::LazyLock;

use support_chassis::standard::{Content, DocumentType, Schema, TERRITORIES};

use crate::services::SERVICES;

/// A document.
#[derive(Debug)]
pub(crate) struct Known {
    /// `<service>/<name>`.
    pub(crate) name: String,
    pub(crate) schema: Schema,
    /// What holds where nothing was published.
    pub(crate) shipped: Content,
}

/// The documents of all services, by name.
#[derive(Debug)]
pub(crate) struct Library(Vec<Known>);

impl Library {
    /// The documents of this program.
    pub(crate) fn own() -> &'static Self {
        static OWN: LazyLock<Library> = LazyLock::new(|| Library::of(own_documents()));
        &OWN
    }

    fn of(documents: impl IntoIterator<Item = (String, &'static dyn DocumentType)>) -> Self {
        let mut known: Vec<Known> = documents
            .into_iter()
            .filter_map(|(name, document)| {
                let (schema, shipped) = (document.schema().ok()?, document.read_shipped().ok()?);
                Some(Known { name, schema, shipped })
            })
            .collect();
        known.sort_by(|one, other| one.name.cmp(&other.name));
        Self(known)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Known> {
        self.0.iter().find(|known| known.name == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|known| known.name.as_str())
    }
}

/// The documents of all services, and the territories of each that has any.
fn own_documents() -> Vec<(String, &'static dyn DocumentType)> {
    let ruled = SERVICES.iter().filter(|service| !service.standards.is_empty());
    ruled
        .flat_map(|service| {
            let documents = service
                .standards
                .iter()
                .copied()
                .chain([&TERRITORIES as &dyn DocumentType]);
            documents.map(|document| (format!("{}/{}", service.name, document.name()), document))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_document_of_a_service_is_missing() {
        let names: Vec<String> = own_documents().into_iter().map(|(name, _)| name).collect();
        assert!(!names.is_empty());
        for name in names {
            let known = Library::own()
                .get(&name)
                .unwrap_or_else(|| panic!("{name} is not known"));
            assert_eq!(known.schema.faults(&known.shipped), [], "{name}");
        }
    }
}
