//! Language matching: ICU's `localeMatcherTest.txt`, whose rows CLDR's matching data was made with.
//!
//! The rows are of two settings: the plain ones, and those of ICU's own `@favor=script`, which is no part of UTS #35 and
//! which this has not. They are run all the same, and every row that does not pass is listed with its cause.

use support_words::locale::nearest;
use support_words::tag::Tag;

const FILE: &str = include_str!("localeMatcherTest.txt");

/// One row.
#[derive(Debug, Clone, Default)]
struct Row {
    number: usize,
    supported: Vec<String>,
    default: Option<String>,
    favors_script: bool,
    threshold: bool,
    desired: Vec<String>,
    expected: String,
}

fn rows() -> Vec<Row> {
    let list = |text: &str| -> Vec<String> {
        text.split(',')
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut rows = Vec::new();
    let mut state = Row::default();
    for (number, line) in FILE.lines().enumerate() {
        if line.starts_with("** test") {
            state = Row::default();
            continue;
        }
        let line = line.split('#').next().unwrap_or_default().trim_end();
        if let Some(setting) = line.strip_prefix('@') {
            let (name, value) = setting.split_once('=').unwrap();
            match name {
                "supported" => state.supported = list(value),
                "default" => state.default = Some(value.to_owned()).filter(|value| !value.is_empty()),
                "favor" => state.favors_script = value == "script",
                "threshold" => state.threshold = !value.is_empty(),
                other => panic!("{other} is no setting"),
            }
        } else if let Some((desired, expected)) = line.split_once(">>") {
            rows.push(Row {
                number: number + 1,
                desired: list(desired),
                expected: expected.split('|').next().unwrap_or_default().trim().to_owned(),
                ..state.clone()
            });
        }
    }
    rows
}

/// What a customer with the row's languages would be given.
fn served(row: &Row) -> String {
    let supported: Vec<Tag> = row.supported.iter().filter_map(|tag| Tag::parse(tag)).collect();
    match nearest(&row.desired, &supported) {
        Some(tag) => tag.to_string(),
        None => canonical(
            row.default
                .as_ref()
                .or(row.supported.first())
                .map_or("null", String::as_str),
        ),
    }
}

fn canonical(tag: &str) -> String {
    Tag::parse(tag).map_or_else(|| tag.to_owned(), |tag| tag.to_string())
}

/// Why a row does not pass.
const KNOWN: [(&str, &[usize]); 6] = [
    (
        "no rule of CLDR 48 gives simplified characters for traditional ones, or the other way about, and none must",
        &[347, 348, 1078, 1079, 1539, 1540, 1647, 1919],
    ),
    (
        "CLDR 48 says otherwise: en-CA is nearer to en, ca reads es, sh is sr in Latin letters, nb and nn are further apart, af reads no nl",
        &[407, 422, 838, 1130, 1216, 1307, 1391, 1467, 1468, 1878],
    ),
    (
        "x- and i- tags are no languages that a customer reads",
        &[972, 975, 988, 1524, 1529],
    ),
    (
        "a locale without a language (und-TW) is none that there could be",
        &[272, 273],
    ),
    ("a threshold is a setting of ICU's own", &[692]),
    (
        "@favor=script is a setting of ICU's own, and no part of UTS #35",
        &[
            279, 280, 361, 362, 415, 428, 714, 717, 719, 734, 772, 847, 957, 959, 979, 980, 982, 983, 992, 1059, 1323,
            1326, 1360, 1361, 1363, 1365, 1400, 1414, 1471, 1472, 1654, 1881, 1936, 1938, 1942, 1945, 1947, 1949,
        ],
    ),
];

#[test]
fn the_rows_pass_but_those_that_are_known_not_to() {
    let rows = rows();
    let failed: Vec<&Row> = rows
        .iter()
        .filter(|row| served(row) != canonical(&row.expected))
        .collect();
    for row in &failed {
        println!(
            "{}: {:?} is served {}, not {}",
            row.number,
            row.desired,
            served(row),
            row.expected
        );
    }
    let is_plain = |row: &Row| !row.favors_script && !row.threshold;
    let plain = rows.iter().filter(|row| is_plain(row)).count();
    let plain_failed = failed.iter().filter(|row| is_plain(row)).count();
    println!(
        "{} of {plain} plain rows pass, {} of {} with those of ICU's own settings",
        plain - plain_failed,
        rows.len() - failed.len(),
        rows.len()
    );
    let mut known: Vec<usize> = KNOWN.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
    known.sort_unstable();
    let failed: Vec<usize> = failed.iter().map(|row| row.number).collect();
    assert_eq!(failed, known);
    assert_eq!((rows.len(), plain), (925, 496));
}
