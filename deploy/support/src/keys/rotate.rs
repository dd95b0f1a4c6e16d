//! `support keys rotate`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::settings::Settings;
use support_chassis::vault::{self, KeyRing, Process};
use time::OffsetDateTime;

use super::rings::{self, Ring};
use crate::services::{by_name, names};

/// A process that was not heard of for longer is not waited for: those that live say so every few seconds.
const ALIVE_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What `--help` says beyond the first line.
const LONG_HELP: &str = "\
Puts a new key in the place of the one by which a service keeps personal data, while it serves. Nothing is refused meanwhile.

It needs the settings of the service (its database is asked how far its processes are) and write access to the ring that they read. A
new key is added to the ring; when every process has it, it is put first; when nothing is left that needs the old key, that is
taken out. Interrupted at any time, the same command goes on where it stopped. Example:
  SUPPORT_SETTINGS=/keys/support.toml support keys rotate case
  SUPPORT_SETTINGS=/keys/support.toml support keys rotate identity-verification --ring lookup

Where the ring is a mounted secret, say with --file where it is written; the mount must bring what is written there to every process.";

/// The words after the command: what they do is said in `LONG_HELP`.
#[derive(Debug, Args)]
#[command(after_long_help = LONG_HELP)]
pub struct RotateArgs {
    /// The service.
    #[arg(value_name = "SERVICE")]
    service: String,
    /// Which of its rings.
    #[arg(long, value_enum, default_value = "vault")]
    ring: Ring,
    /// The ring's file, where it is another one than the service's own settings say.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Carries it out.
///
/// # Errors
///
/// Wrong settings; a ring that is not in a file, or that somebody changes by hand; no process that serves.
#[expect(clippy::print_stdout, reason = "a command's answer")]
pub async fn run(args: &RotateArgs) -> anyhow::Result<()> {
    let service = by_name(&args.service).with_context(|| format!("there is no service {}", args.service))?;
    let common = service.settings(&Settings::load(&names())).check(true)?;
    let own = match args.ring {
        Ring::Vault => &common.vault.keys_file,
        Ring::Lookup => &common.vault.lookup_keys_file,
    };
    let file = args.file.as_ref().unwrap_or(own);
    if file == Path::new("") {
        bail!(
            "the ring of {} is in no file: set vault.{}",
            service.name,
            args.ring.setting()
        );
    }
    let db = Db::connect(&common.database).await?;
    let outcome = rotate(&db, args.ring, file, |line| println!("{line}")).await;
    db.close().await;
    outcome
}

/// Rotates the key of a ring, whose processes report to `db`; `progress` hears a line for each step.
///
/// # Errors
///
/// As [`run`].
pub async fn rotate(db: &Db, ring: Ring, file: &Path, mut progress: impl FnMut(&str)) -> anyhow::Result<()> {
    let (new, old) = begin(file, &mut progress)?;
    let watch = Watch { db, ring };
    watch
        .until("have it", &mut progress, |process| watch.keys(process).contains(&new))
        .await?;

    let text = fs::read_to_string(file)?;
    rings::replace(file, &first(&text, &new))?;
    progress(&format!("put {new} first"));
    let since = watch
        .until("use it", &mut progress, |process| {
            watch.keys(process).first() == Some(&new)
        })
        .await?;

    watch.until_free(&old, since, &mut progress).await?;

    rings::replace(file, &alone(&text, &new))?;
    progress(&format!("took {old} out"));
    // Each says so once more when it has looked through all with the new key alone.
    let is_done = |process: &Process| *watch.keys(process) == [new.clone()] && process.checked.is_some();
    watch.until("are done without it", &mut progress, is_done).await?;
    progress("done");
    Ok(())
}

/// The names of the new key and the old one; the new one is added where that was not done before.
fn begin(file: &Path, progress: &mut impl FnMut(&str)) -> anyhow::Result<(String, String)> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let known = KeyRing::parse(&text).with_context(|| format!("{} is no ring of keys", file.display()))?;
    let known: Vec<String> = known.names().map(str::to_owned).collect();
    let under_way = text.lines().find_map(|line| line.strip_prefix(MARK)?.split_once(AFTER));
    match (known.as_slice(), under_way) {
        ([old], None) => {
            let new = name(Clock::system().now(), rand::random());
            let text = format!("{MARK}{new}{AFTER}{old}\n{}\n{}", text.trim_end(), rings::line(&new));
            rings::replace(file, &text)?;
            progress(&format!("added {new} behind {old}"));
            Ok((new, old.clone()))
        }
        ([one, other], Some((new, old))) if [one, other] == [new, old] || [one, other] == [old, new] => {
            progress(&format!("going on with {new} in place of {old}"));
            Ok((new.to_owned(), old.to_owned()))
        }
        _ => bail!(
            "{} holds {} and no word of a rotation: somebody changes it by hand",
            file.display(),
            known.join(", ")
        ),
    }
}

