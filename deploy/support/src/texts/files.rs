//! `support texts export` and `import`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use support_proto::support::localisation::v1::{ExportMessagesRequest, ImportMessagesRequest, MessageFileFormat};

use super::drafts::findings;
use crate::connection::{Connection, refused, request_id};
use crate::session::{Caller, call};
use crate::terminal::count;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// XLIFF 2.0, with the source beside the translation.
    Xliff,
    /// A message resource of Unicode MessageFormat 2.
    Mf2,
    /// A table: key, source, target.
    Csv,
}

impl Format {
    const ALL: [Self; 3] = [Self::Xliff, Self::Mf2, Self::Csv];

    const fn extension(self) -> &'static str {
        match self {
            Self::Xliff => "xlf",
            Self::Mf2 => "mf2",
            Self::Csv => "csv",
        }
    }

    const fn of_the_contract(self) -> MessageFileFormat {
        match self {
            Self::Xliff => MessageFileFormat::Xliff2,
            Self::Mf2 => MessageFileFormat::Mf2Resource,
            Self::Csv => MessageFileFormat::Csv,
        }
    }
}

/// Writes the texts of languages to files that translators' tools read, one a language and five hundred texts:
/// `de.xlf`, `de-2.xlf`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The languages, by their locale's tag.
    #[arg(value_name = "LOCALE", required = true)]
    locales: Vec<String>,
    /// The kind of file.
    #[arg(long, value_enum, default_value = "xliff")]
    format: Format,
    /// The folder to write to.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
    /// Only what is missing or out of date.
    #[arg(long)]
    only_open: bool,
    /// Only keys with this beginning.
    #[arg(long, value_name = "KEY", default_value = "")]
    prefix: String,
    #[command(flatten)]
    connection: Connection,
}

/// Reads such files: every text that is new becomes a draft, none is published.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The files. Their ends say what kind they are (`.xlf`, `.mf2`, `.csv`), their beginnings, as `export` names them, the language.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The language of all of them, where their names do not say it.
    #[arg(long, value_name = "LOCALE")]
    locale: Option<String>,
    /// Put the texts in the place of open drafts that say something else; without it those stay, and are named.
    #[arg(long)]
    replace_drafts: bool,
    #[command(flatten)]
    connection: Connection,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn export(args: &ExportArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    fs::create_dir_all(&args.out).with_context(|| format!("cannot make {}", args.out.display()))?;
    for locale in &args.locales {
        let mut request = ExportMessagesRequest {
            locale: locale.clone(),
            format: args.format.of_the_contract().into(),
            key_prefix: args.prefix.clone(),
            only_open: args.only_open,
            ..ExportMessagesRequest::default()
        };
        for number in 1.. {
            let page =
                call!(caller.translations().export_messages(request.clone())).map_err(|status| refused(&status))?;
            if page.message_count == 0 && number == 1 {
                println!("{locale}: nothing to translate");
                break;
            }
            let file = args.out.join(name(locale, number, args.format));
            fs::write(&file, &page.content).with_context(|| format!("cannot write {}", file.display()))?;
            println!("{}: {}", file.display(), texts(page.message_count));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn import(args: &ImportArgs) -> anyhow::Result<()> {
    // All of them are looked at before any is handed in.
    let mut read = Vec::new();
    for file in &args.files {
        let (locale, format) = said_by_name(file, args.locale.as_deref())?;
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        read.push((file, locale, format, content));
    }
    let caller = args.connection.connect()?;
    let mut faults = 0;
    for (file, locale, format, content) in read {
        println!("{}:", file.display());
        faults += hand_in(&caller, &locale, format, content, args.replace_drafts).await?;
    }
    if faults > 0 {
        bail!("{} to mend before they can be submitted", count(faults, "fault"));
    }
    Ok(())
}

/// Hands a file in, and says what became of it; the number of its faults.
#[expect(clippy::print_stdout, reason = "a command's answer")]
async fn hand_in(
    caller: &Caller,
    locale: &str,
    format: Format,
    content: Vec<u8>,
    replaces_drafts: bool,
) -> anyhow::Result<usize> {
    let request = ImportMessagesRequest {
        request_id: request_id(),
        locale: locale.to_owned(),
        format: format.of_the_contract().into(),
        content,
        replaces_drafts,
    };
    let answer = call!(caller.translations().import_messages(request.clone())).map_err(|status| refused(&status))?;
    println!(
        "  {} written, {} unchanged",
        count(answer.drafts.len(), "draft"),
        texts(answer.unchanged)
    );
    for key in &answer.kept {
        println!("  {key}: left alone, another draft is open (--replace-drafts puts this one in its place)");
    }
    print!("{}", findings(&answer.findings));
    Ok(answer.findings.len())
}

/// `de.xlf`, and `de-2.xlf` for the second.
fn name(locale: &str, number: usize, format: Format) -> String {
    let extension = format.extension();
    match number {
        1 => format!("{locale}.{extension}"),
        _ => format!("{locale}-{number}.{extension}"),
    }
}

/// The language and kind that a file's name tells.
fn said_by_name(file: &Path, locale: Option<&str>) -> anyhow::Result<(String, Format)> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    let format = Format::ALL
        .into_iter()
        .find(|format| extension.is_some_and(|extension| extension.eq_ignore_ascii_case(format.extension())))
        .with_context(|| format!("{}: its name must end with .xlf, .mf2 or .csv", file.display()))?;
    if let Some(locale) = locale {
        return Ok((locale.to_owned(), format));
    }
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    // No subtag of a language consists of fewer than three digits alone, which a number of a file does.
    let tag = match stem.rsplit_once('-') {
        Some((tag, number)) if number.len() < 3 && number.bytes().all(|byte| byte.is_ascii_digit()) => tag,
        _ => stem,
    };
    if tag.is_empty() {
        bail!("{}: which language? say it with --locale", file.display());
    }
    Ok((tag.to_owned(), format))
}

fn texts(number: i32) -> String {
    count(usize::try_from(number).unwrap_or(0), "text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_the_name_it_was_written_under() {
        for locale in ["de", "pt-BR", "es-419", "zh-Hant-HK", "sr-Latn"] {
            for format in Format::ALL {
                for number in [1, 2, 12] {
                    let file = name(locale, number, format);
                    let said = said_by_name(Path::new(&file), None).unwrap();
                    assert_eq!(said, (locale.to_owned(), format), "{file}");
                }
            }
        }
        let said = said_by_name(Path::new("from-the-agency.XLF"), Some("de")).unwrap();
        assert_eq!(said, ("de".to_owned(), Format::Xliff));
        assert!(said_by_name(Path::new("de.docx"), None).is_err());
    }
}
