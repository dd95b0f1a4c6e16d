//! The declaration of a document.

use std::fmt;

use prost_reflect::{DynamicMessage, MessageDescriptor};
use support_proto::codec::StandardDocument;

use super::Simulator;

/// What the declaration of a document is to the chassis, whatever its message.
pub trait DocumentType: fmt::Debug + Send + Sync + 'static {
    /// Its name within its service: `coverage-terms`.
    fn name(&self) -> &'static str;

    /// Whether somebody other than the author must approve a version.
    fn four_eyes(&self) -> bool;

    /// Its message.
    fn descriptor(&self) -> MessageDescriptor;

    /// What holds where nothing was published, as YAML.
    fn shipped(&self) -> &'static str;

    /// Sees that what the build ships is a document.
    ///
    /// # Errors
    ///
    /// All faults at once.
    fn check_shipped(&self) -> Result<(), ShippedError>;

    /// What is wrong with a content beyond its types: the field rules of the proto, and the service's own check. Each
    /// fault with the path of its field.
    fn faults(&self, content: &DynamicMessage) -> Vec<(String, String)>;
}

/// Declares a document: what the build ships of it, what the field rules of the proto cannot say, and how to tell what a
/// change would mean.
pub struct Document<T> {
    shipped: &'static str,
    check: fn(&T) -> Vec<(String, String)>,
    simulator: Option<Simulator<T>>,
}

/// What a build ships is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the shipped {document} is no document: {}", in_words(faults))]
pub struct ShippedError {
    /// The document's name.
    pub document: &'static str,
    /// What is wrong, with the path of the field; the path is empty where the content as a whole is at fault.
    pub faults: Vec<(String, String)>,
}

fn in_words(faults: &[(String, String)]) -> String {
    let words: Vec<String> = faults
        .iter()
        .map(|(path, fault)| {
            if path.is_empty() {
                fault.clone()
            } else {
                format!("{path}: {fault}")
            }
        })
        .collect();
    words.join("; ")
}

impl<T> Document<T> {
    /// A document of which the build ships this content, as YAML. It becomes version 1 where nothing was ever published.
    #[must_use]
    pub const fn new(shipped: &'static str) -> Self {
        Self {
            shipped,
            check: no_faults,
            simulator: None,
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
}

fn no_faults<T>(_: &T) -> Vec<(String, String)> {
    Vec::new()
}

impl<T: StandardDocument> Document<T> {
    /// What the build ships.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub fn parse_shipped(&self) -> Result<T, ShippedError> {
        let wrong = |faults| ShippedError {
            document: <T as StandardDocument>::NAME,
            faults,
        };
        let whole = |fault: String| wrong(vec![(String::new(), fault)]);
        // YAML 1.2: `NO` is Norway, not false.
        let options = serde_saphyr::options! { strict_booleans: true };
        let json: serde_json::Value =
            serde_saphyr::from_str_with_options(self.shipped, options).map_err(|error| whole(error.to_string()))?;
        let content = DynamicMessage::deserialize(descriptor::<T>(), json).map_err(|error| whole(error.to_string()))?;
        let document: T = content.transcode_to().map_err(|error| whole(error.to_string()))?;
        match self.all_faults(&document) {
            faults if faults.is_empty() => Ok(document),
            faults => Err(wrong(faults)),
        }
    }

    fn all_faults(&self, document: &T) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        if let Err(error) = document.check() {
            faults.extend(
                error
                    .violations()
                    .iter()
                    .map(|violation| (violation.field_path(), violation.message().to_owned())),
            );
        }
        faults.extend((self.check)(document));
        faults
    }
}

/// The descriptor of a document's message.
#[expect(clippy::expect_used, reason = "the type was generated from these descriptors")]
pub(super) fn descriptor<T: StandardDocument>() -> MessageDescriptor {
    support_proto::descriptors()
        .get_message_by_name(&T::full_name())
        .expect("the contract has the message of its own type")
}

impl<T: StandardDocument + Send + Sync + 'static> DocumentType for Document<T> {
    fn name(&self) -> &'static str {
        <T as StandardDocument>::NAME
    }

    fn four_eyes(&self) -> bool {
        T::FOUR_EYES
    }

    fn descriptor(&self) -> MessageDescriptor {
        descriptor::<T>()
    }

    fn shipped(&self) -> &'static str {
        self.shipped
    }

    fn check_shipped(&self) -> Result<(), ShippedError> {
        self.parse_shipped().map(drop)
    }

    fn faults(&self, content: &DynamicMessage) -> Vec<(String, String)> {
        match content.transcode_to::<T>() {
            Ok(document) => self.all_faults(&document),
            Err(error) => vec![(String::new(), error.to_string())],
        }
    }
}

impl<T> fmt::Debug for Document<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Document")
            .field("type", &std::any::type_name::<T>())
            .field("simulator", &self.simulator.is_some())
            .finish_non_exhaustive()
    }
}
