//! `support keys`.

pub mod rings;
pub mod rotate;

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;

use self::rings::Ring;
use self::rotate::RotateArgs;
use crate::services::{SERVICES, names};

/// What `--help` says beyond the first line.
const LONG_HELP: &str = "\
Makes the keys of a deployment, one a service and the gateway's, and a settings file that names them and says whom each
believes. Run it once for a region; never over keys that are there.

The key files are secrets. The settings file holds public keys alone and can lie in version control; what is left to say
(database URLs, SMTP, the identity provider of staff) stands in it as comments. Example:
  support keys deploy/compose/keys --mounted-at /keys

Where several regions rule by one standard, make the keys of each with --among-regions. Its services then sign as
`<service>-<region>`, so that those of two regions are never taken for each other, and a second file, abroad.toml, says what
the other regions are told of this one. They let its services follow their rules, and do nothing else. Example:
  support keys keys-eu --region eu --among-regions
  support keys keys-us --region us --among-regions --authority eu";

/// The words after the command: what they do is said in `LONG_HELP`.
#[derive(Debug, Args)]
#[command(after_long_help = LONG_HELP, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct KeysArgs {
    /// What to do instead with keys that are there.
    #[command(subcommand)]
    change: Option<KeysCommand>,
    #[command(flatten)]
    new: Option<NewKeys>,
}

/// What is done with keys that are there.
#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Put a new key of personal data in the place of the one in use
    Rotate(RotateArgs),
}

/// The keys to be made.
#[derive(Debug, Args)]
struct NewKeys {
    /// The folder to write to; made where it is not there.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where the services will find the folder.
    #[arg(long, value_name = "PATH", default_value = "/keys")]
    mounted_at: String,
    /// The region, two lower-case letters.
    #[arg(long, value_name = "REGION", default_value = "eu")]
    region: support_chassis::id::Region,
    /// Make them for one of several regions.
    #[arg(long)]
    among_regions: bool,
    /// The region that publishes what holds everywhere, to begin with: the same for all; without it, this one.
    #[arg(long, value_name = "REGION", requires = "among_regions")]
    authority: Option<support_chassis::id::Region>,
}

impl NewKeys {
    /// The name that a service signs with.
    fn issuer(&self, name: &str) -> String {
        // The gateway speaks for callers, and is believed in its own region alone.
        if self.among_regions && name != support_gateway::NAME {
            format!("{name}-{}", self.region)
        } else {
            name.to_owned()
        }
    }
}

/// Carries it out.
///
/// # Errors
///
/// Where a file is there already or cannot be written, or a key cannot be rotated.
pub async fn run(args: KeysArgs) -> anyhow::Result<()> {
    match (args.change, args.new) {
        (Some(KeysCommand::Rotate(args)), _) => rotate::run(&args).await,
        (None, Some(args)) => make_new(&args),
        (None, None) => anyhow::bail!("name a folder for the keys"),
    }
}

/// Makes keys.
#[expect(clippy::print_stdout, reason = "a command's answer")]
fn make_new(args: &NewKeys) -> anyhow::Result<()> {
    fs::create_dir_all(&args.folder).with_context(|| format!("cannot make {}", args.folder.display()))?;
    let mut trust = String::new();
    let mut abroad = String::new();
    let mut sections = String::new();
    for name in names() {
        let seed: [u8; 32] = rand::random();
        write_new(&args.folder.join(format!("{name}.key")), &STANDARD.encode(seed), 0o600)?;
        let public = STANDARD.encode(SigningKey::from_bytes(&seed).verifying_key().as_bytes());
        let role = if name == support_gateway::NAME {
            "gateway"
        } else {
            "service"
        };
        let issuer = args.issuer(name);
        let line =
            |role: &str| format!("    {{ issuer = \"{issuer}\", role = \"{role}\", public_key = \"{public}\" }},\n");
        trust.push_str(&line(role));
        if role == "service" {
            abroad.push_str(&line("region"));
        }
        writeln!(
            sections,
            "\n[{name}.passport]\nsigning_key_file = \"{}/{name}.key\"",
            args.mounted_at
        )?;
        if issuer != name {
            writeln!(sections, "issuer = \"{issuer}\"")?;
        }
    }
    for name in ["session", "codes"] {
        write_new(
            &args.folder.join(format!("{name}.key")),
            &STANDARD.encode(rand::random::<[u8; 32]>()),
            0o600,
        )?;
    }
    rings::make(&args.folder)?;
    let settings = settings(args, &trust, &sections)?;
    write_new(&args.folder.join("support.toml"), &settings, 0o644)?;
    let mut files = "support.toml";
    if args.among_regions {
        write_new(&args.folder.join("abroad.toml"), &told_abroad(args, &abroad)?, 0o644)?;
        files = "support.toml and abroad.toml";
    }
    println!(
        "wrote {} keys, {files} to {}",
        names().len() + 2 + SERVICES.len() * Ring::ALL.len(),
        args.folder.display()
    );
    Ok(())
}

