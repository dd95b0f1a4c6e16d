//! Sends mail by SMTP.

use std::fmt;
use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;
use support_chassis::service::StartError;
use time::OffsetDateTime;

use crate::NAME;
use crate::domain::ids::DeliveryId;
use crate::settings::{CheckedMail, SmtpSettings, SmtpTls};
use crate::words::{NO_LANGUAGE, Text};

/// Sends mail over one server. Clones share its connections.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    timeout: Duration,
}

/// Why a mail was not taken. Says what kind of answer the server gave and not what it said, since servers quote addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The server will not take it, now or later.
    #[error("the mail server refuses the message: {code}")]
    Refused {
        /// The reply code (RFC 5321, 4.2); 0 where the message did not get as far.
        code: u16,
    },
    /// The server did not take it now.
    #[error("the mail server did not take the message: {code}")]
    Deferred {
        /// The reply code; 0 where there was no reply.
        code: u16,
    },
    /// The server took too long.
    #[error("the mail server took too long")]
    TimedOut,
}

impl Mailer {
    /// A mailer for the server that the settings name. Connects when it first sends.
    ///
    /// # Errors
    ///
    /// Where the settings name no usable certificate or host.
    pub fn new(settings: &SmtpSettings, checked: CheckedMail) -> Result<Self, StartError> {
        let fault = |path: &str, what: &str| StartError::setting(NAME, &format!("{NAME}.smtp.{path}"), what);
        let mut parameters = TlsParameters::builder(settings.host.clone());
        if let Some(pem) = &checked.authorities {
            // One value for all certificates of the file.
            let authorities = Certificate::from_pem(pem).map_err(|_| fault("ca_file", "holds no certificate"))?;
            parameters = parameters.add_root_certificate(authorities);
        }
        let parameters = || {
            parameters
                .clone()
                .build()
                .map_err(|_| fault("host", "is no name of a host"))
        };
        let tls = match settings.tls {
            SmtpTls::Starttls => Tls::Required(parameters()?),
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
            SmtpTls::None => Tls::None,
        };
        let timeout = Duration::from_secs(settings.timeout_seconds.into());
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(timeout))
            // Servers judge a sender by the name it greets with.
            .hello_name(ClientId::Domain(checked.from.email.domain().to_owned()));
        if let Some(password) = checked.password {
            let password = password.expose_secret().to_owned();
            transport = transport.credentials(Credentials::new(settings.username.clone(), password));
        }
        Ok(Self {
            transport: transport.build(),
            from: checked.from,
            timeout,
        })
    }

    /// Sends `text` to `recipient`. The message's id is made of the delivery's, so that a message sent twice after a crash
    /// is one in a reader that looks.
    ///
    /// # Errors
    ///
    /// [`MailError`].
    pub async fn send(
        &self,
        recipient: &str,
        text: &Text,
        delivery: DeliveryId,
        now: OffsetDateTime,
    ) -> Result<(), MailError> {
        // An address that the contract takes and the mail library does not cannot be sent to.
        let to: Address = recipient.parse().map_err(|_| MailError::Refused { code: 0 })?;
        let message = self
            .write(to, text, delivery, now)
            .map_err(|_| MailError::Refused { code: 0 })?;
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judge(&error)),
            Err(_) => Err(MailError::TimedOut),
        }
    }

    fn write(
        &self,
        to: Address,
        text: &Text,
        delivery: DeliveryId,
        now: OffsetDateTime,
    ) -> Result<Message, lettre::error::Error> {
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.clone()])?;
        let mut message = Message::builder()
            .envelope(envelope)
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&text.subject)
            .date(SystemTime::from(now))
            .message_id(Some(format!("<{delivery}@{}>", self.from.email.domain())))
            // Out-of-office programs do not answer what says so (RFC 3834).
            .raw_header(raw("Auto-Submitted", "auto-generated"));
        if text.language != NO_LANGUAGE && is_language(&text.language) {
            message = message.raw_header(raw("Content-Language", &text.language));
        }
        match &text.html {
            // The last part is the one that a reader prefers (RFC 2046, 5.1.4).
            Some(html) => message.multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, &text.body))
                    .singlepart(part(ContentType::TEXT_HTML, html)),
            ),
            None => message.singlepart(part(ContentType::TEXT_PLAIN, &text.body)),
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Mailer(..)")
    }
}

/// Text in UTF-8.
fn part(kind: ContentType, text: &str) -> SinglePart {
    SinglePart::builder()
        .header(kind)
        // Base64 would hide the text from people who look at raw mail; this is read as it is written wherever it is ASCII.
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(text.to_owned())
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// Whether a text from elsewhere can stand in a header: letters, digits and hyphens.
fn is_language(text: &str) -> bool {
    (1..=35).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Authentication that fails is a matter of our settings and not of the message: it will be taken once they are right.
fn judge(error: &lettre::transport::smtp::Error) -> MailError {
    let code = error.status().map_or(0, u16::from);
    if error.is_timeout() {
        MailError::TimedOut
    } else if error.is_permanent() && !matches!(code, 530 | 534 | 535 | 538) {
        MailError::Refused { code }
    } else {
        MailError::Deferred { code }
    }
}
