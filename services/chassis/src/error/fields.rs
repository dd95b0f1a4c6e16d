//! Field violations that a service finds itself, beyond the rules of the proto: all of them in one answer.

use support_proto::support::types::v1::CommonErrorReason;
use tonic::{Code, Status};

use super::{Answer, ServiceError, into_status};

/// A field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's path in the request, for example `items[2].device_id`.
    pub field: String,
    /// What is wrong, without the value: it may be a person's.
    pub description: String,
}

impl Violation {
    /// A violation of the field at `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            description: description.into(),
        }
    }
}

/// Collects the violations of a request while it is parsed.
///
/// ```
/// use support_chassis::error::{InvalidFields, Violation, Violations};
///
/// fn parse_age(text: &str) -> Result<u8, Violation> {
///     text.parse().map_err(|_| Violation::new("age", "must be a number from 0 to 255"))
/// }
///
/// fn parse(age: &str, size: &str) -> Result<(u8, u8), InvalidFields> {
///     let mut fields = Violations::new();
///     let age = fields.take(parse_age(age));
///     let size = fields.take(size.parse().map_err(|_| Violation::new("size", "must be a number from 0 to 255")));
///     fields.finish((age, size))
/// }
///
/// assert_eq!(parse("1", "2").ok(), Some((1, 2)));
/// assert_eq!(parse("x", "y").unwrap_err().violations().len(), 2);
/// ```
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Nothing found yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the value, or notes the violation and goes on.
    pub fn take<T>(&mut self, parsed: Result<T, Violation>) -> Option<T> {
        parsed.map_err(|violation| self.0.push(violation)).ok()
    }

    /// Notes a violation.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation::new(field, description));
    }

    /// Notes a violation unless `holds`.
    pub fn require(&mut self, holds: bool, field: impl Into<String>, description: impl Into<String>) {
        if !holds {
            self.add(field, description);
        }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All values, where nothing was found.
    ///
    /// # Errors
    ///
    /// All violations found.
    pub fn finish<P: Parsed>(mut self, parsed: P) -> Result<P::Values, InvalidFields> {
        match parsed.values() {
            Some(values) if self.0.is_empty() => Ok(values),
            Some(_) => Err(InvalidFields(self.0)),
            None => {
                // A value that is missing without a violation did not come from `take`; the request is not whole.
                if self.0.is_empty() {
                    self.add("", "the request is not complete");
                }
                Err(InvalidFields(self.0))
            }
        }
    }
}

/// What [`Violations::finish`] takes: `()`, one `Option` or a tuple of them.
pub trait Parsed {
    /// The same without `Option`.
    type Values;

    /// The values, if all are there.
    fn values(self) -> Option<Self::Values>;
}

impl Parsed for () {
    type Values = ();

    fn values(self) -> Option<()> {
        Some(())
    }
}

impl<A> Parsed for Option<A> {
    type Values = A;

    fn values(self) -> Option<A> {
        self
    }
}

macro_rules! parsed_tuple {
    ($($letter:ident),+) => {
        impl<$($letter),+> Parsed for ($(Option<$letter>,)+) {
            type Values = ($($letter,)+);

            #[expect(non_snake_case, reason = "the type's letter names its value")]
            fn values(self) -> Option<Self::Values> {
                let ($($letter,)+) = self;
                Some(($($letter?,)+))
            }
        }
    };
}
parsed_tuple!(A);
parsed_tuple!(A, B);
parsed_tuple!(A, B, C);
parsed_tuple!(A, B, C, D);
parsed_tuple!(A, B, C, D, E);
parsed_tuple!(A, B, C, D, E, F);
parsed_tuple!(A, B, C, D, E, F, G);
parsed_tuple!(A, B, C, D, E, F, G, H);
parsed_tuple!(A, B, C, D, E, F, G, H, I);
parsed_tuple!(A, B, C, D, E, F, G, H, I, J);

/// A request with fields that break their rules. `INVALID_ARGUMENT`, `INVALID_FIELDS`, as the codec answers it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fields break their rules")]
pub struct InvalidFields(Vec<Violation>);

impl InvalidFields {
    /// The violations, never empty.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.0
    }
}

impl From<Violation> for InvalidFields {
    fn from(violation: Violation) -> Self {
        Self(vec![violation])
    }
}

impl ServiceError for InvalidFields {
    fn answer(&self) -> Answer {
        let mut answer = Answer::common(
            Code::InvalidArgument,
            CommonErrorReason::InvalidFields,
            "fields break their rules",
        );
        answer.violations.clone_from(&self.0);
        answer
    }
}

impl From<InvalidFields> for Status {
    fn from(error: InvalidFields) -> Self {
        into_status(error)
    }
}

impl From<Violation> for Status {
    fn from(violation: Violation) -> Self {
        into_status(InvalidFields::from(violation))
    }
}
