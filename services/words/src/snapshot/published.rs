//! One locale's messages, compiled.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use crate::catalogue::{Catalogue, CompileError};
use crate::tag::Tag;

/// One locale's messages at one version.
#[derive(Debug)]
pub struct Published {
    /// The version of the catalogue; 0 where nothing was ever published.
    pub version: i64,
    /// The patterns by key.
    pub patterns: BTreeMap<String, String>,
    /// The same, compiled.
    pub catalogue: Catalogue,
    /// The same for readers whose formats are others, as they come: there are no more than CLDR has locales of the language.
    formatted: RwLock<HashMap<Tag, Arc<Catalogue>>>,
}

impl Published {
    /// Compiles the messages of `tag` at `version`. Gives the keys of those that cannot be compiled beside it: they stay
    /// among the patterns, and are looked for in the next locale of a chain.
    ///
    /// # Errors
    ///
    /// Only by our own fault.
    pub fn compile(
        tag: &Tag,
        version: i64,
        patterns: BTreeMap<String, String>,
    ) -> Result<(Self, Vec<String>), CompileError> {
        let (catalogue, refused) = Catalogue::compile(tag, &patterns)?;
        let published = Self {
            version,
            patterns,
            catalogue,
            formatted: RwLock::default(),
        };
        Ok((published, refused))
    }

    /// The messages of `tag` with values as `formats` writes them; none where they cannot be compiled so.
    pub(super) fn in_formats(&self, tag: &Tag, formats: &Tag) -> Option<Arc<Catalogue>> {
        let held = self.formatted.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = held.get(formats) {
            return Some(Arc::clone(held));
        }
        drop(held);
        let (catalogue, _) = Catalogue::compile_for(tag, formats, &self.patterns)
            .inspect_err(|error| tracing::error!(%tag, %formats, error = error as &dyn std::error::Error, "no catalogue in these formats"))
            .ok()?;
        let mut held = self.formatted.write().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(
            held.entry(formats.clone()).or_insert_with(|| Arc::new(catalogue)),
        ))
    }
}
