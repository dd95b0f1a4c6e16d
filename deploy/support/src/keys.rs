//! `support keys`.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use ed25519_dalek::SigningKey;

use crate::services::{SERVICES, names};

/// What `--help` says beyond the first line.
const LONG_HELP: &str = "\
Makes the keys of a deployment, one a service and the gateway's, and a settings file that names them and says whom each
believes. Run it once for a region; never over keys that are there.

The key files are secrets. The settings file holds public keys alone and can lie in version control; what is left to say
(database URLs, SMTP, the identity provider of staff) stands in it as comments. Example:
  support keys deploy/compose/keys --mounted-at /keys";

/// The words after the command: what they do is said in `LONG_HELP`.
#[derive(Debug, Args)]
#[command(after_long_help = LONG_HELP)]
pub struct KeysArgs {
    /// The folder to write to; made where it is not there.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where the services will find the folder.
    #[arg(long, value_name = "PATH", default_value = "/keys")]
    mounted_at: String,
    /// The region, two lower-case letters.
    #[arg(long, value_name = "REGION", default_value = "eu")]
    region: support_chassis::id::Region,
}

/// Carries it out.
///
/// # Errors
///
/// Where a file is there already or cannot be written.
#[expect(clippy::print_stdout, reason = "a command's answer")]
pub fn run(args: &KeysArgs) -> anyhow::Result<()> {
    fs::create_dir_all(&args.folder).with_context(|| format!("cannot make {}", args.folder.display()))?;
    let mut trust = String::new();
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
        writeln!(
            trust,
            "    {{ issuer = \"{name}\", role = \"{role}\", public_key = \"{public}\" }},"
        )?;
        writeln!(
            sections,
            "\n[{name}.passport]\nsigning_key_file = \"{}/{name}.key\"",
            args.mounted_at
        )?;
    }
    for name in ["session", "codes"] {
        write_new(
            &args.folder.join(format!("{name}.key")),
            &STANDARD.encode(rand::random::<[u8; 32]>()),
            0o600,
        )?;
    }
    let settings = settings(args, &trust, &sections)?;
    write_new(&args.folder.join("support.toml"), &settings, 0o644)?;
    println!(
        "wrote {} keys and support.toml to {}",
        names().len() + 2,
        args.folder.display()
    );
    Ok(())
}

fn settings(args: &KeysArgs, trust: &str, sections: &str) -> anyhow::Result<String> {
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
    text.push_str(sections);
    writeln!(
        text,
        "\n[identity-verification]\nservice_key_file = \"{0}/codes.key\"\n\n[identity-verification.tokens]\n\
         session_key_file = \"{0}/session.key\"\n\n[identity-verification.smtp]\n# host = \"smtp.example.com\"\n\
         # from = \"Support <support@example.com>\"",
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
    use support_chassis::settings::Settings;

    use super::*;

    #[test]
    fn the_settings_it_writes_are_whole_but_for_what_they_ask_for() {
        let folder = std::env::temp_dir().join(format!("support-keys-{}", std::process::id()));
        let args = KeysArgs {
            folder: folder.clone(),
            mounted_at: folder.display().to_string(),
            region: "eu".parse().unwrap(),
        };
        run(&args).unwrap();
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
        assert!(run(&args).is_err(), "keys that are there are not written over");
        fs::remove_dir_all(folder).unwrap();
    }
}
