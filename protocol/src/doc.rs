//! The Yjs document as every Gesso replica opens it.

use yrs::{ClientID, Doc, OffsetKind, Options};

/// Root maps that people write.
pub const PEOPLE_ROOTS: [&str; 4] = ["meta", "nodes", "edges", "comments"];
/// Root maps that the server alone writes.
pub const SERVER_ROOTS: [&str; 3] = ["results", "generations", "runs"];
/// The version of the document's schema, at `meta.schema`.
pub const SCHEMA_VERSION: i64 = 1;

/// An empty replica with all root maps defined. `client_id` must be fresh for every replica that writes
/// (32 bits: older peers cannot decode more); offsets in texts count UTF-16 units, as in JavaScript.
pub fn open(client_id: u32, guid: &str) -> Doc {
    let options = Options {
        offset_kind: OffsetKind::Utf16,
        ..Options::with_guid_and_client_id(guid.into(), ClientID::new(u64::from(client_id)))
    };
    let doc = Doc::with_options(options);
    for root in PEOPLE_ROOTS.into_iter().chain(SERVER_ROOTS) {
        doc.get_or_insert_map(root);
    }
    doc
}
