//! Identifiers: lower-case ULIDs or other `[a-z0-9_-]{1,64}` strings (R-DOC-7), with a type for each kind of thing, so that
//! one cannot stand where another is meant.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

/// The id of one kind of thing: a text that is cheap to clone and, as JSON, a string. It is made and read by name only;
/// nothing turns one into another.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id that reads so; whether a thing can have it is not asked.
            pub fn new(id: impl Into<Arc<str>>) -> Self {
                Self(id.into())
            }

            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// As text that is shared with it.
            pub fn text(&self) -> Arc<str> {
                Arc::clone(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from).map(Self::new)
            }
        }
    };
}

id!(
    /// The id of a workspace.
    WorkspaceId
);
id!(
    /// The id of a canvas.
    CanvasId
);
id!(
    /// The id of a run.
    RunId
);
id!(
    /// The id of a node: one of its canvas, since another canvas may have the same.
    NodeId
);
id!(
    /// The id of an asset: BLAKE3 of its content in hex, or the name of one that every server brings.
    AssetId
);

impl Default for WorkspaceId {
    /// The workspace that every server begins with (R-ACC-10).
    fn default() -> Self {
        Self::new("default")
    }
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
    fn an_id_is_its_text_everywhere() {
        let id = NodeId::new("n1");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"n1\"");
        assert_eq!(serde_json::from_str::<NodeId>("\"n1\"").unwrap(), id);
        assert_eq!(format!("{id} {id:?}"), "n1 \"n1\"");
        let known = std::collections::BTreeSet::from([id.clone()]);
        assert!(known.contains("n1") && !known.contains("n2"));
        assert_eq!((id.as_str(), &*id.text()), ("n1", "n1"));
    }

    #[test]
    fn odd_ids_are_refused() {
        for id in ["", "Upper", "a b", "ü", "a/b", &"x".repeat(65)] {
            assert!(!is_id(id), "{id}");
        }
        assert!(is_id("n1_-") && is_id(&"x".repeat(64)));
    }
}
