//! TLS on a port of our own, with client certificates where a client has one (RFC 8705).
//!
//! A certificate is asked for and never demanded: customers have none. Of one that is shown the handshake proves that the
//! client holds its key, and nothing more: who it is, somebody must have registered, by its thumbprint. Only where an
//! authority is trusted do the names in a certificate mean anything.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::call::Certificate;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The most names of a certificate that are looked at.
const NAMES_LIMIT: usize = 20;

/// The certificate that a connection shows, in the extensions of its requests. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(pub Arc<Certificate>);

/// TLS cannot be had as the settings want it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read as PEM of what it should hold.
    #[error("{what} cannot be read")]
    File {
        /// What it should hold.
        what: &'static str,
        /// What went wrong.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// A file holds nothing of what it should.
    #[error("there is no {0} in its file")]
    Empty(&'static str),
    /// Certificate and key do not fit each other, or cannot be used.
    #[error("the certificate and the key cannot be used together")]
    Unusable(#[source] rustls::Error),
    /// The authorities cannot be used.
    #[error("the authorities of client certificates cannot be used")]
    Authorities(#[source] rustls::server::VerifierBuilderError),
}

/// TLS on a port of our own. Cheap to clone; prints nothing of its key.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    authorities: Option<Arc<dyn ClientCertVerifier>>,
}

impl Tls {
    /// Reads certificate chain and key, PEM, and the `authorities` whose client certificates may be known by their names.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn read(certificate: &Path, key: &Path, authorities: Option<&Path>) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = certificates(certificate, "certificate")?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::File { what: "key", source })?;
        let authorities = authorities
            .map(|file| {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates(file, "authority")?);
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                    .build()
                    .map_err(TlsError::Authorities)
            })
            .transpose()?;
        let asks = Arc::new(Asks(Arc::clone(&provider)));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)?
            .with_client_cert_verifier(asks)
            .with_single_cert(chain, key)
            .map_err(TlsError::Unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            authorities,
        })
    }

    /// The handshake, and the certificate that the client showed; none where it failed.
    pub(super) async fn accept(&self, stream: TcpStream) -> Option<(TlsStream<TcpStream>, Option<Shown>)> {
        let stream = match tokio::time::timeout(HANDSHAKE_TIMEOUT, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a handshake failed");
                return None;
            }
            Err(_) => return None,
        };
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| {
            let (first, rest) = chain.split_first()?;
            let is_vouched_for = self
                .authorities
                .as_ref()
                .is_some_and(|authorities| authorities.verify_client_cert(first, rest, UnixTime::now()).is_ok());
            Some(Shown(Arc::new(certificate(first, is_vouched_for))))
        });
        Some((stream, shown))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tls(..)")
    }
}

/// What there is to say of a certificate in its DER form: its thumbprint and, where somebody vouches for it, its names.
#[must_use]
pub fn certificate(der: &[u8], is_vouched_for: bool) -> Certificate {
    let parsed = CertificateDer::from(der);
    let names = webpki::EndEntityCert::try_from(&parsed)
        .ok()
        .filter(|_| is_vouched_for)
        .map(|parsed| {
            parsed
                .valid_dns_names()
                .take(NAMES_LIMIT)
                .map(str::to_ascii_lowercase)
                .collect()
        });
    Certificate {
        thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(der)),
        names: names.unwrap_or_default(),
    }
}

fn certificates(file: &Path, what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |source| TlsError::File { what, source };
    let found = CertificateDer::pem_file_iter(file)
        .map_err(wrong)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(wrong)?;
    if found.is_empty() {
        return Err(TlsError::Empty(what));
    }
    Ok(found)
}

/// Asks for a certificate and takes any whose key the client holds.
#[derive(Debug)]
struct Asks(Arc<CryptoProvider>);

impl ClientCertVerifier for Asks {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        ParsedCertificate::try_from(end_entity)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
