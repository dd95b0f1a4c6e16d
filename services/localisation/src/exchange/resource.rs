//! Message resources of Unicode MessageFormat 2, as the Message Resource Working Group drafts them: `key = value` by line,
//! further lines of a value indented, `[sections]`, `# comments`, `@properties`, what is said of the file before `---`.
//!
//! We write full keys and no sections; the source text stands in comments, for people, and its hash in the property
//! `source-hash`.

use std::fmt::Write as _;

use super::{File, ReadFile, ReadUnit, Unreadable};
use crate::domain::text::{read_hash, source_hash, written_hash};

const HASH: &str = "source-hash";
const LOCALE: &str = "locale";

pub(super) fn write(file: &File) -> String {
    let mut text = format!("@{LOCALE} {}\n---\n", file.locale);
    for unit in &file.units {
        text.push('\n');
        for line in unit.source.split(['\n', '\r']) {
            text.push_str("# ");
            text.extend(line.chars().filter(|character| is_content(*character)));
            text.push('\n');
        }
        let hash = written_hash(Some(source_hash(&unit.source)));
        match &unit.target {
            // What is not translated is for people to read alone: `= ` would be an empty message.
            None => drop(writeln!(text, "# {} =", unit.key)),
            Some(target) => drop(writeln!(text, "@{HASH} {hash}\n{} = {}", unit.key, escaped(target))),
        }
    }
    text
}

/// Whether a character may stand in a value as it is: no control, and nothing that could be taken for the end of a line.
fn is_content(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{2028}' | '\u{2029}')
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 8);
    let mut characters = value.chars().peekable();
    let mut begins_line = true;
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        let ends_line = next.is_none_or(|next| next == '\n');
        let mut goes_on = false;
        match character {
            // The escapes of a message pass through as they are.
            '\\' if next.is_some_and(|next| matches!(next, '\\' | '{' | '|' | '}')) => {
                text.push('\\');
                text.extend(characters.next());
            }
            '\\' => text.push_str("\\x5C"),
            // A line that holds nothing would end the value.
            '\n' if ends_line || begins_line => text.push_str("\\n"),
            '\n' => {
                text.push_str("\n  ");
                goes_on = true;
            }
            '\r' => text.push_str("\\r"),
            ' ' if begins_line => text.push_str("\\ "),
            ' ' if ends_line => text.push_str("\\x20"),
            '\t' => text.push_str("\\t"),
            // A line of a value is no comment, and a value no property; but editors colour them as such.
            character if is_content(character) => text.push(character),
            character => {
                let code = u32::from(character);
                if code <= 0xff {
                    let _ = write!(text, "\\x{code:02X}");
                } else {
                    let _ = write!(text, "\\u{code:04X}");
                }
            }
        }
        begins_line = goes_on;
    }
    text
}

fn unescaped(value: &str, line: usize) -> Result<String, Unreadable> {
    let broken = || Unreadable::malformed("no escape", format!("line {line}"));
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        let digits = match characters.next().ok_or_else(broken)? {
            kept @ ('\\' | '{' | '|' | '}') => {
                text.extend(['\\', kept]);
                continue;
            }
            space @ (' ' | '\t') => {
                text.push(space);
                continue;
            }
            'n' => {
                text.push('\n');
                continue;
            }
            'r' => {
                text.push('\r');
                continue;
            }
            't' => {
                text.push('\t');
                continue;
            }
            'x' => 2,
            'u' => 4,
            'U' => 6,
            _ => return Err(broken()),
        };
        let code: String = characters.by_ref().take(digits).collect();
        let is_whole = code.len() == digits && code.bytes().all(|digit| digit.is_ascii_hexdigit());
        let code = u32::from_str_radix(&code, 16).ok().filter(|_| is_whole);
        text.push(code.and_then(char::from_u32).ok_or_else(broken)?);
    }
    Ok(text)
}

/// A line that begins without a space, with the indented ones that belong to it.
struct Item<'t> {
    line: usize,
    first: &'t str,
    further: Vec<&'t str>,
}

pub(super) fn read(text: &str) -> Result<ReadFile, Unreadable> {
    let mut locale = None;
    let mut section = String::new();
    let mut hash = None;
    let mut said_locale = None;
    let mut units: Vec<ReadUnit> = Vec::new();
    for item in items(text)? {
        let at = || format!("line {}", item.line);
        if item.first.is_empty() {
            // What stands before an empty line belongs to nothing that comes after it.
            hash = None;
        } else if item.first.starts_with('#') {
            // A comment.
        } else if let Some(property) = item.first.strip_prefix('@') {
            let (name, value) = property.split_once([' ', '\t']).unwrap_or((property, ""));
            match name {
                HASH => {
                    let value = read_hash(value.trim());
                    hash = Some(value.ok_or_else(|| Unreadable::malformed("no hash", at()))?);
                }
                LOCALE => said_locale = Some(value.trim().to_owned()),
                _ => {}
            }
        } else if item.first.trim_end() == "---" {
            locale = said_locale.take();
            hash = None;
        } else if let Some(head) = item.first.strip_prefix('[') {
            let id = head.trim_end().strip_suffix(']');
            section = read_id(id.ok_or_else(|| Unreadable::malformed("no section", at()))?);
            hash = None;
        } else {
            let (id, value) = item
                .first
                .split_once('=')
                .ok_or_else(|| Unreadable::malformed("neither an entry nor anything else", at()))?;
            let id = read_id(id);
            let key = if section.is_empty() {
                id
            } else {
                format!("{section}.{id}")
            };
            let lines = [value].into_iter().chain(item.further.iter().copied());
            let lines: Result<Vec<String>, Unreadable> = lines
                .zip(item.line..)
                .map(|(value, line)| unescaped(value.trim_start_matches([' ', '\t']), line))
                .collect();
            let target = lines?.join("\n");
            units.push(ReadUnit {
                key,
                made_from: hash.take(),
                target: (!target.is_empty()).then_some(target),
                is_initial: false,
            });
        }
    }
    Ok(ReadFile { locale, units })
}

/// `a . b` as `a.b`.
fn read_id(id: &str) -> String {
    id.split('.').map(str::trim).collect::<Vec<_>>().join(".")
}

fn items(text: &str) -> Result<Vec<Item<'_>>, Unreadable> {
    let mut items: Vec<Item<'_>> = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let is_empty = line.trim_matches([' ', '\t']).is_empty();
        if !is_empty && line.starts_with([' ', '\t']) {
            let Some(item) = items.last_mut().filter(|item| !item.first.is_empty()) else {
                return Err(Unreadable::malformed(
                    "indented without a beginning",
                    format!("line {}", number + 1),
                ));
            };
            item.further.push(line);
        } else {
            items.push(Item {
                line: number + 1,
                first: if is_empty { "" } else { line },
                further: Vec::new(),
            });
        }
    }
    Ok(items)
}
