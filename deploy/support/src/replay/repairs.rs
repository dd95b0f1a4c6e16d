//! The faults: real ones, brought to repair events, and what became of them.

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use support_proto::support::repair::v1::RepairOutcome;
use support_proto::support::types::v1::ProductLine;
use time::macros::format_description;

/// The longest problem text that is taken, in characters; the contract takes 10,000.
const LONGEST: usize = 2000;

#[derive(Deserialize)]
struct Row {
    country: String,
    product_category: String,
    product_age: String,
    repair_status: String,
    event_date: String,
    problem: String,
}

/// One fault of one device. Prints nothing of itself: somebody wrote the problem.
#[derive(Clone)]
pub struct Fault {
    /// What kind of product it is.
    pub line: ProductLine,
    /// What is wrong, in the owner's words.
    pub problem: String,
    /// The language that is likely to be in, BCP 47, by the country of the event: the data do not say.
    pub language: &'static str,
    /// Where it was bought, ISO 3166-1 alpha-2, taken to be where it was brought.
    pub country: &'static str,
    /// When it was bought, as far as age and event tell.
    pub bought: time::Date,
    /// What became of it.
    pub outcome: RepairOutcome,
}

/// The faults, and the rows that were none.
pub struct Faulty {
    /// In the order of the file.
    pub faults: Vec<Fault>,
    /// How many rows could not be understood.
    pub malformed: usize,
}

impl Faulty {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// Where it cannot be read or holds no fault.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let open = || format!("cannot read {}", path.display());
        let mut read = Self {
            faults: Vec::new(),
            malformed: 0,
        };
        for row in csv::Reader::from_reader(File::open(path).with_context(open)?).deserialize::<Row>() {
            match row.ok().as_ref().and_then(fault) {
                Some(fault) => read.faults.push(fault),
                None => read.malformed += 1,
            }
        }
        anyhow::ensure!(!read.faults.is_empty(), "{} holds no fault", path.display());
        Ok(read)
    }

    /// The `index`th of `count` faults spread evenly over the file, which is ordered by where the faults come from.
    #[must_use]
    pub fn spread(&self, index: usize, count: usize) -> Fault {
        let at = index * self.faults.len() / count.max(1);
        self.faults[at % self.faults.len()].clone()
    }
}

fn fault(row: &Row) -> Option<Fault> {
    let (country, language) = place(&row.country)?;
    let problem: String = row
        .problem
        .trim()
        .chars()
        .filter(|letter| *letter != '\0')
        .take(LONGEST)
        .collect();
    let event = time::Date::parse(&row.event_date, format_description!("[year]-[month]-[day]")).ok()?;
    let age = row
        .product_age
        .parse::<f64>()
        .ok()
        .filter(|age| (0.0..100.0).contains(age))
        .unwrap_or(2.0);
    #[expect(clippy::cast_possible_truncation, reason = "at most a hundred years in days")]
    let days = (age * 365.25) as i64;
    (!problem.is_empty()).then_some(())?;
    Some(Fault {
        line: line(&row.product_category),
        problem,
        language,
        country,
        bought: event.checked_sub(time::Duration::days(days))?,
        outcome: outcome(&row.repair_status)?,
    })
}

fn outcome(status: &str) -> Option<RepairOutcome> {
    match status {
        "Fixed" => Some(RepairOutcome::Repaired),
        "Repairable" => Some(RepairOutcome::Repairable),
        "End of life" => Some(RepairOutcome::EndOfLife),
        "Unknown" => Some(RepairOutcome::Unknown),
        _ => None,
    }
}

fn line(category: &str) -> ProductLine {
    match category {
        "Mobile" => ProductLine::Phone,
        "Laptop" => ProductLine::Laptop,
        "Tablet" => ProductLine::Tablet,
        "Watch/clock" => ProductLine::Watch,
        "Headphones" => ProductLine::Audio,
        "Desktop computer" | "Flat screen" => ProductLine::Desktop,
        _ => ProductLine::Accessory,
    }
}

/// The country of ISO 3166-1 alpha-3, and what is mostly written there in this file.
fn place(alpha3: &str) -> Option<(&'static str, &'static str)> {
    Some(match alpha3 {
        "ARG" => ("AR", "es"),
        "AUS" => ("AU", "en"),
        "AUT" => ("AT", "de"),
        "BEL" => ("BE", "fr"),
        "BEN" => ("BJ", "fr"),
        "CAN" => ("CA", "en"),
        "DEU" => ("DE", "de"),
        "ESP" => ("ES", "es"),
        "FRA" => ("FR", "fr"),
        "GBR" => ("GB", "en"),
        "HKG" => ("HK", "en"),
        "IRL" => ("IE", "en"),
        "ISL" => ("IS", "en"),
        "ITA" => ("IT", "it"),
        "JEY" => ("JE", "en"),
        "NLD" => ("NL", "nl"),
        "NOR" => ("NO", "no"),
        "NZL" => ("NZ", "en"),
        "SWE" => ("SE", "en"),
        "TUN" => ("TN", "fr"),
        "USA" => ("US", "en"),
        _ => return None,
    })
}

/// Every language that [`Fault::language`] can be.
pub const LANGUAGES: [&str; 7] = ["en", "de", "nl", "fr", "it", "no", "es"];

#[cfg(test)]
mod tests {
    use super::*;

    fn row(country: &str, category: &str, age: &str, status: &str, problem: &str) -> Row {
        Row {
            country: country.to_owned(),
            product_category: category.to_owned(),
            product_age: age.to_owned(),
            repair_status: status.to_owned(),
            event_date: "2021-06-01".to_owned(),
            problem: problem.to_owned(),
        }
    }

    #[test]
    fn a_row_becomes_a_fault() {
        let fault = fault(&row("DEU", "Laptop", "4", "End of life", "  geht nicht an ")).unwrap();
        assert_eq!(
            (fault.line, fault.language, fault.country),
            (ProductLine::Laptop, "de", "DE")
        );
        assert_eq!(
            (fault.problem.as_str(), fault.outcome),
            ("geht nicht an", RepairOutcome::EndOfLife)
        );
        assert_eq!(fault.bought.to_string(), "2017-06-01");
    }

    #[test]
    fn what_is_no_fault_is_none() {
        assert!(fault(&row("DEU", "Laptop", "4", "Gone", "x")).is_none());
        assert!(fault(&row("XYZ", "Laptop", "4", "Fixed", "x")).is_none());
        assert!(fault(&row("DEU", "Laptop", "4", "Fixed", "  ")).is_none());
        assert!(fault(&row("DEU", "Laptop", "old", "Fixed", "x")).is_some());
    }

    #[test]
    fn faults_are_spread_over_the_file() {
        let one = |text: String| fault(&row("GBR", "Mobile", "", "Fixed", &text)).unwrap();
        let faulty = Faulty {
            faults: (0..100).map(|n| one(n.to_string())).collect(),
            malformed: 0,
        };
        let taken: Vec<String> = (0..4).map(|index| faulty.spread(index, 4).problem).collect();
        assert_eq!(taken, ["0", "25", "50", "75"]);
        assert!(LANGUAGES.contains(&faulty.spread(0, 0).language));
    }
}
