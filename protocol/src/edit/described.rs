//! Description of edits for clients: the schema of the list that [`super::parse()`] reads.

use serde_json::{Value, json};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{RefOr, schema};

/// The body of `POST …/edits`.
pub struct Edits;

impl utoipa::PartialSchema for Edits {
    fn schema() -> RefOr<Schema> {
        let read = serde_json::from_value::<Schema>(described());
        RefOr::T(read.unwrap_or_else(|_| Schema::Array(schema::Array::default())))
    }
}

impl utoipa::ToSchema for Edits {}

fn described() -> Value {
    let id = json!({"type": "string", "pattern": "^[a-z0-9_-]{1,64}$"});
    let end = json!({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2});
    let pair = json!({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2});
    let or_null = |ty: &str| json!({"type": [ty, "null"]});
    let asset = json!({"description": "An asset's id, or its facts; null removes it.", "oneOf": [
        {"type": "null"}, id, {"type": "object", "properties": {"id": id}, "required": ["id"]}
    ]});
    let item = json!({"oneOf": [
        {"type": "string"},
        {"type": "object", "properties": {"id": id, "text": {"type": "string"}}, "required": ["text"]},
        {"type": "object", "properties": {"id": id, "asset": asset}, "required": ["asset"]},
    ]});
    let fields = json!({
        "pos": pair, "size": {"oneOf": [{"type": "null"}, pair]}, "z": or_null("string"), "title": or_null("string"),
        "color": or_null("string"), "parent": {"oneOf": [{"type": "null"}, id]}, "locked": or_null("boolean"), "fixed": or_null("boolean"),
        "settings": {"type": "object", "description": "Merged; null removes one."},
        "text": {"type": "string"}, "negative": {"type": "string"},
        "items": {"type": "array", "items": item}, "asset": asset,
        "output": {"type": "object"}, "stars": {"type": "object", "additionalProperties": {"type": "boolean"}},
    });
    let edit = |op: &str, description: &str, required: &[&str], more: &[Value]| {
        let mut properties = json!({"op": {"type": "string", "enum": [op]}});
        for more in more {
            for (key, value) in more.as_object().into_iter().flatten() {
                properties[key] = value.clone();
            }
        }
        let required: Vec<&str> = ["op"].into_iter().chain(required.iter().copied()).collect();
        json!({"type": "object", "title": op, "description": description, "properties": properties,
               "required": required, "additionalProperties": false})
    };
    let node = json!({"node": id});
    let text = json!({"type": "string"});
    json!({
        "type": "array",
        "maxItems": 10_000,
        "description": "Typed edits, all or nothing.",
        "items": {"oneOf": [
            edit("add_node", "A new node.", &["kind"], &[json!({"id": id, "kind": text}), fields.clone()]),
            edit("set", "Changes keys of a node; null removes one.", &["node"], &[node.clone(), fields]),
            edit("move", "Moves a node.", &["node", "pos"], &[node.clone(), json!({"pos": pair})]),
            edit("remove_node", "Removes a node and its edges.", &["node"], &[node]),
            edit("connect", "Connects an output to an input.", &["from", "to"], &[json!({
                "from": end, "to": end, "items": {"type": "string", "enum": ["each", "all"]}
            })]),
            edit("disconnect", "Removes an edge.", &["key"], &[json!({"key": text})]),
            edit("set_meta", "Changes name or description.", &[], &[json!({"name": text, "description": text})]),
        ]}
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema as _;

    #[test]
    fn every_edit_is_described_and_what_is_described_is_read() {
        let described = serde_json::to_value(Edits::schema()).unwrap();
        let edits = described["items"]["oneOf"].as_array().unwrap();
        assert_eq!(edits.len(), 7);
        let value = |key: &str| match key {
            "pos" => json!([1, 2]),
            "from" | "to" => json!(["a", "text"]),
            _ => json!("a"),
        };
        for edit in edits {
            let op = &edit["properties"]["op"]["enum"][0];
            let mut smallest = json!({"op": op});
            for key in edit["required"].as_array().unwrap().iter().filter_map(Value::as_str) {
                if key != "op" {
                    smallest[key] = value(key);
                }
            }
            crate::edit::parse(&json!([smallest])).unwrap_or_else(|why| panic!("{op}: {why}"));
            let mut larger = smallest;
            larger["other"] = json!(1);
            crate::edit::parse(&json!([larger])).unwrap_err();
            assert!(
                crate::edit::parse(&json!([{"op": "other"}]))
                    .unwrap_err()
                    .detail
                    .contains(op.as_str().unwrap())
            );
        }
    }
}
