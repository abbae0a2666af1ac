//! One call of a model with everything it depends on, and the fingerprint of that (R-GRAPH-50, R-GRAPH-51).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::nodes;
use crate::schema::{ItemContent, lines};
use crate::values::canonical;

/// Call of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The node's kind.
    pub kind: String,
    /// The model's id.
    pub model: String,
    /// The model's version.
    pub version: String,
    /// Parameters, defaults filled in; `seed` only where the node sets one.
    pub params: BTreeMap<String, Value>,
    /// The node's own text.
    pub own_text: String,
    /// The negative prompt.
    pub negative: String,
    /// Contents that arrive, by input, in edge order.
    pub inputs: BTreeMap<String, Vec<ItemContent>>,
}

impl Invocation {
    /// The text that the input which the node's own text stands for receives: what arrives, in edge order,
    /// then its own, with a blank line between.
    pub fn prompt(&self) -> String {
        let port = nodes::spec(&self.kind).and_then(|spec| spec.own_text).unwrap_or_default();
        let arriving = self.inputs.get(port).into_iter().flatten().filter_map(|item| match item {
            ItemContent::Text(text) => Some(text.trim()),
            ItemContent::Asset(_) => None,
        });
        let parts: Vec<&str> =
            arriving.chain([self.own_text.trim()]).filter(|text| !text.is_empty()).collect();
        lines(&parts.join("\n\n")).into_owned()
    }

    /// A hash of what the result depends on. Where something is, what it is called and which ids it has are
    /// no part of it, nor is a seed that nobody set, nor how lines end.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut inputs = blake3::Hasher::new();
        for (port, items) in &self.inputs {
            feed(&mut inputs, port);
            inputs.update(&(items.len() as u64).to_le_bytes());
            for item in items {
                match item {
                    ItemContent::Text(text) => {
                        feed(&mut inputs, "text");
                        feed(&mut inputs, &lines(text.trim()));
                    }
                    // An asset's id is the hash of its content.
                    ItemContent::Asset(asset) => {
                        feed(&mut inputs, "asset");
                        feed(&mut inputs, &asset.id);
                    }
                }
            }
        }
        let params: BTreeMap<&str, Value> =
            self.params.iter().map(|(k, v)| (k.as_str(), canonical(v))).collect();
        Fingerprint {
            model: hash(&[&self.kind, &self.model, &self.version]),
            settings: hash(&[&serde_json::to_string(&params).unwrap_or_default()]),
            text: hash(&[&lines(self.own_text.trim()), &lines(self.negative.trim())]),
            inputs: short(&inputs),
        }
    }
}

fn feed(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

fn hash(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        feed(&mut hasher, part);
    }
    short(&hasher)
}

fn short(hasher: &blake3::Hasher) -> String {
    hasher.finalize().to_hex()[..16].to_owned()
}

/// A fingerprint in four parts, so that a change can be named; written as `model-settings-text-inputs`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint {
    model: String,
    settings: String,
    text: String,
    inputs: String,
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}-{}-{}", self.model, self.settings, self.text, self.inputs)
    }
}

impl Fingerprint {
    /// Returns the names of the parts that differ from an earlier one, as people say them: "prompt", "model", …
    pub fn changed_since(&self, earlier: &str) -> Vec<&'static str> {
        let mut parts = earlier.split('-');
        let mine = [
            ("model", &self.model),
            ("settings", &self.settings),
            ("prompt", &self.text),
            ("input", &self.inputs),
        ];
        mine.into_iter()
            .filter(|(_, part)| parts.next() != Some(part.as_str()))
            .map(|(name, _)| name)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn invocation() -> Invocation {
        Invocation {
            kind: "image_generator".to_owned(),
            model: "m".to_owned(),
            version: "1".to_owned(),
            params: [("scale".to_owned(), json!(2))].into(),
            own_text: "own".to_owned(),
            negative: String::new(),
            inputs: [(
                "prompt".to_owned(),
                vec![ItemContent::Text("first ".to_owned()), ItemContent::Text(" ".to_owned())],
            )]
            .into(),
        }
    }

    #[test]
    fn prompt_joins_upstream_first() {
        assert_eq!(invocation().prompt(), "first\n\nown");
    }

    /// Documents of old may hold carriage returns in texts, values and results.
    #[test]
    fn how_lines_end_changes_neither_fingerprint_nor_prompt() {
        let of = |end: &str| {
            let text = |words: &str| words.replace('|', end);
            let mut one = invocation();
            one.own_text = text("own|words|");
            one.negative = text("no|fog");
            one.params.insert("instructions".to_owned(), json!([text("be|brief")]));
            let arriving = vec![ItemContent::Text(text("first|second"))];
            one.inputs.insert("prompt".to_owned(), arriving);
            (one.fingerprint().to_string(), one.prompt())
        };
        assert_eq!(of("\r\n"), of("\n"));
        assert_eq!(of("\r"), of("\n"));
        assert_ne!(of(" "), of("\n"));
        assert_eq!(of("\n").1, "first\nsecond\n\nown\nwords");
    }

    #[test]
    fn fingerprint_names_what_changed() {
        let before = invocation().fingerprint().to_string();
        let mut after = invocation();
        after.params.insert("scale".to_owned(), json!(2.0));
        after.own_text = " own\n".to_owned();
        assert_eq!(after.fingerprint().to_string(), before, "same value, same text");
        after.own_text = "other".to_owned();
        assert_eq!(after.fingerprint().changed_since(&before), ["prompt"]);
        after.params.insert("scale".to_owned(), json!(4));
        assert_eq!(after.fingerprint().changed_since(&before), ["settings", "prompt"]);
    }
}
