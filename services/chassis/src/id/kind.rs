//! Ids of a kind, and ids in the database.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};
use uuid::Uuid;

use super::Id;

/// What the code of [`id_type!`](crate::id_type) names, so that a crate that uses it need not depend on these crates.
#[doc(hidden)]
pub mod reexport {
    pub use {serde, sqlx, uuid};
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Type<Postgres> for Id {
    fn type_info() -> PgTypeInfo {
        <Uuid as Type<Postgres>>::type_info()
    }
}

impl PgHasArrayType for Id {
    fn array_type_info() -> PgTypeInfo {
        <Uuid as PgHasArrayType>::array_type_info()
    }
}

impl Encode<'_, Postgres> for Id {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <Uuid as Encode<'_, Postgres>>::encode_by_ref(&self.uuid(), buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Id {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self::from_uuid(<Uuid as Decode<'r, Postgres>>::decode(value)?)?)
    }
}

/// Makes a type for the ids of one kind of thing.
///
/// ```
/// support_chassis::id_type! {
///     /// Names a case.
///     CaseId
/// }
/// # use support_chassis::{clock::Clock, id::Ids};
/// let ids = Ids::new("eu".parse().unwrap(), Clock::system());
/// let id: CaseId = ids.next();
/// assert_eq!(id.to_string().parse(), Ok(id));
/// ```
///
/// It is `Copy`, ordered by time, prints and parses as `<region>-<uuid>`, is a string to serde and a `uuid` to sqlx:
/// read it with `id as "id: CaseId"`, bind it with `id.uuid()`.
#[macro_export]
macro_rules! id_type {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($crate::id::Id);

        impl $name {
            /// Where what it names lives.
            #[must_use]
            pub fn region(self) -> $crate::id::Region {
                self.0.region()
            }

            /// The bare UUID, as a column of the database holds it.
            #[must_use]
            pub fn uuid(self) -> $crate::id::__reexport::uuid::Uuid {
                self.0.uuid()
            }
        }

        impl ::std::convert::From<$crate::id::Id> for $name {
            fn from(id: $crate::id::Id) -> Self {
                Self(id)
            }
        }

        impl ::std::convert::From<$name> for $crate::id::Id {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::id::IdError;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl $crate::id::__reexport::serde::Serialize for $name {
            fn serialize<S: $crate::id::__reexport::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::id::__reexport::serde::Serialize::serialize(&self.0, serializer)
            }
        }

        impl<'de> $crate::id::__reexport::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::id::__reexport::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::id::__reexport::serde::Deserialize::deserialize(deserializer).map(Self)
            }
        }

        impl $crate::id::__reexport::sqlx::Type<$crate::id::__reexport::sqlx::Postgres> for $name {
            fn type_info() -> $crate::id::__reexport::sqlx::postgres::PgTypeInfo {
                <$crate::id::Id as $crate::id::__reexport::sqlx::Type<$crate::id::__reexport::sqlx::Postgres>>::type_info()
            }
        }

        impl $crate::id::__reexport::sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> $crate::id::__reexport::sqlx::postgres::PgTypeInfo {
                <$crate::id::Id as $crate::id::__reexport::sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }

        impl $crate::id::__reexport::sqlx::Encode<'_, $crate::id::__reexport::sqlx::Postgres> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut $crate::id::__reexport::sqlx::postgres::PgArgumentBuffer,
            ) -> ::std::result::Result<
                $crate::id::__reexport::sqlx::encode::IsNull,
                $crate::id::__reexport::sqlx::error::BoxDynError,
            > {
                $crate::id::__reexport::sqlx::Encode::<$crate::id::__reexport::sqlx::Postgres>::encode_by_ref(
                    &self.0, buffer,
                )
            }
        }

        impl<'r> $crate::id::__reexport::sqlx::Decode<'r, $crate::id::__reexport::sqlx::Postgres> for $name {
            fn decode(
                value: $crate::id::__reexport::sqlx::postgres::PgValueRef<'r>,
            ) -> ::std::result::Result<Self, $crate::id::__reexport::sqlx::error::BoxDynError> {
                $crate::id::__reexport::sqlx::Decode::<$crate::id::__reexport::sqlx::Postgres>::decode(value).map(Self)
            }
        }
    };
}