/// How the line begins that says what is going on, for whoever goes on with it.
const MARK: &str = "# rotation: ";
const AFTER: &str = " after ";

/// A name of the day, and of chance.
fn name(now: OffsetDateTime, chance: u16) -> String {
    format!("{}-{chance:04x}", now.date())
}

/// The ring with a key first.
fn first(text: &str, new: &str) -> String {
    let is_new = |line: &&str| line.split_whitespace().next() == Some(new);
    let (new, others): (Vec<_>, Vec<_>) = text.lines().partition(is_new);
    let (said, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|line| line.starts_with('#'));
    let lines: Vec<_> = said.into_iter().chain(new).chain(others).collect();
    lines.join("\n") + "\n"
}

/// The ring of a key alone.
fn alone(text: &str, new: &str) -> String {
    let kept = text.lines().find(|line| line.split_whitespace().next() == Some(new));
    format!("{}\n", kept.unwrap_or_default())
}

/// Watches the processes of a service.
struct Watch<'w> {
    db: &'w Db,
    ring: Ring,
}

impl Watch<'_> {
    fn keys<'p>(&self, process: &'p Process) -> &'p [String] {
        match self.ring {
            Ring::Vault => &process.keys,
            Ring::Lookup => &process.lookup_keys,
        }
    }

    /// Waits until the keys of every process are as wanted, and says what time it is at the database then.
    async fn until(
        &self,
        what: &str,
        progress: &mut impl FnMut(&str),
        wanted: impl Fn(&Process) -> bool,
    ) -> anyhow::Result<OffsetDateTime> {
        let mut told = None;
        loop {
            let (now, processes) = vault::processes(self.db, ALIVE_WITHIN).await?;
            if processes.is_empty() {
                bail!("no process of the service says which keys it has: is it running?");
            }
            let so_far = processes.iter().filter(|process| wanted(process)).count();
            if told.replace((so_far, processes.len())) != Some((so_far, processes.len())) {
                progress(&format!("{so_far} of {} processes {what}", processes.len()));
            }
            if so_far == processes.len() {
                return Ok(now);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until every process has looked through all that is stored since a time, and nothing needs the old key.
    async fn until_free(
        &self,
        old: &str,
        since: OffsetDateTime,
        progress: &mut impl FnMut(&str),
    ) -> anyhow::Result<()> {
        let mut told = None;
        loop {
            let (_, processes) = vault::processes(self.db, ALIVE_WITHIN).await?;
            let is_through = |process: &Process| process.checked.is_some_and(|(at, behind)| at > since && behind == 0);
            let needing = match self.ring {
                Ring::Vault => vault::needing(self.db, old).await?,
                Ring::Lookup => 0,
            };
            let waiting = processes.iter().filter(|process| !is_through(process)).count();
            if told.replace((needing, waiting)) != Some((needing, waiting)) {
                progress(&format!(
                    "{needing} records still need {old}; {waiting} processes are looking"
                ));
            }
            if needing == 0 && waiting == 0 {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn keys(text: &str) -> Vec<String> {
        KeyRing::parse(text).unwrap().names().map(str::to_owned).collect()
    }

    #[test]
    fn a_ring_goes_from_the_old_key_to_the_new_one_and_a_rotation_is_gone_on_with() {
        let file = std::env::temp_dir().join(format!("support-rotate-{}.keys", std::process::id()));
        fs::write(&file, rings::line("first")).unwrap();
        let (new, old) = begin(&file, &mut |_| {}).unwrap();
        assert_eq!(old, "first");
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(keys(&text), ["first", &new]);
        assert_eq!(begin(&file, &mut |_| {}).unwrap(), (new.clone(), old.clone()));
        rings::replace(&file, &first(&text, &new)).unwrap();
        assert_eq!(keys(&fs::read_to_string(&file).unwrap()), [&*new, "first"]);
        assert_eq!(begin(&file, &mut |_| {}).unwrap(), (new.clone(), old));
        let left = alone(&text, &new);
        assert_eq!(keys(&left), [new]);
        assert!(!left.contains('#'), "{left}");
        fs::write(&file, format!("{}{}", rings::line("a"), rings::line("b"))).unwrap();
        let refused = begin(&file, &mut |_| {}).unwrap_err().to_string();
        assert!(refused.contains("a, b") && refused.contains("by hand"), "{refused}");
        fs::remove_file(file).unwrap();
    }

    #[test]
    fn names_are_of_the_form_that_rings_take() {
        let name = name(datetime!(2026-11-26 12:00 UTC), 0xab);
        assert_eq!(name, "2026-11-26-00ab");
        assert_eq!(keys(&rings::line(&name)), [name]);
    }
}
