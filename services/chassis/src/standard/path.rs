//! Where in a document a value stands: `purposes["payment"].level`, `steps[2].name`.
//!
//! Fields are written by their names in the proto, entries of maps by their key as a JSON string, elements of lists by their
//! index from 0. That is how field rules name what they refuse too, so that a reader sees one spelling of a place.

use std::fmt;
use std::str::FromStr;

/// A path within a document. The empty one is the document itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Segment>);

/// A step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// Into a field of a message, by its name in the proto.
    Field(String),
    /// Into an entry of a map, by its key.
    Key(String),
    /// Into an element of a list, counted from 0.
    Index(usize),
}

/// Not a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a path like purposes[\"payment\"].level")]
pub struct InvalidPath;

impl Path {
    /// The document itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The field of the message that stands here.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        self.with(Segment::Field(name.to_owned()))
    }

    /// The entry of the map that stands here.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    /// The element of the list that stands here.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// The steps from the document to here.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(segment);
        Self(segments)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if position == 0 => formatter.write_str(name)?,
                Segment::Field(name) => write!(formatter, ".{name}")?,
                Segment::Key(key) => write!(formatter, "[{}]", serde_json::Value::from(key.as_str()))?,
                Segment::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (segment, left) = if let Some(inner) = rest.strip_prefix('[') {
                bracketed(inner)?
            } else {
                let name = match rest.strip_prefix('.') {
                    Some(name) if !segments.is_empty() => name,
                    None if segments.is_empty() => rest,
                    _ => return Err(InvalidPath),
                };
                let end = name
                    .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                    .unwrap_or(name.len());
                let (name, left) = name.split_at(end);
                if name.is_empty() {
                    return Err(InvalidPath);
                }
                (Segment::Field(name.to_owned()), left)
            };
            segments.push(segment);
            rest = left;
        }
        Ok(Self(segments))
    }
}

/// What stands between brackets, and what follows them.
fn bracketed(inner: &str) -> Result<(Segment, &str), InvalidPath> {
    if inner.starts_with('"') {
        let mut parser = serde_json::Deserializer::from_str(inner).into_iter::<String>();
        let key = parser.next().and_then(Result::ok).ok_or(InvalidPath)?;
        let left = inner
            .get(parser.byte_offset()..)
            .and_then(|left| left.strip_prefix(']'))
            .ok_or(InvalidPath)?;
        return Ok((Segment::Key(key), left));
    }
    let (index, left) = inner.split_once(']').ok_or(InvalidPath)?;
    let canonical = index == "0" || !index.starts_with(['0', '+']);
    let index = index.parse().ok().filter(|_| canonical).ok_or(InvalidPath)?;
    Ok((Segment::Index(index), left))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segment() -> impl Strategy<Value = Segment> {
        prop_oneof![
            "[a-z][a-z0-9_]{0,8}".prop_map(Segment::Field),
            any::<String>().prop_map(Segment::Key),
            any::<usize>().prop_map(Segment::Index),
        ]
    }

    proptest! {
        #[test]
        fn a_path_comes_back(segments in proptest::collection::vec(segment(), 0..6)) {
            // A path begins at the document, whose fields it goes into.
            let path = Path(std::iter::once(Segment::Field("first".into())).chain(segments).collect());
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }

        #[test]
        fn no_text_breaks_it(text in ".{0,40}") {
            if let Ok(path) = text.parse::<Path>() {
                prop_assert_eq!(path.to_string().parse(), Ok(path));
            }
        }
    }

    #[test]
    fn keys_are_json_strings() {
        let path = Path::root().field("purposes").key("a\"]\\\n").field("levels").index(2);
        assert_eq!(path.to_string(), r#"purposes["a\"]\\\n"].levels[2]"#);
        assert_eq!(path.to_string().parse(), Ok(path));
        for wrong in [
            ".a", "a.", "a..b", "a[", "a[]", "a[01]", "a[-1]", "a[\"x\"", "a[\"x]", "a b", "a[+1]",
        ] {
            assert_eq!(wrong.parse::<Path>(), Err(InvalidPath), "{wrong}");
        }
    }
}
