//! Closed sets of words, as the database writes them.

/// A word that is not of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a known word")]
pub struct UnknownWord;

/// Makes an enum by [`named!`](support_chassis::named!) that is read and printed by its names.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($values:tt)+ }) => {
        ::support_chassis::named! {
            $(#[$meta])*
            $name { $($values)+ }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::domain::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::from_name(word).ok_or($crate::domain::UnknownWord)
            }
        }
    };
}
pub(super) use words;
