//! Files of rosters.

use std::path::Path;

use anyhow::bail;
use support_proto::support::routing::v1::{RosterRow, ShiftException, ShiftExceptionKind, ShiftPattern};

use super::rows::{Cells, read_as};

/// The columns that a table may have.
const COLUMNS: [&str; 5] = ["subject", "from_day", "day", "kind", "hours"];

/// Reads a file of weeks and days.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<RosterRow>> {
    read_as(file, &COLUMNS, row)
}

fn row(cells: &Cells<'_>) -> anyhow::Result<RosterRow> {
    let cell = |name: &str| cells.get(name).copied().unwrap_or_default().to_owned();
    let (from_day, day, hours) = (cell("from_day"), cell("day"), cell("hours"));
    let mut row = RosterRow {
        subject: cell("subject"),
        ..RosterRow::default()
    };
    match (from_day.is_empty(), day.is_empty()) {
        (false, true) => {
            if !cell("kind").is_empty() {
                bail!("a week has no kind: it is of a day how it departs");
            }
            row.pattern = Some(ShiftPattern { from_day, hours });
        }
        (true, false) => {
            let kind = match cell("kind").as_str() {
                "usual" => ShiftExceptionKind::Unspecified,
                "off" => ShiftExceptionKind::Off,
                "extra" => ShiftExceptionKind::Extra,
                "changed" => ShiftExceptionKind::Changed,
                other => bail!("{other:?} is no kind; there are off, extra, changed and usual"),
            };
            row.exception = Some(ShiftException {
                day,
                kind: kind.into(),
                hours,
            });
        }
        _ => bail!("either from_day is given, for a week, or day"),
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::super::rows::{of_list, of_table};
    use super::*;

    const TABLE: &str = "\
subject,from_day,day,kind,hours
amy,2026-03-30,,,\"mon-fri 09:00-13:00 14:00-18:00, sat 10:00-14:00\"
amy,,2026-04-06,off,
ben,,2026-04-06,changed,10:00-16:00
ben,,2026-04-07,usual,
";

    #[test]
    fn a_table_says_the_same_as_a_list() {
        let list = br#"[
            {"subject": "amy", "pattern": {"fromDay": "2026-03-30", "hours": "mon-fri 09:00-13:00 14:00-18:00, sat 10:00-14:00"}},
            {"subject": "amy", "exception": {"day": "2026-04-06", "kind": "SHIFT_EXCEPTION_KIND_OFF"}},
            {"subject": "ben", "exception": {"day": "2026-04-06", "kind": "SHIFT_EXCEPTION_KIND_CHANGED", "hours": "10:00-16:00"}},
            {"subject": "ben", "exception": {"day": "2026-04-07"}}]"#;
        let rows = of_table(TABLE.as_bytes(), &COLUMNS, row).unwrap();
        assert_eq!(rows, of_list(list).unwrap());
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_row() {
        let wrong = |from: &str, to: &str| {
            let table = TABLE.replace(from, to);
            format!("{:#}", of_table(table.as_bytes(), &COLUMNS, row).unwrap_err())
        };
        assert!(wrong(",off,", ",away,").starts_with("row 2: \"away\" is no kind"));
        assert_eq!(
            wrong("ben,,2026-04-06", "ben,2026-04-06,2026-04-06"),
            "row 3: either from_day is given, for a week, or day"
        );
        assert_eq!(
            wrong("2026-03-30,,,", "2026-03-30,,off,"),
            "row 1: a week has no kind: it is of a day how it departs"
        );
        assert!(wrong("kind,", "sort,").starts_with("no column is called sort"));
    }
}
