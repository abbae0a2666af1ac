//! From JSON to edits, with errors that say which edit and which key.

use serde_json::{Map, Value};

use super::{Edit, FieldAsset, FieldItem, Fields};
use crate::ids::is_id;
use crate::problem::{ErrorCode, Refusal};
use crate::schema::Connection;
use crate::values::AssetRef;

/// The most edits in one request.
const EDITS_MAX: usize = 10_000;

pub(super) fn edits(value: &Value) -> Result<Vec<Edit>, Refusal> {
    let bad = |detail: String| Refusal::new(ErrorCode::BadRequest, detail);
    let Some(list) = value.as_array() else {
        return Err(bad("Edits are a JSON array of {\"op\": …} objects.".to_owned()));
    };
    if list.len() > EDITS_MAX {
        return Err(bad(format!("At most {EDITS_MAX} edits at once.")));
    }
    let numbered = |(number, value): (usize, &Value)| {
        edit(value).map_err(|why| bad(format!("Edit {}: {why}", number + 1)))
    };
    list.iter().enumerate().map(numbered).collect()
}

fn edit(value: &Value) -> Result<Edit, String> {
    let Some(object) = value.as_object() else { return Err("it must be an object.".to_owned()) };
    let op = object.get("op").and_then(Value::as_str).unwrap_or_default();
    let allow = |known: &[&str]| match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{op} has no key “{key}”.")),
        None => Ok(()),
    };
    match op {
        "add_node" => Ok(Edit::AddNode {
            id: object.get("id").filter(|id| !id.is_null()).map(id).transpose()?,
            kind: text(object, "kind")?,
            fields: fields(object, &["op", "id", "kind"])?,
        }),
        "set" => Ok(Edit::Set { node: node(object)?, fields: fields(object, &["op", "node"])? }),
        "move" => {
            allow(&["op", "node", "pos"])?;
            let pos = object.get("pos").ok_or("pos is missing.")?;
            let mut fields = Fields::default();
            pair(pos).ok_or("pos must be [x, y].")?;
            fields.plain.insert("pos".to_owned(), pos.clone());
            Ok(Edit::Set { node: node(object)?, fields })
        }
        "remove_node" => {
            allow(&["op", "node"])?;
            Ok(Edit::RemoveNode { node: node(object)? })
        }
        "connect" => {
            allow(&["op", "from", "to", "items"])?;
            let items_all = match object.get("items").map(Value::as_str) {
                None | Some(Some("each")) => false,
                Some(Some("all")) => true,
                Some(_) => return Err("items must be \"each\" or \"all\".".to_owned()),
            };
            let (from, to) = (end(object, "from")?, end(object, "to")?);
            Ok(Edit::Connect(Connection { from, to, items_all }))
        }
        "disconnect" => {
            allow(&["op", "key"])?;
            Ok(Edit::Disconnect { key: text(object, "key")? })
        }
        "set_meta" => {
            allow(&["op", "name", "description"])?;
            let text = |key: &str| object.get(key).map(|_| text(object, key)).transpose();
            Ok(Edit::SetMeta { name: text("name")?, description: text("description")? })
        }
        _ => Err(format!(
            "op “{op}” is none of add_node, set, move, remove_node, connect, disconnect, set_meta."
        )),
    }
}

fn text(object: &Map<String, Value>, key: &str) -> Result<String, String> {
    match object.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("{key} must be a text.")),
        None => Err(format!("{key} is missing.")),
    }
}

fn id(value: &Value) -> Result<String, String> {
    match value.as_str().filter(|id| is_id(id)) {
        Some(id) => Ok(id.to_owned()),
        None => Err(format!("{value} is no id: 1 to 64 of a-z, 0-9, _ and -.")),
    }
}

fn node(object: &Map<String, Value>) -> Result<String, String> {
    id(object.get("node").ok_or("node is missing.")?)
}

fn end(object: &Map<String, Value>, key: &str) -> Result<(String, String), String> {
    let wanted = || format!("{key} must be [node, port].");
    match object.get(key).and_then(Value::as_array).map(Vec::as_slice) {
        Some([node, port]) => Ok((id(node)?, port.as_str().ok_or_else(wanted)?.to_owned())),
        _ => Err(wanted()),
    }
}

/// Two finite numbers within the canvas.
pub(super) fn pair(value: &Value) -> Option<[f64; 2]> {
    let [a, b] = value.as_array()?.as_slice() else { return None };
    let (a, b) = (a.as_f64()?, b.as_f64()?);
    (a.abs() < 1e9 && b.abs() < 1e9).then_some([a, b])
}

fn object<'a>(value: &'a Value, key: &str) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{key} must be an object."))
}

fn fields(from: &Map<String, Value>, other: &[&str]) -> Result<Fields, String> {
    let mut fields = Fields::default();
    for (key, value) in from.iter().filter(|(key, _)| !other.contains(&key.as_str())) {
        field(&mut fields, key, value)?;
    }
    Ok(fields)
}

fn field(fields: &mut Fields, key: &str, value: &Value) -> Result<(), String> {
    let plain_is_right = match key {
        "pos" => pair(value).is_some(),
        "size" => value.is_null() || pair(value).is_some_and(|[w, h]| w > 0.0 && h > 0.0),
        "z" | "title" | "color" => value.is_null() || value.is_string(),
        "parent" => value.is_null() || id(value).is_ok(),
        "locked" => value.is_null() || value.is_boolean(),
        "settings" => {
            fields.settings = object(value, key)?.clone();
            return Ok(());
        }
        "text" | "negative" => {
            let text = value.as_str().ok_or_else(|| format!("{key} must be a text."))?.to_owned();
            let slot = if key == "text" { &mut fields.text } else { &mut fields.negative };
            *slot = Some(text);
            return Ok(());
        }
        "items" => {
            let items = value.as_array().ok_or("items must be an array.")?;
            fields.items = Some(items.iter().map(item).collect::<Result<_, _>>()?);
            return Ok(());
        }
        "asset" => {
            fields.asset = Some(if value.is_null() { None } else { Some(asset(value)?) });
            return Ok(());
        }
        "output" => {
            fields.output = object(value, key)?.clone();
            return Ok(());
        }
        "stars" => {
            for (id, starred) in object(value, key)? {
                fields.stars.insert(id.clone(), starred == &Value::Bool(true));
            }
            return Ok(());
        }
        _ => return Err(format!("a node has no key “{key}”.")),
    };
    if !plain_is_right {
        return Err(format!("{key} cannot be {value}."));
    }
    fields.plain.insert(key.to_owned(), value.clone());
    Ok(())
}

fn asset(value: &Value) -> Result<FieldAsset, String> {
    if value.is_string() {
        return id(value).map(FieldAsset::Id);
    }
    AssetRef::from_value(value)
        .map(FieldAsset::Whole)
        .ok_or_else(|| "asset must be an asset's id or its facts.".to_owned())
}

fn item(value: &Value) -> Result<FieldItem, String> {
    if let Value::String(text) = value {
        return Ok(FieldItem { id: None, content: Ok(text.clone()) });
    }
    let object = object(value, "an item")?;
    let content = match (object.get("text"), object.get("asset")) {
        (Some(Value::String(text)), None) => Ok(text.clone()),
        (None, Some(value)) => Err(asset(value)?),
        _ => return Err("an item has either text or asset.".to_owned()),
    };
    Ok(FieldItem { id: object.get("id").map(id).transpose()?, content })
}
