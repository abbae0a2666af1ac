//! The stock: a small collection of pictures, videos, sounds and models that is part of the program, made by the
//! built-in models from `stock/recipes.toml`.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use gesso_media::{Sniffed, sniff};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/stock");

/// A piece of the stock.
#[derive(Clone, Debug)]
pub struct StockItem {
    /// BLAKE3 of its bytes, in hex.
    pub id: String,
    /// Name.
    pub name: String,
    /// Words for the things it shows or sounds like.
    pub tags: Vec<String>,
    /// Media type, kind and usual ending.
    pub sniffed: Sniffed,
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
    /// Duration in ms.
    pub duration_ms: Option<i64>,
    /// Content.
    pub bytes: &'static [u8],
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    item: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    name: String,
    tags: Vec<String>,
    width: Option<u32>,
    height: Option<u32>,
    duration_ms: Option<i64>,
}

/// Every piece, in the order of the list.
#[must_use]
pub fn all() -> &'static [StockItem] {
    static ALL: LazyLock<Vec<StockItem>> = LazyLock::new(|| {
        let list = FILES.get_file("stock.toml").and_then(|file| file.contents_utf8());
        let listed: Listed =
            list.and_then(|list| toml::from_str(list).ok()).expect("a test reads the list");
        listed.item.into_iter().filter_map(item).collect()
    });
    &ALL
}

fn item(entry: Entry) -> Option<StockItem> {
    let bytes = FILES.get_file(&entry.file)?.contents();
    Some(StockItem {
        id: blake3::hash(bytes).to_hex().to_string(),
        name: entry.name,
        tags: entry.tags,
        sniffed: sniff(bytes)?,
        width: entry.width,
        height: entry.height,
        duration_ms: entry.duration_ms,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most bytes of the whole collection, which every copy of the program carries.
    const BYTES_MAX: usize = 8 * 1024 * 1024;

    #[test]
    fn every_file_is_listed_once_and_is_small() {
        let files: Vec<&str> = FILES
            .files()
            .filter_map(|file| file.path().to_str())
            .filter(|name| !name.ends_with(".toml"))
            .collect();
        assert_eq!(all().len(), files.len(), "as many pieces as files");
        let mut ids: Vec<&str> = all().iter().map(|item| item.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all().len(), "no piece is there twice");
        assert!(all().iter().map(|item| item.bytes.len()).sum::<usize>() <= BYTES_MAX);
        for item in all() {
            assert!(!item.name.is_empty() && !item.tags.is_empty(), "{}", item.name);
        }
    }
}
