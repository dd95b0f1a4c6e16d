//! CSV (RFC 4180): `key`, `source`, `target`.

use super::{File, ReadFile, ReadUnit, Unreadable};
use crate::domain::text::source_hash;

const COLUMNS: [&str; 3] = ["key", "source", "target"];

pub(super) fn write(file: &File) -> Result<Vec<u8>, Unreadable> {
    let failed = |error: csv::Error| Unreadable::malformed(error.to_string(), "writing");
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(failed)?;
    for unit in &file.units {
        let target = unit.target.as_deref().unwrap_or_default();
        writer
            .write_record([unit.key.as_str(), unit.source.as_str(), target])
            .map_err(failed)?;
    }
    writer
        .into_inner()
        .map_err(|error| Unreadable::malformed(error.to_string(), "writing"))
}

/// Columns may stand in any order, and others beside them. Without a `source` column nothing is said of what the
/// translations were made from.
pub(super) fn read(text: &str) -> Result<ReadFile, Unreadable> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let line = |error: &csv::Error| {
        error
            .position()
            .map_or_else(|| "its beginning".to_owned(), |at| format!("line {}", at.line()))
    };
    let failed = |error: csv::Error| Unreadable::malformed("no csv", line(&error));
    let header = reader.headers().map_err(failed)?.clone();
    let column = |name: &str| header.iter().position(|column| column.trim() == name);
    let missing = |name: &str| Unreadable::malformed(format!("no column {name}"), "line 1");
    let key = column("key").ok_or_else(|| missing("key"))?;
    let target = column("target").ok_or_else(|| missing("target"))?;
    let source = column("source");
    let mut units = Vec::new();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let cell = |column: usize| record.get(column).filter(|cell| !cell.is_empty());
        units.push(ReadUnit {
            key: cell(key).unwrap_or_default().to_owned(),
            made_from: source.and_then(cell).map(source_hash),
            target: cell(target).map(str::to_owned),
            is_initial: false,
        });
    }
    Ok(ReadFile { locale: None, units })
}
