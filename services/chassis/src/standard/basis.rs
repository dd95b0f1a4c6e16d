//! What a decision was made by, in a line that it can be stored with.
//!
//! A basis must mean the same content for ever, in every region, and numbers alone do not: a country that moves to another
//! region may get a second version 2 there, if that region had not heard of the first; and two regions that both believe they
//! hold the authority may both publish a version 8, one of which turns out to be void after decisions were made by it.
//! Whether there is a second one is not known when the first is used. So every version whose number some other region could
//! have given too is named with its digest: every overlay, and every global version but those of the first tenure of the
//! authority, which only one region can have published. So is version 0, of which every build may have its own.

use std::fmt;
use std::str::FromStr;

use super::Place;

/// The versions that a decision was made by, to be stored with it:
/// `warranty/coverage-terms@7+group/eea@3!0b1c2d3e+country/DE@2!9f8e7d6c`. It means the same content for ever
/// ([`Standard::by_basis`](super::Standard::by_basis)).
///
/// A version that is not told apart by its number alone has the first eight digits of its content's digest after it:
/// `warranty/coverage-terms@0!1f2e3d4c` is what a build ships, which holds until version 1 is published or known here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Basis {
    document: String,
    layers: Vec<BasisLayer>,
}

/// One version of a [`Basis`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BasisLayer {
    /// The place it was published for.
    pub place: Place,
    /// Its number; 0 is what the build ships.
    pub version: i64,
    /// The first eight hexadecimal digits of its content's digest, where the number does not tell it apart.
    pub digest: Option<String>,
}

/// Not a basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a basis is <service>/<document>@<version>, then +<place>@<version> for each overlay")]
pub struct InvalidBasis;

impl Basis {
    /// The basis of `document` (`<service>/<name>`) made of these versions, the global one first.
    #[must_use]
    pub fn new(document: impl Into<String>, layers: Vec<BasisLayer>) -> Self {
        Self {
            document: document.into(),
            layers,
        }
    }

    /// This basis with one more overlay laid over it.
    #[must_use]
    pub fn with(&self, overlay: BasisLayer) -> Self {
        let mut more = self.clone();
        more.layers.push(overlay);
        more
    }

    /// The document, `<service>/<name>`.
    #[must_use]
    pub fn document(&self) -> &str {
        &self.document
    }

    /// The versions, the global one first, each overlay after what it lies over.
    #[must_use]
    pub fn layers(&self) -> &[BasisLayer] {
        &self.layers
    }
}

impl BasisLayer {
    /// What a build ships, by the digest of its canonical content.
    #[must_use]
    pub fn shipped(digest: &str) -> Self {
        Self {
            place: Place::Global,
            version: 0,
            digest: Some(shortened(digest)),
        }
    }
}

/// As much of a digest as a basis has of it.
pub(super) fn shortened(digest: &str) -> String {
    digest.chars().take(8).collect()
}

impl fmt::Display for Basis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.document)?;
        for layer in &self.layers {
            if layer.place != Place::Global {
                write!(formatter, "+{}", layer.place)?;
            }
            write!(formatter, "@{}", layer.version)?;
            if let Some(digest) = &layer.digest {
                write!(formatter, "!{digest}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Basis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Basis {
    type Err = InvalidBasis;

    fn from_str(text: &str) -> Result<Self, InvalidBasis> {
        let mut parts = text.split('+');
        let (document, global) = parts
            .next()
            .and_then(|first| first.split_once('@'))
            .ok_or(InvalidBasis)?;
        if !is_document(document) {
            return Err(InvalidBasis);
        }
        let mut layers = vec![layer(Place::Global, global)?];
        for part in parts {
            let (place, version) = part.split_once('@').ok_or(InvalidBasis)?;
            let place: Place = place.parse().map_err(|_| InvalidBasis)?;
            if layers.last().is_none_or(|above| place <= above.place) {
                return Err(InvalidBasis);
            }
            layers.push(layer(place, version)?);
        }
        let basis = Self::new(document, layers);
        // One spelling: what is stored is compared as text.
        if basis.to_string() == text {
            Ok(basis)
        } else {
            Err(InvalidBasis)
        }
    }
}

fn is_document(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.split_once('/')
        .is_some_and(|(service, name)| is_part(service) && is_part(name))
}

fn layer(place: Place, version: &str) -> Result<BasisLayer, InvalidBasis> {
    let (version, digest) = match version.split_once('!') {
        None => (version, None),
        Some((version, digest)) => (version, Some(digest)),
    };
    let is_digest =
        |digest: &str| digest.len() == 8 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Err(InvalidBasis);
    }
    Ok(BasisLayer {
        place,
        version: version
            .parse()
            .ok()
            .filter(|version| *version >= 0)
            .ok_or(InvalidBasis)?,
        digest: digest.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        for text in [
            "warranty/coverage-terms@7",
            "warranty/coverage-terms@0!1f2e3d4c",
            "warranty/coverage-terms@7+group/eea@3+country/DE@2!0123abcd+site/cork-1@1",
        ] {
            assert_eq!(
                text.parse::<Basis>().map(|basis| basis.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "warranty/coverage-terms",
            "coverage-terms@7",
            "warranty/coverage-terms@",
            "warranty/coverage-terms@07",
            "warranty/coverage-terms@-1",
            "warranty/coverage-terms@7!abc",
            "warranty/coverage-terms@7!1F2E3D4C",
            "warranty/coverage-terms@7+country/de@1",
            "warranty/coverage-terms@7+global@1",
            "warranty/coverage-terms@7+country/DE@1+group/eea@1",
            "warranty/coverage-terms@7+country/DE@1+country/DE@1",
        ] {
            assert_eq!(text.parse::<Basis>(), Err(InvalidBasis), "{text}");
        }
    }
}
