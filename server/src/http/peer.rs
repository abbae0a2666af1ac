//! The other side of a connection.

use std::net::IpAddr;

/// The other side of the connection that a request came on.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its network address.
    pub address: IpAddr,
    /// True if it speaks TLS with this server itself.
    pub is_tls: bool,
}
