//! The library: what is asked of the server, and what is told of a file.

use gesso_protocol::api::AssetMeta;
use gesso_protocol::values::{AssetRef, DataType};

use super::wave;
use super::words::escaped;

/// Whose files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Files that one uploaded or made oneself.
    #[default]
    Mine,
    /// Files that everybody here uploaded or made.
    Workspace,
    /// Files that come with Gesso.
    Stock,
}

impl Scope {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Mine, "Mine"), (Self::Workspace, "Workspace"), (Self::Stock, "Stock")];

    /// As the server calls it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Workspace => "workspace",
            Self::Stock => "stock",
        }
    }
}

/// A search in the library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Where.
    pub scope: Scope,
    /// Of which type; `None` for all.
    pub ty: Option<DataType>,
    /// Words of its name, prompt or tags.
    pub words: String,
}

/// Files in one answer.
const LIMIT: usize = 48;

impl Search {
    /// The request for the page after `cursor`, to the library of a canvas's workspace.
    pub fn path(&self, canvas: &str, cursor: Option<&str>) -> String {
        let mut path =
            format!("/api/assets?canvas={canvas}&scope={}&limit={LIMIT}", self.scope.id());
        if let Some(ty) = self.ty {
            path += &format!("&type={}", ty.id());
        }
        let words = self.words.trim();
        if !words.is_empty() {
            path += &format!("&q={}", escaped(words));
        }
        if let Some(cursor) = cursor {
            path += &format!("&cursor={}", escaped(cursor));
        }
        path
    }
}

/// "812 B", "4.2 MB".
pub fn bytes(n: i64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut value = n.max(0) as f64;
    if value < 1000.0 {
        return format!("{value:.0} B");
    }
    let mut unit = "B";
    for next in UNITS {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    if value < 10.0 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// Returns the title of a file: its name without the ending, else its prompt's first words, else its type.
pub fn title(meta: &AssetMeta) -> String {
    let stem = meta.asset.name.rsplit_once('.').map_or(meta.asset.name.as_str(), |(stem, _)| stem);
    if !stem.trim().is_empty() {
        return stem.trim().to_owned();
    }
    let prompt = prompt(meta);
    if !prompt.is_empty() {
        return super::words::line(&prompt, 48);
    }
    meta.asset.ty.map_or("File", DataType::label).to_owned()
}

/// The words it was made from; empty where there were none.
pub fn prompt(meta: &AssetMeta) -> String {
    meta.origin.get("prompt").and_then(|p| p.as_str()).unwrap_or_default().trim().to_owned()
}

/// Words a stock file is found by.
pub fn tags(meta: &AssetMeta) -> Vec<String> {
    let tags = meta.origin.get("tags").and_then(|t| t.as_array());
    tags.into_iter().flatten().filter_map(|t| t.as_str().map(str::to_owned)).collect()
}

/// Where it came from, in words.
pub fn origin(meta: &AssetMeta) -> &'static str {
    match meta.origin.get("kind").and_then(|k| k.as_str()) {
        Some("stock") => "Comes with Gesso",
        Some("run") => "Made by a run",
        Some("upload") => "Uploaded",
        _ => "",
    }
}

/// "1200 × 800 · 0:07 · 4.2 MB".
pub fn facts(meta: &AssetMeta) -> String {
    let asset: &AssetRef = &meta.asset;
    let size = asset.width.zip(asset.height).map(|(w, h)| format!("{w} × {h}"));
    let length = asset.duration.filter(|d| *d > 0.0).map(wave::length);
    [size, length, Some(bytes(meta.bytes))].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn meta(name: &str, origin: serde_json::Value) -> AssetMeta {
        let asset = AssetRef {
            id: "a".repeat(64),
            ty: Some(DataType::Video),
            mime: "video/mp4".to_owned(),
            width: Some(1280),
            height: Some(720),
            duration: Some(7.2),
            name: name.to_owned(),
        };
        AssetMeta { asset, bytes: 4_200_000, origin, created_at: 0 }
    }

    #[test]
    fn a_search_is_one_request_with_everything_escaped() {
        let search = Search {
            scope: Scope::Stock,
            ty: Some(DataType::Audio),
            words: " drum & bass/ä ".to_owned(),
        };
        assert_eq!(
            search.path("c1", Some("17.ab")),
            "/api/assets?canvas=c1&scope=stock&limit=48&type=audio&q=drum%20%26%20bass%2F%C3%A4&cursor=17.ab"
        );
        let first = Search::default().path("c1", None);
        assert_eq!(first, "/api/assets?canvas=c1&scope=mine&limit=48");
    }

    #[test]
    fn files_are_named_by_name_then_prompt_then_type() {
        assert_eq!(title(&meta("Sea at dusk.mp4", json!({}))), "Sea at dusk");
        assert_eq!(title(&meta("", json!({"kind": "run", "prompt": "a fox"}))), "a fox");
        assert_eq!(title(&meta("", json!({"kind": "upload"}))), "Video");
    }

    #[test]
    fn facts_are_short() {
        assert_eq!(facts(&meta("x", json!({}))), "1280 × 720 · 0:07 · 4.2 MB");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(64_000), "64 kB");
        assert_eq!(bytes(-1), "0 B");
        let stock = meta("x", json!({"kind": "stock", "tags": ["sea", 3, "night"]}));
        assert_eq!(tags(&stock), ["sea", "night"]);
        assert_eq!(origin(&stock), "Comes with Gesso");
    }
}
