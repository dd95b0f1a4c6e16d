//! Enums whose values have a name that is stored: [`named!`](crate::named!).

/// Makes an enum whose values are stored and logged under the name given to each, and ordered as they are declared.
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
    };
}
