//! What a service is told, from all sources.

use std::io::Write as _;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use support_chassis::settings::{Common, Resolved, SettingDoc, SettingDocs, Settings, SettingsError};

const SERVICES: &[&str] = &["case", "routing", "identity-verification"];
const DEFAULTS: &str = "tick_seconds = 5\nsmtp_password = \"\"\n";
/// Any key.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const URL: &str = "postgres://case:sesame@db/case";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSettings {
    tick_seconds: u32,
    smtp_password: SecretString,
}

const DOCS: SettingDocs = SettingDocs::of::<CaseSettings>(&[
    SettingDoc::plain("tick_seconds", "how often clocks are looked at, in seconds"),
    SettingDoc::secret("smtp_password", "password of the mail server"),
]);

fn valid() -> Settings {
    Settings::new(SERVICES)
        .toml("support.toml", "region = 'eu'")
        .set("case.database.url", URL)
}

fn case(settings: &Settings) -> Resolved {
    settings.resolve("case", DEFAULTS, DOCS)
}

fn check(settings: &Settings) -> Result<Common, SettingsError> {
    case(settings).check(true)
}

fn variables(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The faults, each as a line.
fn faults(settings: &Settings) -> Vec<String> {
    check(settings)
        .unwrap_err()
        .faults
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_defaults_hold_where_nobody_says_otherwise() {
    let settings = valid();
    let common = check(&settings).unwrap();
    assert_eq!(common.region.to_string(), "eu");
    assert_eq!(common.server.max_in_flight, 1024);
    assert_eq!(case(&settings).section::<CaseSettings>().unwrap().tick_seconds, 5);
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(
        file,
        "region = 'eu'\n[database]\nurl = '{URL}'\nmax_connections = 30\nlock_timeout_ms = 77\n\
         [case]\ntick_seconds = 6\ndatabase.max_connections = 31\n[routing]\nwhatever = 1"
    )
    .unwrap();
    let settings = Settings::new(SERVICES).file(file.path());
    let common = check(&settings).unwrap();
    assert_eq!(
        common.database.max_connections, 31,
        "what is said to one wins over what is said to all"
    );
    assert_eq!(common.database.lock_timeout_ms, 77);
    assert_eq!(common.database.acquire_timeout_ms, 3000, "tables are merged");

    let settings = settings.environment(variables(&[
        ("SUPPORT__DATABASE__MAX_CONNECTIONS", "40"),
        ("SUPPORT_CASE__TICK_SECONDS", "7"),
        ("SUPPORT_ROUTING__DATABASE__LOCK_TIMEOUT_MS", "1"),
        ("SUPPORT_SETTINGS", "/etc/support.toml"),
        ("HOME", "/root"),
    ]));
    let common = check(&settings).unwrap();
    assert_eq!(
        common.database.max_connections, 40,
        "a later source wins even where it speaks to all"
    );
    assert_eq!(common.database.lock_timeout_ms, 77, "another service's business");
    assert_eq!(case(&settings).section::<CaseSettings>().unwrap().tick_seconds, 7);
}

#[test]
fn names_with_a_hyphen_are_written_with_an_underscore_in_the_environment() {
    let settings = Settings::new(SERVICES).environment(variables(&[
        ("SUPPORT__REGION", "jp"),
        ("SUPPORT_IDENTITY_VERIFICATION__DATABASE__URL", URL),
        ("SUPPORT__PEERS__IDENTITY_VERIFICATION", "http://a:1, http://b:2"),
        ("SUPPORT__PEERS__ROUTING", "[http://c:3]"),
    ]));
    let common = settings
        .resolve("identity-verification", "", SettingDocs::none())
        .check(true)
        .unwrap();
    assert_eq!(
        common.peers.endpoints("identity-verification").unwrap(),
        ["http://a:1", "http://b:2"]
    );
    assert_eq!(common.peers.endpoints("routing").unwrap(), ["http://c:3"]);
    assert_eq!(common.peers.endpoints("case"), None);
}

#[test]
fn a_misspelt_name_is_refused_by_name() {
    let settings = valid().environment(variables(&[
        ("SUPPORT__DATABASE__MAX_CONECTIONS", "5"),
        ("SUPPORT_CASE__TIK_SECONDS", "5"),
        ("SUPPORT__DATABSE__URL", "x"),
        ("SUPPORT_ROUTNG__LISTEN", "x"),
    ]));
    let mut faults = faults(&settings);
    faults.sort();
    assert_eq!(
        faults,
        [
            "case.tik_seconds: is no setting, did you mean tick_seconds? (in variable SUPPORT_CASE__TIK_SECONDS)",
            "database.max_conections: is no setting, did you mean max_connections? \
             (in variable SUPPORT__DATABASE__MAX_CONECTIONS)",
            "databse: is no setting, did you mean database? (in variable SUPPORT__DATABSE__URL)",
            "routng: is no setting, did you mean routing? (in variable SUPPORT_ROUTNG__LISTEN)",
        ]
    );
}

#[test]
fn all_faults_come_at_once() {
    let settings = Settings::new(SERVICES).toml("support.toml", "listen = 'here'\nenvironment = 'prod'").toml(
        "more.toml",
        "[server]\nmax_in_flight = 'many'\ndrain_seconds = -1\n[passport]\ntrust = [{issuer = 'gateway', role = 'god', \
         public_key = ''}]\n[case]\ntick_seconds = 'often'",
    );
    let faults = faults(&settings).join("\n");
    for expected in [
        "listen: ",
        "environment: is none of development, production (in support.toml)",
        "server.max_in_flight: is text, expected ",
        "server.drain_seconds: is ",
        "passport.trust.0.role: is none of gateway, service",
        "region: is not set",
        "database.url: is not set; set it in SUPPORT_CASE__DATABASE__URL",
        "case.tick_seconds: is text, expected u32 (in more.toml)",
    ] {
        assert!(faults.contains(expected), "{expected:?} is missing in:\n{faults}");
    }
}

#[test]
fn values_out_of_range_are_faults() {
    let settings = valid()
        .set("telemetry.sample_ratio", 1.5)
        .set("telemetry.otlp_endpoint", "collector:4317")
        .set("database.max_connections", 1)
        .set("peers.routing", Vec::<String>::new());
    let paths: Vec<_> = check(&settings)
        .unwrap_err()
        .faults
        .into_iter()
        .map(|fault| fault.path)
        .collect();
    assert_eq!(
        paths,
        [
            "database.max_connections",
            "telemetry.sample_ratio",
            "telemetry.otlp_endpoint",
            "peers.routing"
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault_that_does_not_quote_it() {
    let missing = faults(&valid().file("/nowhere/support.toml".as_ref()));
    assert!(missing[0].starts_with("cannot read the file") && missing[0].contains("/nowhere/support.toml"));

    let broken = faults(&valid().toml("support.toml", "[database]\npassword = sesame\n")).join("\n");
    assert!(broken.contains("line 2") && broken.contains("support.toml"), "{broken}");
    assert!(!broken.contains("sesame"), "{broken}");
}

#[test]
fn secrets_are_never_shown() {
    let settings = valid()
        .set("passport.signing_key", KEY)
        .environment(variables(&[("SUPPORT_CASE__SMTP_PASSWORD", "sesame-mail")]));
    let resolved = case(&settings);
    let common = resolved.check(true).unwrap();
    assert_eq!(common.database.url.expose_secret(), URL);
    let section = resolved.section::<CaseSettings>().unwrap();
    assert_eq!(section.smtp_password.expose_secret(), "sesame-mail");

    let shown = format!(
        "{settings:?} {resolved:?} {common:?} {section:?} {:?}",
        resolved.describe()
    );
    assert!(!shown.contains("sesame") && !shown.contains(KEY), "{shown}");
    let wrong = valid()
        .set("case.database.url", "sesame")
        .set("case.smtp_password", vec!["sesame"]);
    let shown = format!("{0} {0:?}", check(&wrong).unwrap_err());
    assert!(!shown.contains("sesame") && shown.contains("smtp_password"), "{shown}");
}

#[test]
fn text_that_looks_like_a_number_stays_text() {
    let settings = valid().environment(variables(&[("SUPPORT_CASE__SMTP_PASSWORD", "00123")]));
    check(&settings).unwrap();
    assert_eq!(
        case(&settings)
            .section::<CaseSettings>()
            .unwrap()
            .smtp_password
            .expose_secret(),
        "00123"
    );
}

#[test]
fn every_setting_is_described_with_default_value_and_source() {
    let settings = valid().environment(variables(&[("SUPPORT__SERVER__DRAIN_SECONDS", "9")]));
    let described = case(&settings).describe();
    let of = |path: &str| described.iter().find(|setting| setting.path == path).unwrap();

    let drain = of("server.drain_seconds");
    assert_eq!((drain.default.as_str(), drain.current.as_str()), ("20", "9"));
    assert_eq!(drain.origin, "variable SUPPORT__SERVER__DRAIN_SECONDS");
    assert_eq!(drain.variable, "SUPPORT_CASE__SERVER__DRAIN_SECONDS");
    assert_eq!(
        (of("database.url").default.as_str(), of("database.url").current.as_str()),
        ("unset", "set")
    );
    assert_eq!(of("case.tick_seconds").variable, "SUPPORT_CASE__TICK_SECONDS");
    assert_eq!(of("case.smtp_password").current, "unset");
    assert_eq!(of("region").origin, "support.toml");
}

#[test]
fn every_setting_is_documented_and_every_documented_one_exists() {
    let described: Vec<_> = case(&Settings::new(SERVICES))
        .describe()
        .into_iter()
        .filter(|setting| !setting.path.starts_with("case."))
        .collect();
    for setting in &described {
        assert!(
            !setting.doc.is_empty() && !setting.origin.is_empty(),
            "{} exists nowhere",
            setting.path
        );
    }
    // What can be said and is not described would be found by nobody.
    let defaults = include_str!("../../src/settings/defaults.toml");
    let mut table = String::new();
    for line in defaults.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.clone_into(&mut table);
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let path = if table.is_empty() {
                key.to_owned()
            } else {
                format!("{table}.{key}")
            };
            assert!(
                described.iter().any(|setting| setting.path == path),
                "{path} is not described"
            );
        }
    }
}

#[test]
fn a_signing_key_can_be_mounted_as_a_file_but_not_be_said_twice() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{KEY}").unwrap();
    let mounted = valid().set("passport.signing_key_file", file.path());
    let signer = check(&mounted).unwrap().passport.signer("case").unwrap().unwrap();
    assert_eq!(signer.issuer(), "case");

    let twice = faults(&mounted.set("passport.signing_key", KEY)).join("\n");
    assert!(
        twice.starts_with("passport.signing_key_file: is set beside passport.signing_key"),
        "{twice}"
    );
    let missing = faults(&valid().set("passport.signing_key_file", "/nowhere/key")).join("\n");
    assert!(
        missing.starts_with("passport.signing_key_file: cannot be read"),
        "{missing}"
    );
}

#[test]
fn the_keys_of_personal_data_come_in_two_rings_that_share_nothing_and_are_never_shown() {
    const FIRST: &str = "first AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const OTHER: &str = "first AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
    assert!(check(&valid()).unwrap().vault.vault().unwrap().is_none());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "# since May\n{FIRST}").unwrap();
    let both = valid()
        .set("vault.keys_file", file.path())
        .set("vault.lookup_keys", OTHER);
    let common = check(&both).unwrap();
    assert!(common.vault.vault().unwrap().is_some());
    assert!(!format!("{common:?}").contains("AQEB") && !format!("{common:?}").contains("AgIC"));
    for (settings, expected) in [
        (valid().set("vault.keys", FIRST), "vault.lookup_keys: is not set"),
        (valid().set("vault.lookup_keys", FIRST), "vault.keys: is not set"),
        (both.clone().set("vault.keys", FIRST), "vault.keys_file: is set beside"),
        (
            both.clone().set("vault.lookup_keys", FIRST),
            "vault.lookup_keys: holds a key of",
        ),
        (
            both.set("vault.lookup_keys", "AQEBnokey"),
            "vault.lookup_keys: line 1 is not",
        ),
    ] {
        let told = faults(&settings).join("\n");
        assert!(told.starts_with(expected), "{told}");
        assert!(!told.contains("AQEB"), "{told}");
    }
}

#[test]
fn production_believes_somebody() {
    let faults = faults(&valid().set("environment", "production"));
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("passport.trust: is empty"), "{faults:?}");
}

