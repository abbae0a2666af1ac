//! TLS without a proxy in front: the operator's certificate, read anew when its files change.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::crypto::ring::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::config::ServeOptions;

/// How often it is looked whether the files are others.
const LOOK_EACH: Duration = Duration::from_secs(30);

/// The files of the certificate, with its chain, and of its key, both PEM.
#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    /// When they were last written.
    fn written(&self) -> Option<[SystemTime; 2]> {
        let written = |path: &PathBuf| std::fs::metadata(path)?.modified();
        Some([written(&self.certificate).ok()?, written(&self.key).ok()?])
    }

    /// Reads them.
    ///
    /// # Errors
    /// What is wrong with which.
    fn read(&self) -> io::Result<CertifiedKey> {
        let wrong = |path: &PathBuf, why: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", path.display()))
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(&self.certificate, &error))?;
        if chain.is_empty() {
            return Err(wrong(&self.certificate, &"it holds no certificate"));
        }
        let key =
            PrivateKeyDer::from_pem_file(&self.key).map_err(|error| wrong(&self.key, &error))?;
        let key = any_supported_type(&key).map_err(|error| wrong(&self.key, &error))?;
        let certified = CertifiedKey::new(chain, key);
        certified.keys_match().map_err(|error| wrong(&self.key, &error))?;
        Ok(certified)
    }
}

/// The certificate in use.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// TLS as the operator set it.
#[derive(Clone)]
pub(super) struct Tls(TlsAcceptor);

impl Tls {
    /// Reads the certificate, where one is named, and goes on looking for another until `stop`.
    ///
    /// # Errors
    /// What is wrong with the files.
    pub(super) fn start(
        options: &ServeOptions,
        stop: CancellationToken,
    ) -> io::Result<Option<Self>> {
        let (Some(certificate), Some(key)) = (&options.tls_cert, &options.tls_key) else {
            return Ok(None);
        };
        let files = Files { certificate: certificate.clone(), key: key.clone() };
        let written = files.written();
        let current = Arc::new(Current(RwLock::new(Arc::new(files.read()?))));
        let versions = [&version::TLS13, &version::TLS12];
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&versions)
            .map_err(io::Error::other)?;
        let mut config =
            config.with_no_client_auth().with_cert_resolver(Arc::clone(&current) as Arc<_>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        tokio::spawn(follow(files, current, written, stop));
        Ok(Some(Self(TlsAcceptor::from(Arc::new(config)))))
    }

    /// Takes a connection in.
    ///
    /// # Errors
    /// Where the other side does not speak TLS, or breaks off.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}

/// Uses other files as soon as they are there, until the server stops.
async fn follow(
    files: Files,
    current: Arc<Current>,
    mut read: Option<[SystemTime; 2]>,
    stop: CancellationToken,
) {
    while timeout(LOOK_EACH, stop.cancelled()).await.is_err() {
        look(&files, &current, &mut read);
    }
}

/// Uses other files if they are there; what cannot be read leaves the certificate that is in use.
fn look(files: &Files, current: &Current, read: &mut Option<[SystemTime; 2]>) {
    let written = files.written();
    if written.is_none() || written == *read {
        return;
    }
    match files.read() {
        Ok(certified) => {
            *current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
            *read = written;
            tracing::info!("another certificate is in use");
        }
        Err(error) => tracing::warn!(%error, "a new certificate cannot be used"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(certificate: &str, key: &str) -> Files {
        let at = |name: &str| {
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/tls").join(name)
        };
        Files { certificate: at(certificate), key: at(key) }
    }

    #[test]
    fn a_certificate_is_read_with_its_key_or_said_to_be_wrong() {
        assert_eq!(files("localhost.pem", "localhost.key").read().unwrap().cert.len(), 1);
        for (certificate, key) in [
            ("localhost.key", "localhost.key"),
            ("localhost.pem", "localhost.pem"),
            ("localhost.pem", "other.key"),
            ("nowhere.pem", "localhost.key"),
        ] {
            let error = files(certificate, key).read().unwrap_err().to_string();
            assert!(error.contains("tls/"), "{error}");
        }
    }

    #[test]
    fn another_certificate_is_taken_up_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let own =
            Files { certificate: folder.path().join("a.pem"), key: folder.path().join("a.key") };
        let good = files("localhost.pem", "localhost.key");
        std::fs::copy(&good.certificate, &own.certificate).unwrap();
        std::fs::copy(&good.key, &own.key).unwrap();
        let current = Current(RwLock::new(Arc::new(own.read().unwrap())));
        let in_use = || Arc::clone(&current.0.read().unwrap());
        let mut read = own.written();
        let first = in_use();
        look(&own, &current, &mut read);
        assert!(Arc::ptr_eq(&first, &in_use()), "the same files are not read again");
        let touch = |path: &PathBuf, hours: u64| {
            let at = SystemTime::now() + Duration::from_secs(hours * 3600);
            std::fs::File::options().append(true).open(path).unwrap().set_modified(at).unwrap();
        };
        touch(&own.key, 1);
        look(&own, &current, &mut read);
        let second = in_use();
        assert!(!Arc::ptr_eq(&first, &second));
        std::fs::write(&own.certificate, "no certificate").unwrap();
        touch(&own.certificate, 2);
        look(&own, &current, &mut read);
        assert!(Arc::ptr_eq(&second, &in_use()));
    }
}
