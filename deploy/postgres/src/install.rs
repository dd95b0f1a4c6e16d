//! Installing PostgreSQL where there is none.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::binaries::{Binaries, Search};
use crate::error::{Error, Result};

/// Whether the operator agreed that packages be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Install what is missing.
    Given,
    /// Only say what to type.
    Withheld,
}

/// Systems that differ in how PostgreSQL is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OsFamily {
    /// Debian, Ubuntu and their descendants.
    Debian,
    /// Fedora, Red Hat and its rebuilds, Amazon Linux.
    RedHat,
    /// Alpine.
    Alpine,
    /// Arch.
    Arch,
    /// openSUSE and SUSE Linux Enterprise.
    Suse,
    /// macOS.
    MacOs,
    /// Anything else.
    Other,
}

impl OsFamily {
    /// The family of the machine we run on.
    #[must_use]
    pub fn of_this_machine() -> Self {
        if cfg!(target_os = "macos") {
            return Self::MacOs;
        }
        // os-release(5): the first of the two that exists.
        let text = fs::read_to_string("/etc/os-release").or_else(|_| fs::read_to_string("/usr/lib/os-release"));
        Self::from_os_release(&text.unwrap_or_default())
    }

    /// The family that an os-release file tells by its `ID` and `ID_LIKE`.
    #[must_use]
    pub fn from_os_release(text: &str) -> Self {
        let words = text
            .lines()
            .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
            .flat_map(|value| value.trim_matches(['"', '\'']).split_whitespace());
        for word in words {
            match word {
                "debian" | "ubuntu" => return Self::Debian,
                "fedora" | "rhel" | "centos" | "amzn" => return Self::RedHat,
                "alpine" => return Self::Alpine,
                "arch" => return Self::Arch,
                "suse" | "opensuse" | "sles" => return Self::Suse,
                _ => {}
            }
        }
        Self::Other
    }

    /// The one line to type to install PostgreSQL.
    #[must_use]
    pub fn install_line(self) -> String {
        let sudo = if rustix::process::geteuid().is_root() {
            ""
        } else {
            "sudo "
        };
        match self {
            Self::Debian => {
                format!("{sudo}apt-get update && {sudo}apt-get install -y --no-install-recommends postgresql")
            }
            Self::RedHat => format!("{sudo}dnf install -y postgresql-server postgresql-contrib"),
            Self::Alpine => format!("{sudo}apk add postgresql postgresql-contrib"),
            Self::Arch => format!("{sudo}pacman -S --noconfirm postgresql"),
            Self::Suse => format!("{sudo}zypper install -y postgresql-server postgresql-contrib"),
            Self::MacOs => "brew install postgresql@17".to_owned(),
            Self::Other => "your system's package manager, or see https://www.postgresql.org/download/".to_owned(),
        }
    }
}

/// One step of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Run a program to its end.
    Run {
        /// The program and its arguments.
        command: Vec<String>,
    },
    /// Write a file, making its directory.
    Write {
        /// Where.
        path: PathBuf,
        /// What.
        content: String,
    },
    /// Remove a file.
    Remove {
        /// Which.
        path: PathBuf,
    },
}

/// What installing takes, or nothing where only a person can do it. Nothing is run.
///
/// Debian's package makes and starts a cluster "main" on port 5432, which nobody asked for; a file in
/// `createcluster.d` keeps it from that, and is removed afterwards so that the machine's defaults stay. Where
/// `postgresql-common` is there already (`common_installed`), so is somebody's decision on clusters.
#[must_use]
pub fn install_plan(family: OsFamily, root: bool, common_installed: bool) -> Option<Vec<Step>> {
    if family != OsFamily::Debian || !root {
        return None;
    }
    let run = |words: &[&str]| Step::Run {
        command: words.iter().map(ToString::to_string).collect(),
    };
    let path = PathBuf::from("/etc/postgresql-common/createcluster.d/support.conf");
    let mut plan = vec![run(&["apt-get", "update"])];
    if !common_installed {
        plan.push(Step::Write {
            path: path.clone(),
            content: "create_main_cluster = false\n".to_owned(),
        });
    }
    plan.push(run(&[
        "apt-get",
        "install",
        "-y",
        "--no-install-recommends",
        "postgresql",
    ]));
    if !common_installed {
        plan.push(Step::Remove { path });
    }
    Some(plan)
}

/// Runs the steps; every line that a program prints goes to `progress`.
///
/// Removals are done even after a step has failed.
///
/// # Errors
/// [`Error::InstallFailed`] with the first step that failed.
pub fn run_plan(plan: &[Step], progress: &mut dyn FnMut(&str)) -> Result<()> {
    let mut outcome = Ok(());
    for step in plan {
        if outcome.is_ok() || matches!(step, Step::Remove { .. }) {
            outcome = outcome.and(run_step(step, progress));
        }
    }
    outcome
}

