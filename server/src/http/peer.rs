//! The other side of a connection.

use std::net::IpAddr;

/// Network address of the other side of the connection that a request came on.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);
