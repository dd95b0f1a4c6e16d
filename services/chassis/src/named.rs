//! Enums whose values have a name that is stored: [`named!`](crate::named!).

/// What the code of [`named!`](crate::named!) names, so that a crate that uses it need not depend on this crate.
#[doc(hidden)]
pub mod __reexport {
    pub use serde;
}

/// Makes an enum whose values are stored and logged under the name given to each, and ordered as they are declared. To serde
/// it is that name.
///
/// ```
/// support_chassis::named! {
///     /// How much is at stake.
///     Stake {
///         /// A question.
///         Low = "low",
///         /// A loss.
///         High = "high",
///     }
/// }
///
/// assert_eq!(Stake::High.as_str(), "high");
/// assert_eq!(Stake::from_name("low"), Some(Stake::Low));
/// assert_eq!(Stake::from_name("Low"), None);
/// assert_eq!(Stake::ALL, [Stake::Low, Stake::High]);
/// assert!(Stake::Low < Stake::High);
/// ```
#[macro_export]
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$value_meta])* $value,)+
        }

        impl $name {
            /// All values, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The name it is stored under.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }

            /// The value of a stored name; none where no value has it.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$value),)+
                    _ => None,
                }
            }
        }

        impl $crate::named::__reexport::serde::Serialize for $name {
            fn serialize<S: $crate::named::__reexport::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::named::__reexport::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::named::__reexport::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                struct Name;

                impl $crate::named::__reexport::serde::de::Visitor<'_> for Name {
                    type Value = $name;

                    fn expecting(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        formatter.write_str(concat!("the name of a ", stringify!($name)))
                    }

                    fn visit_str<E: $crate::named::__reexport::serde::de::Error>(
                        self,
                        name: &str,
                    ) -> ::std::result::Result<$name, E> {
                        $name::from_name(name).ok_or_else(|| E::custom(concat!("not the name of a ", stringify!($name))))
                    }
                }

                deserializer.deserialize_str(Name)
            }
        }
    };
}