/// What the other regions are told of this one.
fn told_abroad(args: &NewKeys, trust: &str) -> anyhow::Result<String> {
    let region = args.region;
    let mut text = format!(
        "# What every other region is told of region {region}, in its own support.toml: public keys and addresses, no secrets.\n\
         \n# 1. Into the list `trust` of its section [passport], so that the services here may follow theirs:\n\n{trust}\
         \n# 2. Where the services here are, so that theirs follow them; each has its own section:\n"
    );
    for service in SERVICES {
        write!(
            text,
            "\n[{0}.standard.regions]\n{region} = [\"https://{0}.{region}.example.com\"]\n",
            service.name
        )?;
    }
    Ok(text)
}

fn settings(args: &NewKeys, trust: &str, sections: &str) -> anyhow::Result<String> {
    let mut text =
        String::from("# What every service of this region is told. `support doctor SERVICE` explains each setting.\n");
    writeln!(
        text,
        "region = \"{}\"\nenvironment = \"production\"\nlisten = \"0.0.0.0:8080\"",
        args.region
    )?;
    text.push_str("\n[telemetry]\nlog_format = \"json\"\n# otlp_endpoint = \"http://collector:4317\"\n\n[peers]\n");
    for service in SERVICES {
        writeln!(text, "{0} = \"http://{0}:8080\"", service.name)?;
    }
    writeln!(
        text,
        "\n[passport]\n# Whose passports are believed: public keys.\ntrust = [\n{trust}]"
    )?;
    write!(
        text,
        "\n[standard]\n# The region that publishes what holds everywhere, to begin with. The same in every region, and never changed: it is\n\
         # moved by `support standard authority`.\nauthority = \"{}\"\n\
         # Other regions are named for each service, [case.standard.regions], and their services believed in [passport] above:\n\
         # their own `support keys --among-regions` writes both to abroad.toml.\n",
        args.authority.unwrap_or(args.region)
    )?;
    text.push_str(sections);
    for service in SERVICES {
        writeln!(text, "\n[{}.vault]", service.name)?;
        for ring in Ring::ALL {
            let path = ring.path(Path::new(&args.mounted_at), service.name);
            writeln!(text, "{} = \"{}\"", ring.setting(), path.display())?;
        }
    }
    writeln!(
        text,
        "\n[identity-verification]\nservice_key_file = \"{0}/codes.key\"\n\n[identity-verification.tokens]\n\
         session_key_file = \"{0}/session.key\"\n\n[identity-verification.smtp]\n# host = \"smtp.example.com\"\n\
         # from = \"Support <support@example.com>\"\n\n[identity-verification.sms]\n# A carrier of short messages, if there is one:\n\
         # url = \"https://sms.example.com/send\"\n# token_file = \"{0}/sms.token\"",
        args.mounted_at
    )?;
    text.push_str(
        "\n# Database URLs are secrets and come by the environment: SUPPORT_CASE__DATABASE__URL and so on.\n\
         \n[gateway]\n# Who vouches for staff and operators:\n\
         # issuers = [{ issuer = \"https://id.example.com\", kinds = [\"staff\", \"operator\"], jwks_file = \"/keys/staff.jwks\" }]\n\
         # allowed_origins = [\"https://desk.example.com\"]\n",
    );
    Ok(text)
}

