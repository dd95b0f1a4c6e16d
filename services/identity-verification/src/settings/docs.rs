//! What each setting is for, as operators read it.

use support_chassis::settings::{SettingDoc, SettingDocs};

use super::IdentitySettings;

/// What each setting is for.
pub const DOCS: SettingDocs = SettingDocs::of::<IdentitySettings>(&[
    SettingDoc::plain(
        "product_name",
        "name of the maker's support, in messages that could not be rendered",
    ),
    SettingDoc::secret(
        "service_key",
        "key of one-time codes: base64 of 32 random bytes; a change voids open codes",
    ),
    SettingDoc::plain("service_key_file", "file with the same, for mounted secrets"),
    SettingDoc::plain("tokens.issuer", "issuer of session and access tokens"),
    SettingDoc::plain(
        "tokens.audience",
        "audience of session and access tokens: what the gateway expects",
    ),
    SettingDoc::secret(
        "tokens.session_key",
        "Ed25519 key of tokens: base64 of the 32-byte seed, or PKCS#8 PEM",
    ),
    SettingDoc::plain("tokens.session_key_file", "file with the same, for mounted secrets"),
    SettingDoc::plain(
        "tokens.previous_public_keys",
        "public keys whose tokens are still about, after a rotation",
    ),
    SettingDoc::secret(
        "tokens.next_session_key",
        "the key that follows tokens.session_key, published at once; empty for none",
    ),
    SettingDoc::plain(
        "tokens.next_session_key_file",
        "file with the same, for mounted secrets",
    ),
    SettingDoc::plain(
        "tokens.next_from",
        "from when on the next key signs, as in 2026-03-01T12:00:00Z; at least ten minutes after all processes were told",
    ),
    SettingDoc::plain(
        "tokens.endpoint",
        "address of the token endpoint as partners call it, which their assertions may name as audience beside tokens.issuer",
    ),
    SettingDoc::plain(
        "tokens.partner_minutes",
        "how long a partner's access token is good, in minutes",
    ),
    SettingDoc::plain(
        "partners.private_addresses",
        "whether partners may publish their keys at addresses that are not public: for development, not in production",
    ),
    SettingDoc::plain(
        "passkeys.domain",
        "domain that passkeys are made for: they work on its pages alone, and a change voids them",
    ),
    SettingDoc::plain(
        "passkeys.origins",
        "origins of the pages that may use passkeys; empty for https and the domain",
    ),
    SettingDoc::plain(
        "verification.expiry_interval_ms",
        "how often codes that ran out are looked for, in milliseconds",
    ),
    SettingDoc::plain(
        "delivery.outbox",
        "smtp to send messages, local to keep them for ListOutboxMessages",
    ),
    SettingDoc::plain(
        "delivery.poll_interval_ms",
        "how often messages due again are looked for, in milliseconds",
    ),
    SettingDoc::plain("delivery.concurrency", "messages on their way at the same time"),
    SettingDoc::plain(
        "delivery.lease_seconds",
        "after how long another worker takes over a message, in seconds",
    ),
    SettingDoc::plain(
        "delivery.local_retention_hours",
        "how long a local outbox keeps its messages, in hours",
    ),
    SettingDoc::plain(
        "delivery.notification_retention_days",
        "how long it is kept what customers were told, without words and addresses, in days",
    ),
    SettingDoc::plain("smtp.host", "mail server"),
    SettingDoc::plain("smtp.port", "its port: 587 with starttls, 465 with implicit"),
    SettingDoc::plain("smtp.tls", "starttls, implicit, or none (not in production)"),
    SettingDoc::plain(
        "smtp.from",
        "sender of messages: an address, or a name with an address in angle brackets",
    ),
    SettingDoc::plain("smtp.username", "user name at the mail server; empty for none"),
    SettingDoc::secret("smtp.password", "password at the mail server"),
    SettingDoc::plain("smtp.password_file", "file with the same, for mounted secrets"),
    SettingDoc::plain(
        "smtp.ca_file",
        "PEM certificates of a private authority to believe besides the public ones",
    ),
    SettingDoc::plain("smtp.timeout_seconds", "longest wait for the mail server, in seconds"),
    SettingDoc::plain(
        "sms.url",
        "web hook of the carrier of short messages; empty for none. See the README",
    ),
    SettingDoc::secret("sms.token", "bearer token for the carrier; empty for none"),
    SettingDoc::plain("sms.token_file", "file with the same, for mounted secrets"),
    SettingDoc::plain("sms.timeout_seconds", "longest wait for the carrier, in seconds"),
    SettingDoc::plain(
        "numbers.url",
        "web hook of a provider that knows of telephone numbers; empty for none. See the README",
    ),
    SettingDoc::secret("numbers.token", "bearer token for that provider; empty for none"),
    SettingDoc::plain("numbers.token_file", "file with the same, for mounted secrets"),
    SettingDoc::plain(
        "numbers.timeout_seconds",
        "longest wait for that provider, in seconds; a code goes out without its answer",
    ),
]);
