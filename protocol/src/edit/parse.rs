//! From JSON to edits, with errors that say which edit and which key. What a room would refuse later is refused here:
//! every value, key and text that an edit writes is within what the wire takes.

use serde_json::{Map, Value};

use super::model::{Edit, FieldAsset, FieldChoice, FieldChosen, FieldItem, Fields};
use crate::ids::is_id;
use crate::problem::{ErrorCode, Refusal};
use crate::schema::{Connection, lines};
use crate::values::{AssetRef, depth};
use crate::wire::guard::VALUE_MAX_DEPTH;
use crate::{names, order};

/// The most edits in one request.
const EDITS_MAX: usize = 10_000;
/// The most entries that the lists of one request hold together.
const ITEMS_MAX: usize = 20_000;
/// The longest name of a setting, in characters.
const KEY_CHARS_MAX: usize = 200;
/// The longest key of an item, in characters: origins of a batch, joined.
const ITEM_KEY_CHARS_MAX: usize = 4_096;

pub(super) fn edits(value: &Value) -> Result<Vec<Edit>, Refusal> {
    let bad = |detail: String| Refusal::new(ErrorCode::BadRequest, detail);
    let Some(list) = value.as_array() else {
        return Err(bad("Edits are a JSON array of {\"op\": …} objects.".to_owned()));
    };
    if list.len() > EDITS_MAX {
        return Err(bad(format!("At most {EDITS_MAX} edits at once.")));
    }
    let mut items = 0;
    let numbered = |(number, value): (usize, &Value)| {
        let edit = clean(value).and_then(|value| edit(&value));
        let edit = edit.map_err(|why| bad(format!("Edit {}: {why}", number + 1)))?;
        if let Edit::AddNode { fields, .. } | Edit::Set { fields, .. } = &edit {
            items += fields.items.as_ref().map_or(0, Vec::len);
        }
        if items > ITEMS_MAX {
            return Err(bad(format!("At most {ITEMS_MAX} entries of lists at once.")));
        }
        Ok(edit)
    };
    list.iter().enumerate().map(numbered).collect()
}

/// An edit with every line end a line feed, in texts as in values. U+0000 is refused: databases do not take it.
fn clean(value: &Value) -> Result<Value, String> {
    // The edit, its key and what that holds: each may add a level to the values within.
    if depth(value) > VALUE_MAX_DEPTH + 3 {
        return Err(too_deep());
    }
    cleaned(value)
}

fn too_deep() -> String {
    format!("a value is nested more than {VALUE_MAX_DEPTH} deep.")
}

fn cleaned(value: &Value) -> Result<Value, String> {
    let text = |text: &str| match text.contains('\0') {
        true => Err("a text holds the character U+0000.".to_owned()),
        false => Ok(lines(text).into_owned()),
    };
    Ok(match value {
        Value::String(of) => Value::String(text(of)?),
        Value::Array(items) => Value::Array(items.iter().map(cleaned).collect::<Result<_, _>>()?),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| Ok((text(key)?, cleaned(value)?)));
            Value::Object(entries.collect::<Result<_, String>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
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
            // Any key: what is no id may stand there too, and has to be removable.
            Ok(Edit::RemoveNode { node: text(object, "node")? })
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
            let said = |refusal: Refusal| refusal.detail;
            let name = text("name")?.map(|name| names::name(&name)).transpose().map_err(said)?;
            let about = text("description")?.map(|text| names::description(&text));
            Ok(Edit::SetMeta { name, description: about.transpose().map_err(said)? })
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
        None => Err(format!("{} is no id: 1 to 64 of a-z, 0-9, _ and -.", shown(value))),
    }
}

/// A value in a sentence: not more of it than helps.
fn shown(value: &Value) -> String {
    const CHARS_MAX: usize = 100;
    let text = value.to_string();
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
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
        "z" => value.is_null() || value.as_str().is_some_and(order::is_key),
        "title" | "color" => value.is_null() || value.is_string(),
        "parent" => value.is_null() || id(value).is_ok(),
        "locked" | "fixed" => value.is_null() || value.is_boolean(),
        "settings" => {
            fields.settings = object(value, key)?.clone();
            for (name, value) in &fields.settings {
                setting(name, value)?;
            }
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
            for (item, value) in object(value, key)? {
                if item.chars().count() > ITEM_KEY_CHARS_MAX {
                    return Err("output names an item that cannot be.".to_owned());
                }
                fields.output.insert(item.clone(), choice(value)?);
            }
            return Ok(());
        }
        "stars" => {
            for (starred, value) in object(value, key)? {
                let starred = id(&Value::from(starred.as_str()))?;
                let wanted = "stars are true, or false to take them back.";
                let is_off = value.is_null().then_some(false);
                let is_on = value.as_bool().or(is_off).ok_or(wanted)?;
                fields.stars.insert(starred, is_on);
            }
            return Ok(());
        }
        _ => return Err(format!("a node has no key “{key}”.")),
    };
    if !plain_is_right {
        return Err(format!("{key} cannot be {}.", shown(value)));
    }
    fields.plain.insert(key.to_owned(), value.clone());
    Ok(())
}

fn setting(name: &str, value: &Value) -> Result<(), String> {
    if name.is_empty() || name.chars().count() > KEY_CHARS_MAX {
        return Err(format!("the name of a setting has 1 to {KEY_CHARS_MAX} characters."));
    }
    if depth(value) > VALUE_MAX_DEPTH {
        return Err(format!("the setting {name} cannot be: {}", too_deep()));
    }
    Ok(())
}

fn choice(value: &Value) -> Result<Option<FieldChoice>, String> {
    let wanted = || {
        "output must be {\"use\": {\"generation\": id}, {\"asset\": …} or null, \"after\": id or null}."
            .to_owned()
    };
    if value.is_null() {
        return Ok(None);
    }
    let object = value.as_object().ok_or_else(wanted)?;
    let chosen = match object.get("use") {
        None | Some(Value::Null) => None,
        Some(Value::Object(chosen)) => match (chosen.get("generation"), chosen.get("asset")) {
            (Some(generation), None) => Some(FieldChosen::Generation(id(generation)?)),
            (None, Some(held)) => Some(FieldChosen::Asset(asset(held)?)),
            _ => return Err(wanted()),
        },
        Some(_) => return Err(wanted()),
    };
    let after = object.get("after").filter(|after| !after.is_null());
    Ok(Some(FieldChoice { chosen, after: after.map(id).transpose()? }))
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
    let named = object.get("id").filter(|id| !id.is_null());
    Ok(FieldItem { id: named.map(id).transpose()?, content })
}
