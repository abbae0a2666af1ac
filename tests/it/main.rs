//! Integration tests: the real server over real sockets, on every database there is.

mod http;
mod restart;
mod runs;
