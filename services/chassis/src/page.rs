//! Pages of a list.
//!
//! A list is cut by *keyset*: the token of the next page holds the sort key of the last row given, and the query goes on
//! after it (`where (opened_at, id) < ($1, $2) order by opened_at desc, id desc`). Nothing is skipped or given twice
//! when rows come and go in between, and the hundredth page costs what the first does.
//!
//! A token is opaque to callers and bound to the arguments that it was made for: with another filter, or in another
//! caller's hands where the caller is part of the binding, it is refused. It is neither secret nor signed; whoever
//! forges one moves to another place in a list that is theirs to read. So a sort key must not be what they may not see.
//!
//! ```
//! use support_chassis::page;
//!
//! # fn list(rows: Vec<(i64, String)>) -> Result<(), page::PageError> {
//! let binding = ("ListCases", "eu-0198...", "OPEN");
//! let page = page::parse::<i64, _>(50, "", 20, 100, &binding)?;
//! // select ... where ($1::bigint is null or number > $1) order by number limit $2,
//! // with $1 = page.after and $2 = page.limit(): one more than the page holds, to see whether there is another
//! let (rows, next_page_token) = page.cut(rows, |(number, _)| *number);
//! # Ok(())
//! # }
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tonic::Code;

use crate::error::{Answer, CommonErrorReason, ServiceError};

/// The form of the token; a token of another form is refused, and its list begun anew.
const VERSION: u8 = 1;
/// How much of the hash of the arguments a token holds: enough that no two lists meet by chance.
const BINDING_LENGTH: usize = 12;
/// No token of ours is longer.
const TOKEN_LIMIT: usize = 512;

/// The page token is not one that this list gave for these arguments. `INVALID_ARGUMENT`,
/// `PAGE_TOKEN_INVALID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("page token is not one that this list gave for these arguments")]
pub struct PageError;

impl ServiceError for PageError {
    fn answer(&self) -> Answer {
        Answer::common(
            Code::InvalidArgument,
            CommonErrorReason::PageTokenInvalid,
            "the page token is not one that this list gave for these arguments",
        )
    }
}

/// What part of a list is asked for; `T` is its sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The most rows to give, at least one.
    pub size: u32,
    /// The sort key of the last row of the page before; none on the first page.
    pub after: Option<T>,
    binding: [u8; BINDING_LENGTH],
}

/// Reads `page_size` and `page_token` of a request. A size of zero (or less) is `default`, one above `max` is `max`.
/// `binding` is everything else that decides what is in the list: the method, the filters, and the caller where the
/// list depends on it.
///
/// # Errors
///
/// [`PageError`], where the token was made for other arguments or is none.
pub fn parse<T: DeserializeOwned, B: Serialize + ?Sized>(
    size: i32,
    token: &str,
    default: u32,
    max: u32,
    binding: &B,
) -> Result<Page<T>, PageError> {
    let size = u32::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .unwrap_or(default)
        .clamp(1, max.max(1));
    let binding = hash(binding);
    let after = if token.is_empty() {
        None
    } else {
        Some(read(token, binding)?)
    };
    Ok(Page { size, after, binding })
}

fn read<T: DeserializeOwned>(token: &str, binding: [u8; BINDING_LENGTH]) -> Result<T, PageError> {
    if token.len() > TOKEN_LIMIT {
        return Err(PageError);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| PageError)?;
    let rest = bytes
        .strip_prefix(&[VERSION])
        .and_then(|rest| rest.strip_prefix(&binding))
        .ok_or(PageError)?;
    serde_json::from_slice(rest).map_err(|_| PageError)
}

fn hash<B: Serialize + ?Sized>(binding: &B) -> [u8; BINDING_LENGTH] {
    // What has no JSON (a map with keys that are no strings) would bind to nothing: all such lists would share their
    // tokens, which then are refused by their sort keys at best. Tuples, strings, numbers and enums all have it.
    let arguments = serde_json::to_vec(binding).unwrap_or_default();
    let mut start = [0; BINDING_LENGTH];
    start.copy_from_slice(&Sha256::digest(arguments)[..BINDING_LENGTH]);
    start
}

impl<T: Serialize> Page<T> {
    /// How many rows to fetch: one more than the page holds, to see whether there is another page.
    #[must_use]
    pub fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// The rows of the page out of those fetched, and the token of the next page; empty on the last.
    #[must_use]
    pub fn cut<R>(&self, mut rows: Vec<R>, key: impl FnOnce(&R) -> T) -> (Vec<R>, String) {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let has_more = rows.len() > size;
        rows.truncate(size);
        let token = rows
            .last()
            .filter(|_| has_more)
            .map(|last| self.next_token(&key(last)))
            .unwrap_or_default();
        (rows, token)
    }

    /// The token of the page after the row with the sort key `last`.
    #[must_use]
    pub fn next_token(&self, last: &T) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.binding);
        bytes.extend(serde_json::to_vec(last).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: (&str, &str) = ("ListCases", "eu-1");

    fn first(size: i32) -> Page<(i64, String)> {
        parse(size, "", 20, 100, &LIST).unwrap()
    }

    proptest! {
        #[test]
        fn pages_give_every_row_once(total in 0_i64..60, size in 1_i32..20) {
            let mut given = Vec::new();
            let mut token = String::new();
            loop {
                let page: Page<i64> = parse(size, &token, 20, 100, &LIST).unwrap();
                let fetched = (page.after.unwrap_or(-1) + 1..total).take(usize::try_from(page.limit()).unwrap()).collect();
                let (rows, next) = page.cut(fetched, |row| *row);
                prop_assert!(rows.len() <= usize::try_from(size).unwrap());
                given.extend(rows);
                if next.is_empty() {
                    break;
                }
                token = next;
            }
            prop_assert_eq!(given, (0..total).collect::<Vec<_>>());
        }

        #[test]
        fn no_text_breaks_it(token in ".{0,80}") {
            prop_assume!(!token.is_empty());
            prop_assert_eq!(parse::<i64, _>(1, &token, 20, 100, &LIST), Err(PageError));
        }
    }

    #[test]
    fn a_token_comes_back_as_the_sort_key() {
        let key = (7, "ü/+".to_owned());
        let token = first(5).next_token(&key);
        let page: Page<(i64, String)> = parse(9, &token, 20, 100, &LIST).unwrap();
        assert_eq!((page.after, page.size), (Some(key), 9));
    }

    #[test]
    fn a_token_of_other_arguments_is_refused() {
        let token = first(5).next_token(&(7, String::new()));
        for other in [("ListCases", "eu-2"), ("ListTasks", "eu-1"), ("ListCasese", "u-1")] {
            assert_eq!(parse::<(i64, String), _>(5, &token, 20, 100, &other), Err(PageError));
        }
    }

    #[test]
    fn a_token_of_another_sort_key_or_form_is_refused() {
        let token = first(5).next_token(&(7, String::new()));
        assert_eq!(parse::<i64, _>(5, &token, 20, 100, &LIST), Err(PageError));
        let mut bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        bytes[0] = VERSION + 1;
        assert_eq!(
            parse::<(i64, String), _>(5, &URL_SAFE_NO_PAD.encode(bytes), 20, 100, &LIST),
            Err(PageError)
        );
        assert_eq!(
            parse::<(i64, String), _>(5, &"A".repeat(TOKEN_LIMIT + 1), 20, 100, &LIST),
            Err(PageError)
        );
    }

    #[test]
    fn sizes_are_brought_into_bounds() {
        assert_eq!([-1, 0, 1, 100, 101].map(|size| first(size).size), [20, 20, 1, 100, 100]);
    }
}
