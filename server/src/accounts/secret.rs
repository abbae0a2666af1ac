//! Secrets of links, sessions and tokens. They are drawn at random, so that a hash without salt keeps them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Beginning of API tokens, by which scanners of code find those that were published by mistake.
pub const TOKEN_PREFIX: &str = "gesso_";
/// Random bytes of a secret.
const RANDOM_BYTES: usize = 32;

/// Draws a secret: 43 characters that may stand in addresses and cookies.
pub fn fresh() -> String {
    let bytes: [u8; RANDOM_BYTES] = rand::random();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Draws the secret of an API token.
pub fn fresh_token() -> String {
    format!("{TOKEN_PREFIX}{}", fresh())
}

/// Returns the hash under which a secret is found.
pub fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_all_different() {
        let (a, b) = (fresh(), fresh_token());
        assert_eq!(a.len(), 43);
        assert!(b.starts_with("gesso_") && b.len() == 49);
        assert_ne!(hash(&a), hash(&b));
        assert!(a.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)));
    }
}