#[test]
fn a_region_alone_holds_the_authority_itself() {
    let standard = check(&valid()).unwrap().standard;
    assert_eq!(standard.authority.to_string(), "eu");
    assert!(standard.regions.is_empty());
}

#[test]
fn regions_are_followed_by_name_also_from_the_environment() {
    let settings = valid()
        .toml(
            "support.toml",
            "standard.authority = 'us'\n[case.standard.regions]\nus = ['https://case.us', 'https://case-2.us']",
        )
        .environment(variables(&[(
            "SUPPORT_CASE__STANDARD__REGIONS__JP",
            "http://case.jp, http://case-2.jp",
        )]));
    let standard = check(&settings).unwrap().standard;
    assert_eq!(standard.authority.to_string(), "us");
    let regions: Vec<_> = standard
        .regions
        .iter()
        .map(|(region, endpoints)| (region.as_str(), endpoints.len()))
        .collect();
    assert_eq!(regions, [("jp", 2), ("us", 2)]);
}

#[test]
fn the_gateway_need_not_follow_the_region_that_holds_the_authority() {
    // Said for all processes of a region, of which the services follow others, each by itself.
    let settings = valid().toml("support.toml", "standard.authority = 'us'");
    let resolved = case(&settings);
    assert!(resolved.check(true).is_err());
    assert_eq!(resolved.check(false).unwrap().standard.authority.to_string(), "us");
}

#[test]
fn who_holds_the_authority_is_never_guessed() {
    let one = |toml: &str| {
        let all = faults(&valid().toml("support.toml", toml));
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap()
    };
    for (toml, path, what) in [
        (
            "[standard]\nregions.us = 'http://case.us'",
            "standard.authority",
            "is not set",
        ),
        (
            "[standard]\nauthority = 'jp'\nregions.us = 'http://case.us'",
            "standard.authority",
            "neither this region nor one",
        ),
        (
            "[standard]\nauthority = 'jp'",
            "standard.authority",
            "neither this region nor one",
        ),
        ("[standard]\nauthority = 'japan'", "standard.authority", "is no region"),
        (
            "[standard]\nauthority = 'eu'\nregions.eu = 'http://case.eu'",
            "standard.regions.eu",
            "is this region itself",
        ),
        (
            "[standard]\nauthority = 'eu'\nregions.usa = 'http://case.us'",
            "standard.regions.usa",
            "is no region",
        ),
        (
            "[standard]\nauthority = 'eu'\nregions.us = 'case.us'",
            "standard.regions.us",
            "is no list of http",
        ),
    ] {
        let fault = one(toml);
        assert!(fault.contains(path) && fault.contains(what), "{toml}: {fault}");
    }
}
