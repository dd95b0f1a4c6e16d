//! A folder of files of the standard.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use support_chassis::standard::Place;

use super::file::{Problem, RuleFile};

/// The endings of files that are read where a folder is named.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Files of good form, in the order in which they build on each other: territories first, the world before its places.
    pub(crate) files: Vec<RuleFile>,
    /// Everything that is wrong with the others.
    pub(crate) problems: Vec<Problem>,
    /// How many files there were.
    pub(crate) count: usize,
}

/// Reads these files, and all in these folders and the folders within them. What begins with a dot is left alone.
///
/// # Errors
///
/// Where something cannot be looked at, or nothing is there.
pub(crate) fn read(paths: &[PathBuf]) -> anyhow::Result<Read> {
    let mut found = Vec::new();
    for path in paths {
        let kind = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if kind.is_dir() {
            walk(path, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    found.sort();
    found.dedup();
    ensure!(
        !found.is_empty(),
        "no files of the standard there ({})",
        ENDINGS.join(", ")
    );
    let mut read = Read {
        count: found.len(),
        ..Read::default()
    };
    let mut taken: HashMap<(&'static str, Place), PathBuf> = HashMap::new();
    for path in found {
        match RuleFile::read(&path) {
            Err(problems) => read.problems.extend(problems),
            Ok(file) => {
                let subject = (file.document(), file.place.clone());
                if let Some(other) = taken.get(&subject) {
                    let what = format!("{} is in {} already", file.subject(), other.display());
                    read.problems.push(file.problem_of("document", what));
                } else {
                    taken.insert(subject, path);
                    read.files.push(file);
                }
            }
        }
    }
    read.files.sort_by_key(|file| {
        let is_places = file.document().ends_with("/territories");
        (!is_places, file.document(), file.place.clone())
    });
    Ok(read)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry
            .file_type()
            .with_context(|| format!("cannot read {}", path.display()))?
            .is_dir()
        {
            walk(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
        {
            found.push(path);
        }
    }
    Ok(())
}

/// Where in a folder a document's file for a place is kept: `warranty/coverage-terms/country/DE.yaml`.
pub(crate) fn place_of(folder: &Path, document: &str, place: &Place) -> PathBuf {
    folder.join(document).join(format!("{place}.yaml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_whole_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        let overlay = |place: &str| {
            format!(
                "document: identity-verification/verification-policy\nplace: {place}\nreason: as agreed\nchanges: {{}}\n"
            )
        };
        put("b/site.yaml", &overlay("site/cork-1"));
        put("b/c/group.yml", &overlay("group/eea"));
        put("country.yaml", &overlay("country/IE"));
        put("again.json", &overlay("country/IE"));
        put(".git/x.yaml", "nonsense");
        put("README.md", "nonsense");
        put("wrong.yaml", "nonsense");
        let read = read(&[folder.path().to_owned(), folder.path().join("country.yaml")]).unwrap();
        let places: Vec<String> = read.files.iter().map(|file| file.place.to_string()).collect();
        assert_eq!(places, ["group/eea", "country/IE", "site/cork-1"]);
        assert_eq!(read.count, 5);
        let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems
                .iter()
                .any(|problem| problem.contains("is in") && problem.contains("already")),
            "{problems:?}"
        );
        assert!(super::read(&[folder.path().join("nowhere")]).is_err());
    }

    #[test]
    fn every_place_has_its_file() {
        let at = |place: Place| {
            place_of(Path::new("rules"), "warranty/coverage-terms", &place)
                .display()
                .to_string()
        };
        assert_eq!(at(Place::Global), "rules/warranty/coverage-terms/global.yaml");
        assert_eq!(
            at(Place::country("DE")),
            "rules/warranty/coverage-terms/country/DE.yaml"
        );
    }
}
