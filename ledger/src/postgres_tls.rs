//! The way to a Postgres server encrypted, by the words that `psql` uses: `sslmode` and `sslrootcert` of its address.
//!
//! `disable`, `prefer` and nothing said: in the open. `require`: encrypted; whom one talks to is looked at only where roots are
//! named. `verify-ca`: the certificate leads to one of the roots. `verify-full`: and names the host that was asked for. Roots are
//! always those of the file that is named, never those of the machine.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsConnector;

/// How a server is to be reached.
#[derive(Clone, Debug)]
pub(crate) struct Encryption {
    /// None where it is reached in the open.
    config: Option<Arc<ClientConfig>>,
}

/// What is wrong with how an address asks for encryption.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncryptionError {
    /// No such mode.
    #[error("sslmode is “{0}”: write disable, require, verify-ca or verify-full")]
    Mode(String),
    /// Nobody to trust.
    #[error(
        "sslmode={0} needs sslrootcert: name the PEM file of the roots that the server's certificate leads to"
    )]
    NoRoots(String),
    /// The file of roots.
    #[error("the roots in {file} (sslrootcert) cannot be used: {why}")]
    Roots { file: PathBuf, why: String },
    /// The library refuses.
    #[error("encryption could not be prepared")]
    Library(#[source] rustls::Error),
}

impl Encryption {
    /// By `sslmode` and `sslrootcert`.
    pub(crate) fn asked(mode: Option<&str>, roots: Option<&Path>) -> Result<Self, EncryptionError> {
        let trust = match mode.unwrap_or("disable") {
            "disable" | "allow" | "prefer" => return Ok(Self { config: None }),
            "require" => Trust { roots: roots.map(verifier).transpose()?, name_matters: false },
            mode @ ("verify-ca" | "verify-full") => {
                let roots = roots.ok_or_else(|| EncryptionError::NoRoots(mode.to_owned()))?;
                Trust { roots: Some(verifier(roots)?), name_matters: mode == "verify-full" }
            }
            other => return Err(EncryptionError::Mode(other.to_owned())),
        };
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(EncryptionError::Library)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(trust))
            .with_no_client_auth();
        Ok(Self { config: Some(Arc::new(config)) })
    }

    /// Whether anything is encrypted at all.
    pub(crate) const fn is_on(&self) -> bool {
        self.config.is_some()
    }
}

/// Whether an error says that the other side is not who it should be.
pub(crate) fn is_untrusted(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let within = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let known = error.downcast_ref().or_else(|| within.and_then(|inner| inner.downcast_ref()));
        if matches!(known, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        next = error.source();
    }
    false
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn verifier(file: &Path) -> Result<Arc<WebPkiServerVerifier>, EncryptionError> {
    let unusable = |why: String| EncryptionError::Roots { file: file.to_owned(), why };
    let mut store = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(file).map_err(|error| unusable(error.to_string()))? {
        let root = root.map_err(|error| unusable(error.to_string()))?;
        store.add(root).map_err(|error| unusable(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(unusable("there is no certificate in it".to_owned()));
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider())
        .build()
        .map_err(|error| unusable(error.to_string()))
}

/// Whom one believes to talk to.
#[derive(Debug)]
struct Trust {
    /// None: whoever it is.
    roots: Option<Arc<WebPkiServerVerifier>>,
    /// Whether the certificate must name the host.
    name_matters: bool,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(roots) = &self.roots else { return Ok(ServerCertVerified::assertion()) };
        match roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // the name is looked at last: everything else is in order
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.name_matters => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Encryption {
    type Stream = Encrypted<S>;
    type TlsConnect = Handshake;
    type Error = EncryptionError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, EncryptionError> {
        Ok(Handshake { config: self.config.clone(), host: host.to_owned() })
    }
}

/// A handshake that is to be done with a host.
pub(crate) struct Handshake {
    config: Option<Arc<ClientConfig>>,
    host: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Handshake {
    type Stream = Encrypted<S>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Encrypted<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let config = self.config.ok_or_else(|| std::io::Error::other("encryption was not asked for"))?;
            let name = ServerName::try_from(self.host).map_err(std::io::Error::other)?;
            Ok(Encrypted(TlsConnector::from(config).connect(name, stream).await?))
        })
    }
}

/// A connection with what goes over it encrypted.
pub(crate) struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> tokio_postgres::tls::TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
