//! Identifiers in the document: lower-case ULIDs or other `[a-z0-9_-]{1,64}` strings (R-DOC-7).

/// The longest identifier, in characters.
pub const ID_CHARS_MAX: usize = 64;

/// True if `id` may name a thing in a document.
pub fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= ID_CHARS_MAX
        && id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A lower-case ULID of `now_ms` (milliseconds since 1970) and 80 of the `random` bits.
/// Source: the ULID specification (48 bits of time, 80 of randomness, Crockford base 32).
pub fn ulid(now_ms: u64, random: u128) -> String {
    let bits = (u128::from(now_ms & 0xffff_ffff_ffff) << 80) | (random & ((1 << 80) - 1));
    (0..26).rev().map(|i| char::from(CROCKFORD[(bits >> (5 * i)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulids_are_ids_and_sort_by_time() {
        let early = ulid(1_700_000_000_000, u128::MAX);
        let late = ulid(1_700_000_000_001, 0);
        assert_eq!(early.len(), 26);
        assert!(is_id(&early) && early < late);
        assert_eq!(ulid(0, 0), "0".repeat(26));
    }

    #[test]
    fn odd_ids_are_refused() {
        for id in ["", "Upper", "a b", "ü", "a/b", &"x".repeat(65)] {
            assert!(!is_id(id), "{id}");
        }
        assert!(is_id("n1_-") && is_id(&"x".repeat(64)));
    }
}
