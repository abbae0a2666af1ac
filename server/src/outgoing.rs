//! The one HTTP client for addresses that others name: it reaches public hosts, and those that the operator configured.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::{Ipv4Net, Ipv6Net};
use openidconnect::http;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url, redirect};

/// Time a connection may take, in s.
const CONNECT_S: u64 = 10;
/// Time a whole exchange may take, in s.
const EXCHANGE_S: u64 = 20;
/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Networks of IPv4 that are no public hosts (RFC 6890, and multicast).
const PRIVATE_V4: [(Ipv4Addr, u8); 14] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];
/// The network of IPv6 in which public hosts are (RFC 4291, section 2.4), and what of it is none.
const PUBLIC_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const PRIVATE_V6: [(Ipv6Addr, u8); 2] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
];
/// Networks of IPv6 that lead to addresses of IPv4, with the byte at which those begin: 6to4 and NAT64.
const EMBEDDING: [(Ipv6Addr, u8, usize); 2] = [
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 2),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, 12),
];

/// True if an address may be that of a host that anybody can reach.
fn is_public(address: IpAddr) -> bool {
    let in_v4 = |address: Ipv4Addr, (net, bits): (Ipv4Addr, u8)| {
        Ipv4Net::new(net, bits).is_ok_and(|net| net.contains(&address))
    };
    let in_v6 = |address: Ipv6Addr, (net, bits): (Ipv6Addr, u8)| {
        Ipv6Net::new(net, bits).is_ok_and(|net| net.contains(&address))
    };
    match address.to_canonical() {
        IpAddr::V4(address) => !PRIVATE_V4.iter().any(|net| in_v4(address, *net)),
        IpAddr::V6(address) => {
            let embedding = EMBEDDING.iter().find(|(net, bits, _)| in_v6(address, (*net, *bits)));
            if let Some((_, _, at)) = embedding {
                let octets = address.octets();
                let inner: [u8; 4] = std::array::from_fn(|n| octets[at + n]);
                return is_public(IpAddr::V4(inner.into()));
            }
            in_v6(address, PUBLIC_V6) && !PRIVATE_V6.iter().any(|net| in_v6(address, *net))
        }
    }
}

/// Why something was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// The address is none of a public host, nor was it configured.
    #[error("{0} may not be reached from here: it is no public address")]
    Private(String),
    /// The address cannot be read, or asks for something else than HTTP.
    #[error("{0} is no address of the web")]
    Address(String),
    /// The answer has more bytes than are read.
    #[error("the answer is larger than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    /// It could not be reached, or broke off.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// The answer has a header that cannot be.
    #[error(transparent)]
    Answer(#[from] http::Error),
}

/// Resolves names, but for those of hosts that are not public.
#[derive(Debug)]
struct PublicNames {
    configured: Arc<BTreeSet<String>>,
}

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let configured = Arc::clone(&self.configured);
        Box::pin(async move {
            let host = name.as_str().to_ascii_lowercase();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let is_configured = configured.contains(&host);
            let public: Vec<SocketAddr> =
                found.filter(|at| is_configured || is_public(at.ip())).collect();
            if public.is_empty() {
                return Err(OutgoingError::Private(host).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outgoing {
    client: Client,
    configured: Arc<BTreeSet<String>>,
}

/// Has TLS done by `ring`, for whoever is first to ask.
pub fn install_tls() {
    // Where it is installed already it is the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
}

impl Outgoing {
    /// A client that also reaches these hosts, wherever they are.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(configured: BTreeSet<String>) -> Result<Self, OutgoingError> {
        install_tls();
        let configured = Arc::new(configured);
        let client = Client::builder()
            // An answer may name anything; whoever follows it asks again.
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(CONNECT_S))
            .timeout(Duration::from_secs(EXCHANGE_S))
            .no_proxy()
            .dns_resolver(Arc::new(PublicNames { configured: Arc::clone(&configured) }))
            .build()?;
        Ok(Self { client, configured })
    }

    /// Refuses addresses that are not to be reached. Names are judged when they are resolved.
    fn check(&self, url: &Url) -> Result<(), OutgoingError> {
        let address = || OutgoingError::Address(url.to_string());
        if !matches!(url.scheme(), "https" | "http") {
            return Err(address());
        }
        let host = url.host_str().ok_or_else(address)?.to_ascii_lowercase();
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_private = literal.is_ok_and(|literal| !is_public(literal));
        if is_private && !self.configured.contains(&host) {
            return Err(OutgoingError::Private(host));
        }
        Ok(())
    }

    /// Sends a request, and reads the answer whole.
    ///
    /// # Errors
    /// See [`OutgoingError`].
    pub async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, OutgoingError> {
        let text = request.uri().to_string();
        let url = Url::parse(&text).map_err(|_not_one| OutgoingError::Address(text))?;
        self.check(&url)?;
        let (parts, body) = request.into_parts();
        let sent = self.client.request(parts.method, url).headers(parts.headers).body(body);
        let mut response = sent.send().await?;
        let mut answer = http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let mut whole = Vec::new();
        while let Some(bytes) = response.chunk().await? {
            if whole.len() + bytes.len() > ANSWER_BYTES_MAX {
                return Err(OutgoingError::TooLarge);
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(answer.body(whole)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_inside_are_told_from_hosts_of_the_web() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::a00:1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[tokio::test]
    async fn only_what_was_configured_is_reached_inside() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = axum::Router::new().route("/", axum::routing::get(async || "here"));
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let ask = async |client: &Outgoing, host: &str| {
            let request = http::Request::get(format!("http://{host}:{port}/")).body(Vec::new());
            client.exchange(request.unwrap()).await
        };
        let closed = Outgoing::new(BTreeSet::new()).unwrap();
        for host in ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"] {
            assert!(ask(&closed, host).await.is_err(), "{host}");
        }
        let open = Outgoing::new(BTreeSet::from(["127.0.0.1".to_owned()])).unwrap();
        assert_eq!(ask(&open, "127.0.0.1").await.unwrap().into_body(), b"here");
        assert!(ask(&open, "localhost").await.is_err());
        let ftp = http::Request::get("ftp://127.0.0.1/").body(Vec::new()).unwrap();
        assert!(matches!(open.exchange(ftp).await, Err(OutgoingError::Address(_))));
        serving.abort();
    }
}
