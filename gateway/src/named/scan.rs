//! Looks for a field of text in the bytes of a message while they arrive.

/// Wire types (protobuf encoding, "Message Structure").
const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED_32: u64 = 5;
/// The longest varint, in bytes.
const VARINT_LIMIT: usize = 10;

/// What is known of the field so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// More bytes are needed.
    More,
    /// Its text stands there.
    At(std::ops::Range<usize>),
    /// The message is whole and has none.
    Absent,
}

/// The bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A search that goes on where it was when there were no more bytes.
///
/// It ends at the first field of the number. A message that repeats it, which no encoder writes, means the last one to the
/// service; that service then finds a name that is not its own and says so.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    number: u64,
    /// The length of the whole message.
    length: usize,
    /// Where the next field begins.
    at: usize,
}

impl Scan {
    /// Looks for field `number` in a message of `length` bytes.
    pub(super) fn new(number: u32, length: usize) -> Self {
        Self {
            number: u64::from(number),
            length,
            at: 0,
        }
    }

    /// `seen` is the message from its beginning, as far as it has come.
    pub(super) fn go_on(&mut self, seen: &[u8]) -> Result<Found, Malformed> {
        let seen = &seen[..seen.len().min(self.length)];
        while self.at < self.length {
            let rest = seen.get(self.at..).unwrap_or_default();
            let Some((tag, begin)) = varint(rest)? else {
                return self.more(seen);
            };
            let (number, wire) = (tag >> 3, tag & 7);
            if number == 0 {
                return Err(Malformed);
            }
            let length = match wire {
                VARINT => match varint(&rest[begin..])? {
                    Some((_, length)) => length,
                    None => return self.more(seen),
                },
                FIXED_64 => 8,
                FIXED_32 => 4,
                LENGTH => {
                    let Some((length, prefix)) = varint(&rest[begin..])? else {
                        return self.more(seen);
                    };
                    let length = usize::try_from(length).map_err(|_| Malformed)?;
                    if number == self.number {
                        return self.value(seen, self.at + begin + prefix, length);
                    }
                    length.checked_add(prefix).ok_or(Malformed)?
                }
                // Groups are not of this language, and to skip one means to descend into it.
                _ => return Err(Malformed),
            };
            if number == self.number {
                return Err(Malformed);
            }
            let next = (self.at + begin).checked_add(length).ok_or(Malformed)?;
            if next > self.length {
                return Err(Malformed);
            }
            self.at = next;
        }
        Ok(Found::Absent)
    }

    fn value(&self, seen: &[u8], begin: usize, length: usize) -> Result<Found, Malformed> {
        let end = begin.checked_add(length).ok_or(Malformed)?;
        if end > self.length {
            Err(Malformed)
        } else if end > seen.len() {
            Ok(Found::More)
        } else {
            Ok(Found::At(begin..end))
        }
    }

    /// A field that has not come whole yet; where the message has, it is cut off.
    fn more(&self, seen: &[u8]) -> Result<Found, Malformed> {
        if seen.len() >= self.length {
            return Err(Malformed);
        }
        Ok(Found::More)
    }
}

/// The varint at the beginning of `bytes` and its length; none where it has not come whole yet.
fn varint(bytes: &[u8]) -> Result<Option<(u64, usize)>, Malformed> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(VARINT_LIMIT).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            // The tenth byte holds the last of 64 bits.
            let fits = index < VARINT_LIMIT - 1 || *byte == 1;
            return if fits {
                Ok(Some((value, index + 1)))
            } else {
                Err(Malformed)
            };
        }
    }
    if bytes.len() < VARINT_LIMIT {
        Ok(None)
    } else {
        Err(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost::encoding::encode_varint;
    use support_proto::support::standard::v1::CreateDraftRequest;

    use super::*;

    /// The same search with the bytes coming one by one.
    fn trickle(message: &[u8], number: u32) -> Result<Found, Malformed> {
        let mut scan = Scan::new(number, message.len());
        for end in 0..message.len() {
            match scan.go_on(&message[..end])? {
                Found::More => {}
                found => return Ok(found),
            }
        }
        scan.go_on(message)
    }

    fn at_once(message: &[u8], number: u32) -> Result<Found, Malformed> {
        Scan::new(number, message.len()).go_on(message)
    }

    #[test]
    fn a_field_is_found_wherever_it_stands_and_however_the_bytes_come() {
        let whole = CreateDraftRequest {
            document: "warranty/coverage-terms".to_owned(),
            content: "{}".repeat(200),
            ..CreateDraftRequest::default()
        }
        .encode_to_vec();
        let ahead: [&[u8]; 5] = [
            &[],
            &[0x10, 0x96, 0x01],
            &[0x19, 1, 2, 3, 4, 5, 6, 7, 8],
            &[0x25, 1, 2, 3, 4],
            &[0xc2, 0xb8, 0x02, 0x03, b'n', b'e', b'w'],
        ];
        for ahead in ahead {
            let message = [ahead, &whole].concat();
            let found = at_once(&message, 1).unwrap();
            let Found::At(place) = found.clone() else {
                panic!("{found:?}")
            };
            assert_eq!(&message[place], b"warranty/coverage-terms");
            assert_eq!(trickle(&message, 1).unwrap(), found);
        }
    }

    #[test]
    fn it_is_known_as_soon_as_its_last_byte_is_there() {
        let message = [&[0x0a, 2, b'h', b'i'][..], &[0x12, 0x7f], &[b'x'; 127]].concat();
        let mut scan = Scan::new(1, message.len());
        assert_eq!(scan.go_on(&message[..3]), Ok(Found::More));
        assert_eq!(scan.go_on(&message[..4]), Ok(Found::At(2..4)));
    }

    #[test]
    fn a_message_without_the_field_is_known_at_its_end() {
        for message in [&[][..], &[0x12, 1, b'x'], &[0x10, 1, 0x18, 2]] {
            assert_eq!(at_once(message, 1), Ok(Found::Absent));
            assert_eq!(trickle(message, 1), Ok(Found::Absent));
        }
    }

    #[test]
    fn bytes_that_are_no_message_are_told() {
        let mut beyond = vec![0x12];
        encode_varint(u64::MAX, &mut beyond);
        let cases: [(&str, &[u8]); 11] = [
            ("field 0", &[0x02, 0x00]),
            ("wire type 7", &[0x0f]),
            ("a group", &[0x7b, 0x7c]),
            ("an end without a group", &[0x7c]),
            ("an endless varint", &[0xff; 11]),
            (
                "a varint of more than 64 bits",
                &[0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
            ),
            ("a length beyond the end", &[0x12, 0x7f, b'x']),
            ("a length beyond all there is", &beyond),
            ("the field beyond the end", &[0x0a, 0x7f, b'x']),
            ("the field as a number", &[0x08, 0x01]),
            ("half a tag", &[0x12, 1, b'x', 0x92]),
        ];
        for (what, message) in cases {
            assert_eq!(at_once(message, 1), Err(Malformed), "{what}");
            assert_eq!(trickle(message, 1), Err(Malformed), "{what}, byte by byte");
        }
    }

    #[test]
    fn what_follows_the_message_is_not_looked_at() {
        // A second message begins after the first, which has no such field.
        let bytes = [0x12, 1, b'x', 0x0a, 1, b'y'];
        assert_eq!(Scan::new(1, 3).go_on(&bytes), Ok(Found::Absent));
    }
}
