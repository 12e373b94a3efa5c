//! Which database, from a URL and the environment; and how its server proves who it is.

use crate::environment::variable;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take to be made, and to be silent, unless the URL says so.
const CONNECT: Duration = Duration::from_secs(5);
const SILENT: Duration = Duration::from_secs(15);

/// A database, and the password for it. Never shown with it.
#[derive(Clone)]
pub struct Place {
    pub config: Config,
    /// What may vouch for the server in place of the authorities that browsers trust.
    roots: Option<PathBuf>,
}

impl Place {
    /// Reads `postgres://USER@HOST:PORT/DATABASE?…`; a password that is not in it is taken from the variable PGPASSWORD.
    ///
    /// # Errors
    /// What is wrong with it, without what it says.
    pub fn read(url: &str) -> Result<Self, PlaceError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", "disable")) => mode = Some(SslMode::Disable),
                Some(("sslmode", "require" | "verify-full")) => mode = Some(SslMode::Require),
                Some(("sslmode", _)) => return Err(PlaceError::Mode),
                Some(("sslrootcert", path)) => roots = Some(PathBuf::from(path)),
                _ => rest.push(pair),
            }
        }
        let url = format!("{base}?{}", rest.join("&"));
        let mut config: Config = url.parse().map_err(PlaceError::Url)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(PlaceError::Host);
        }
        config.ssl_mode(mode.unwrap_or(match is_here(&config) {
            true => SslMode::Disable,
            false => SslMode::Require,
        }));
        if let (None, Some(password)) = (config.get_password(), variable("PGPASSWORD")) {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name("flagstone guard");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENT);
        }
        Ok(Self { config, roots })
    }

    /// What makes connections secret, and checks whose they are: the certificate and its name, always both.
    pub fn tls(&self) -> Result<MakeRustlsConnect, PlaceError> {
        let mut roots = RootCertStore::empty();
        match &self.roots {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(path) => {
                let wrong = |problem: String| PlaceError::Roots {
                    path: path.clone(),
                    problem,
                };
                let certificates = CertificateDer::pem_file_iter(path);
                for certificate in certificates.map_err(|error| wrong(error.to_string()))? {
                    let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
                    let added = roots.add(certificate);
                    added.map_err(|error| wrong(error.to_string()))?;
                }
                if roots.is_empty() {
                    return Err(wrong("there is no certificate in it".to_owned()));
                }
            }
        }
        let config =
            ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
                .with_safe_default_protocol_versions()
                .map_err(PlaceError::Tls)?
                .with_root_certificates(roots)
                .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}

/// Whether the way to it does not leave this machine.
fn is_here(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            let address = name.parse::<IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        });
        f.write_str(&hosts.collect::<Vec<_>>().join(","))?;
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

/// Why a URL names no database that could be used.
#[derive(Debug)]
pub enum PlaceError {
    /// It is none.
    Url(tokio_postgres::Error),
    /// It has no host.
    Host,
    /// Another `sslmode`.
    Mode,
    /// `sslrootcert` cannot be used.
    Roots {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// TLS cannot be used at all.
    Tls(rustls::Error),
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(error) => {
                let why = std::error::Error::source(error);
                f.write_str("not postgres://USER@HOST:PORT/DATABASE")?;
                why.map_or(Ok(()), |why| write!(f, ": {why}"))
            }
            Self::Host => f.write_str("not postgres://USER@HOST:PORT/DATABASE: there is no host"),
            Self::Mode => f.write_str(
                "`sslmode` is `disable`, or `require` or `verify-full`, which both check the certificate and its name",
            ),
            Self::Roots { path, problem } => {
                write!(f, "`sslrootcert`, `{}`: {problem}", path.display())
            }
            Self::Tls(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PlaceError {}

#[cfg(test)]
mod tests;
