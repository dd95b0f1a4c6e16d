//! Pages of what people wrote, which may be long.

use prost::Message;
use serde::Serialize;
use support_chassis::page::Page;

/// The most that a page may take in bytes. A thousand cases of ten thousand letters each would take forty megabytes, and
/// clients take four by default; a page with fewer rows than were asked for is in order (AIP-158).
const MOST_BYTES: usize = 3 << 20;

/// What of the rows fetched goes into the page, presented, and the token of the next page; empty on the last.
pub(super) fn cut<K: Serialize, R, W: Message>(
    page: &Page<K>,
    rows: Vec<R>,
    key: fn(&R) -> K,
    present: impl Fn(&R) -> W,
) -> (Vec<W>, String) {
    let (rows, next_page_token) = page.cut(rows, key);
    let mut bytes = 0;
    let mut presented = Vec::with_capacity(rows.len());
    for (place, row) in rows.iter().enumerate() {
        let message = present(row);
        bytes += message.encoded_len();
        // The first always goes: a page without rows would end the list.
        if let Some(last) = place.checked_sub(1).and_then(|before| rows.get(before))
            && bytes > MOST_BYTES
        {
            return (presented, page.next_token(&key(last)));
        }
        presented.push(message);
    }
    (presented, next_page_token)
}
