//! Settings that would be wrong to start with.

use support_chassis::settings::{Environment, Settings};
use support_identity_verification::SERVICE;
use support_identity_verification::settings::IdentitySettings;

use crate::house::{base64, settings};

fn checked(change: impl FnOnce(Settings) -> Settings, environment: Environment) -> Result<(), String> {
    let settings = change(settings("postgres://x@127.0.0.1:1/x", "http://127.0.0.1:1"));
    let own: IdentitySettings = SERVICE
        .settings(&settings)
        .section()
        .map_err(|error| error.to_string())?;
    own.check(environment).map(drop).map_err(|error| error.to_string())
}

fn own(path: &str) -> String {
    format!("identity-verification.{path}")
}

fn by_mail(settings: Settings) -> Settings {
    settings
        .set(&own("delivery.outbox"), "smtp")
        .set(&own("smtp.host"), "mail.maker.example")
        .set(&own("smtp.from"), "support@maker.example")
}

#[test]
fn production_keeps_no_messages_and_encrypts_its_mail() {
    use Environment::{Development, Production};
    assert_eq!(checked(|settings| settings, Development), Ok(()));
    let refused = checked(|settings| settings, Production).unwrap_err();
    assert!(refused.contains("delivery.outbox"), "{refused}");
    assert_eq!(checked(by_mail, Production), Ok(()));
    let plain = |settings| by_mail(settings).set(&own("smtp.tls"), "none");
    assert_eq!(checked(plain, Development), Ok(()));
    assert!(checked(plain, Production).unwrap_err().contains("smtp.tls"));
}

#[test]
fn production_asks_no_addresses_inside_for_the_keys_of_partners() {
    let inside = |settings| by_mail(settings).set(&own("partners.private_addresses"), true);
    assert_eq!(checked(inside, Environment::Development), Ok(()));
    let refused = checked(inside, Environment::Production).unwrap_err();
    assert!(refused.contains("partners.private_addresses"), "{refused}");
}

#[test]
fn a_fault_is_named_and_no_secret_is_shown() {
    for (path, value) in [
        ("service_key", "too short a secret"),
        ("service_key", ""),
        ("tokens.session_key", "too short a secret"),
        ("tokens.session_key", ""),
        ("smtp.from", "too short a secret"),
        ("smtp.host", ""),
        ("smtp.ca_file", "/no/such/file"),
    ] {
        let refused = checked(
            |settings| by_mail(settings).set(&own(path), value),
            Environment::Development,
        )
        .unwrap_err();
        assert!(refused.contains(path), "{path}: {refused}");
        assert!(!refused.contains("too short a secret"), "{refused}");
    }
    for (path, value) in [
        ("verification.expiry_interval_ms", 0),
        ("delivery.concurrency", 0),
        ("delivery.poll_interval_ms", 0),
        ("tokens.partner_minutes", 0),
        ("smtp.timeout_seconds", 50),
    ] {
        let refused = checked(
            |settings| by_mail(settings).set(&own(path), value),
            Environment::Development,
        )
        .unwrap_err();
        assert!(refused.contains(path), "{path}: {refused}");
    }
    let previous = checked(
        |settings| settings.set(&own("tokens.previous_public_keys"), vec!["x"]),
        Environment::Development,
    );
    assert!(previous.unwrap_err().contains("tokens.previous_public_keys"));
    assert!(
        checked(
            |settings| settings.set(&own("tokens.isuer"), "x"),
            Environment::Development
        )
        .is_err()
    );
}

#[test]
fn what_is_a_rule_is_no_setting() {
    for path in ["code_minutes", "grant_minutes", "sends_per_hour"] {
        let refused = checked(
            |settings| settings.set(&own(&format!("verification.{path}")), 5),
            Environment::Development,
        );
        assert!(refused.unwrap_err().contains(path));
    }
}

#[test]
fn secrets_may_be_mounted() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{}\n", base64(&[9; 32]))).unwrap();
    let path = file.path().display().to_string();
    let mounted = |settings: Settings| {
        settings
            .set(&own("service_key"), "")
            .set(&own("service_key_file"), &path)
            .set(&own("tokens.session_key"), "")
            .set(&own("tokens.session_key_file"), &path)
    };
    assert_eq!(checked(mounted, Environment::Development), Ok(()));
}

#[test]
fn every_setting_is_described() {
    let settings = settings("postgres://x@127.0.0.1:1/x", "http://127.0.0.1:1");
    SERVICE.settings(&settings).check(true).unwrap();
    let described = format!("{:?}", SERVICE.settings(&settings).describe());
    for path in [
        "service_key",
        "tokens.session_key",
        "delivery.outbox",
        "smtp.ca_file",
        "verification.expiry_interval_ms",
    ] {
        assert!(described.contains(path), "{path}");
    }
    assert!(!described.contains(&base64(&[5; 32])), "secrets are not shown");
}
