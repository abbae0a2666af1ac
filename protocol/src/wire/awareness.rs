//! Awareness updates: who is here, where their cursor is; nothing of it is ever stored.

use super::read::{ReadError, Reader, write_buf, write_var};
use serde::de::IgnoredAny;
use thiserror::Error;

/// The largest state one client may have, in bytes of JSON (R-SYNC-50).
pub const STATE_MAX_BYTES: usize = 16 * 1024;
/// Greatest depth of arrays and objects in a state.
pub const STATE_MAX_DEPTH: usize = 32;

/// One client's entry of an awareness update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The Yjs client id (at most 53 bits).
    pub client: u64,
    /// Counts the client's changes; the higher one wins.
    pub clock: u32,
    /// The state as JSON text; `"null"` says the client is gone.
    pub state: &'a str,
}

impl Entry<'_> {
    /// True if the entry says that the client is gone.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.state.trim() == "null"
    }
}

/// Why an awareness update was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AwarenessError {
    /// Not an awareness update.
    #[error("malformed awareness update: {0}")]
    Malformed(#[from] ReadError),
    /// More entries than allowed.
    #[error("more than {0} awareness states in one message")]
    TooMany(usize),
    /// One state above [`STATE_MAX_BYTES`].
    #[error("an awareness state is larger than 16 KiB")]
    TooLarge,
    /// One state deeper than [`STATE_MAX_DEPTH`].
    #[error("an awareness state is nested too deep")]
    TooDeep,
    /// One state that is not JSON.
    #[error("an awareness state is not JSON")]
    NotJson,
}

/// Reads an awareness update (the payload of [`super::Frame::Awareness`]) and checks every state.
///
/// # Errors
/// [`AwarenessError`]; nothing is returned then.
pub fn decode(bytes: &[u8], max_entries: usize) -> Result<Vec<Entry<'_>>, AwarenessError> {
    let mut reader = Reader::new(bytes);
    let count = reader.var_u64()?;
    if count > max_entries as u64 {
        return Err(AwarenessError::TooMany(max_entries));
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        let client = reader.var_u64()?;
        if client >= 1 << 53 {
            return Err(ReadError::Number.into());
        }
        let clock = reader.var_u32()?;
        let state = reader.string()?;
        if state.len() > STATE_MAX_BYTES {
            return Err(AwarenessError::TooLarge);
        }
        if json_depth(state) > STATE_MAX_DEPTH {
            return Err(AwarenessError::TooDeep);
        }
        if serde_json::from_str::<IgnoredAny>(state).is_err() {
            return Err(AwarenessError::NotJson);
        }
        entries.push(Entry { client, clock, state });
    }
    Ok(entries)
}

/// The payload of an awareness frame.
#[must_use]
pub fn encode<'a>(entries: impl ExactSizeIterator<Item = Entry<'a>>) -> Vec<u8> {
    let mut out = Vec::new();
    write_var(&mut out, entries.len() as u64);
    for entry in entries {
        write_var(&mut out, entry.client);
        write_var(&mut out, u64::from(entry.clock));
        write_buf(&mut out, entry.state.as_bytes());
    }
    out
}

/// Returns the depth of arrays and objects in JSON text, without parsing it and without recursion.
#[must_use]
pub fn json_depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(state: &str) -> Vec<u8> {
        encode([Entry { client: 7, clock: 1, state }].into_iter())
    }

    #[test]
    fn states_are_bounded_in_size_and_depth() {
        assert_eq!(decode(&one("{\"a\":[1]}"), 8).unwrap()[0].state, "{\"a\":[1]}");
        let large = format!("\"{}\"", "x".repeat(STATE_MAX_BYTES));
        assert_eq!(decode(&one(&large), 8), Err(AwarenessError::TooLarge));
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        assert_eq!(decode(&one(&deep), 8), Err(AwarenessError::TooDeep));
        assert_eq!(decode(&one("{nope"), 8), Err(AwarenessError::NotJson));
        assert_eq!(decode(&[200, 1], 8), Err(AwarenessError::TooMany(8)));
    }

    #[test]
    fn brackets_inside_strings_do_not_count() {
        assert_eq!(json_depth(r#"["[[[\"[[", {"a": 1}]"#), 2);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(decode(&bytes, 16));
        }
    }
}