/// The installed PostgreSQL, installing it if there is none and that can be done: with consent, as root, on
/// Debian and Ubuntu. `search` is [`Search::from_environment`] outside tests.
///
/// # Errors
/// [`Error::NotInstalled`] with the line to type, [`Error::InstallFailed`], [`Error::NotInDirectory`].
pub fn ensure_installed(search: &Search, consent: Consent, progress: &mut dyn FnMut(&str)) -> Result<Binaries> {
    let missing = match search.find() {
        Err(error @ Error::NotInstalled { .. }) => error,
        found_or_wrong => return found_or_wrong,
    };
    let common_installed = Path::new("/etc/postgresql-common/createcluster.conf").exists();
    let root = rustix::process::geteuid().is_root();
    let Some(plan) = install_plan(OsFamily::of_this_machine(), root, common_installed) else {
        return Err(missing);
    };
    if consent == Consent::Withheld {
        return Err(missing);
    }
    run_plan(&plan, progress)?;
    search.find()
}

fn run_step(step: &Step, progress: &mut dyn FnMut(&str)) -> Result<()> {
    let failed = |name: String, reason: String| Error::InstallFailed { step: name, reason };
    match step {
        Step::Run { command } => {
            let name = command.join(" ");
            progress(&name);
            run_program(command, progress).map_err(|reason| failed(name, reason))
        }
        Step::Write { path, content } => path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(path, content))
            .map_err(|error| failed(format!("write {}", path.display()), error.to_string())),
        Step::Remove { path } => match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(failed(format!("rm {}", path.display()), error.to_string()))
            }
            _ => Ok(()),
        },
    }
}

fn run_program(command: &[String], progress: &mut dyn FnMut(&str)) -> Result<(), String> {
    const KEPT: usize = 8;
    let (program, arguments) = command.split_first().ok_or("no program")?;
    // One pipe for both outputs, so that one thread can read them in order.
    let (reader, writer) = std::io::pipe().map_err(|error| error.to_string())?;
    let errors = writer.try_clone().map_err(|error| error.to_string())?;
    let mut child = {
        // The `Command` keeps the writing ends: it must be gone before the reading begins, or that never ends.
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(writer).stderr(errors);
        command.spawn().map_err(|error| error.to_string())?
    };
    let mut last = std::collections::VecDeque::new();
    for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if line.is_empty() {
            continue;
        }
        progress(&line);
        if last.len() == KEPT {
            last.pop_front();
        }
        last.push_back(line);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    last.push_front(status.to_string());
    Err(last.into_iter().collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families() {
        for (text, family) in [
            ("PRETTY_NAME=\"Debian\"\nID=debian\n", OsFamily::Debian),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", OsFamily::Debian),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", OsFamily::RedHat),
            ("ID=alpine\n", OsFamily::Alpine),
            (
                "ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n",
                OsFamily::Suse,
            ),
            ("ID=plan9\n", OsFamily::Other),
        ] {
            assert_eq!(OsFamily::from_os_release(text), family, "{text}");
        }
    }

    #[test]
    fn plan_on_a_fresh_debian() {
        let plan = install_plan(OsFamily::Debian, true, false).unwrap();
        let commands: Vec<String> = plan
            .iter()
            .filter_map(|step| {
                if let Step::Run { command } = step {
                    Some(command.join(" "))
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(
            commands,
            [
                "apt-get update",
                "apt-get install -y --no-install-recommends postgresql"
            ]
        );
        // The file is there when the package is configured, and gone at the end.
        assert!(matches!(&plan[1], Step::Write { content, .. } if content == "create_main_cluster = false\n"));
        assert!(matches!(plan.last(), Some(Step::Remove { .. })));
    }

    #[test]
    fn plan_keeps_its_hands_off_elsewhere() {
        assert_eq!(install_plan(OsFamily::Debian, true, true).unwrap().len(), 2);
        assert_eq!(install_plan(OsFamily::Debian, false, false), None);
        assert_eq!(install_plan(OsFamily::RedHat, true, false), None);
    }

    #[test]
    fn without_consent_only_the_line_is_told() {
        let mut seen = Vec::new();
        let result = ensure_installed(&Search::nowhere(), Consent::Withheld, &mut |line| {
            seen.push(line.to_owned());
        });
        assert!(matches!(result, Err(Error::NotInstalled { .. })), "{result:?}");
        assert!(seen.is_empty(), "{seen:?}");
    }

    #[test]
    fn steps_stream_and_a_failure_still_cleans_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/file");
        let shell = |line: &str| Step::Run {
            command: ["sh", "-c", line].map(str::to_owned).to_vec(),
        };
        let plan = [
            Step::Write {
                path: path.clone(),
                content: "x".to_owned(),
            },
            shell(&format!("cat {}; echo; echo oops >&2; exit 3", path.display())),
            shell("echo never"),
            Step::Remove { path: path.clone() },
        ];
        let mut seen = Vec::new();
        let error = run_plan(&plan, &mut |line| seen.push(line.to_owned()))
            .unwrap_err()
            .to_string();
        assert_eq!(seen[1..], ["x", "oops"]);
        assert!(error.contains("exit status: 3\nx\noops"), "{error}");
        assert!(!path.exists());
    }
}