/// Writes a file that must not be there yet: a key that is lost locks everyone out.
fn write_new(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(mode)
        .open(path)
        .with_context(|| format!("cannot write {} (is it there already?)", path.display()))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use support_chassis::settings::{Settings, TrustRole};

    use super::*;

    #[test]
    fn the_settings_it_writes_are_whole_but_for_what_they_ask_for() {
        let folder = std::env::temp_dir().join(format!("support-keys-{}", std::process::id()));
        let args = NewKeys {
            folder: folder.clone(),
            mounted_at: folder.display().to_string(),
            region: "eu".parse().unwrap(),
            among_regions: false,
            authority: None,
        };
        make_new(&args).unwrap();
        let settings = Settings::new(&names()).file(&folder.join("support.toml"));
        for service in SERVICES {
            let url = "postgres://role:word@localhost/db";
            let settings = settings
                .clone()
                .set(&format!("{}.database.url", service.name), url)
                .set("identity-verification.smtp.host", "smtp.example.com")
                .set("identity-verification.smtp.from", "support@example.com");
            let checked = service.settings(&settings).check(true);
            assert!(checked.is_ok(), "{}: {}", service.name, checked.unwrap_err());
        }
        let gateway = settings.resolve(
            support_gateway::NAME,
            support_gateway::DEFAULTS,
            support_gateway::setting_docs(),
        );
        assert!(gateway.check(false).is_ok());
        assert!(make_new(&args).is_err(), "keys that are there are not written over");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn two_regions_are_joined_by_what_they_tell_each_other() {
        let folder = std::env::temp_dir().join(format!("support-keys-regions-{}", std::process::id()));
        let make = |region: &str| {
            let folder = folder.join(region);
            let args = NewKeys {
                folder: folder.clone(),
                mounted_at: folder.display().to_string(),
                region: region.parse().unwrap(),
                among_regions: true,
                authority: Some("us".parse().unwrap()),
            };
            make_new(&args).unwrap();
            let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
            (read("support.toml"), read("abroad.toml"))
        };
        let ((eu, _), (_, of_us)) = (make("eu"), make("us"));
        // As the file says to: the first part into `trust`, the second at the end.
        let (trust, regions) = of_us.split_once("# 2.").unwrap();
        let joined = eu.replacen("trust = [\n", &format!("trust = [\n{trust}"), 1) + "# 2." + regions;
        let file = folder.join("joined.toml");
        fs::write(&file, joined).unwrap();
        let settings = Settings::new(&names())
            .file(&file)
            .set("warranty.database.url", "postgres://role:word@localhost/db");
        let checked = support_warranty::SERVICE.settings(&settings).check(true).unwrap();
        assert_eq!(checked.standard.authority.to_string(), "us");
        let followed: Vec<String> = checked.standard.regions.keys().map(ToString::to_string).collect();
        assert_eq!(followed, ["us"]);
        let believed: Vec<&str> = checked
            .passport
            .trust
            .iter()
            .map(|signer| signer.issuer.as_str())
            .collect();
        for name in ["gateway", "warranty-eu", "case-eu", "warranty-us", "case-us"] {
            assert!(believed.contains(&name), "{name} not in {believed:?}");
        }
        let gateways = believed.iter().filter(|name| **name == "gateway").count();
        assert_eq!(gateways, 1, "of its own region alone");
        // Whoever is of another region may follow the rules and do nothing else.
        let mut abroad = checked
            .passport
            .trust
            .iter()
            .filter(|signer| signer.issuer.ends_with("-us"));
        assert!(abroad.all(|signer| signer.role == TrustRole::Region));
        assert_eq!(checked.passport.issuer, "warranty-eu");
        let gateway = settings.resolve(
            support_gateway::NAME,
            support_gateway::DEFAULTS,
            support_gateway::setting_docs(),
        );
        assert!(gateway.check(false).is_ok());
        fs::remove_dir_all(folder).unwrap();
    }
}
