//! Content of a place in a document, apart from any document: what copies are made of. Formats, embeds, unknown keys
//! and kinds, plain values and Y types within each other stay as they are; only subdocuments are left out, because no
//! room takes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map as Object, Value, json};
use yrs::types::text::YChange;
use yrs::types::xml::XmlIn;
use yrs::types::{AsPrelim as _, Attrs, Delta};
use yrs::{
    Any, Array as _, ArrayPrelim, ArrayRef, In, Map as _, MapPrelim, MapRef, Out, ReadTxn,
    Text as _, TextPrelim, TextRef, TransactionMut, WriteTxn as _, XmlFragment as _,
};

use super::model::Chosen;
use super::read::{read_generations, read_node};
use crate::doc::{PEOPLE_ROOTS, SERVER_ROOTS};
use crate::values::{any_to_json, depth, json_to_any};
use crate::wire::guard::{TYPE_MAX_DEPTH, VALUE_MAX_DEPTH};

/// Content of a key of a map or of a place in an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A plain value.
    Plain(Any),
    /// A Y.Map.
    Map(BTreeMap<String, Content>),
    /// A Y.Array.
    List(Vec<Content>),
    /// A Y.Text.
    Text(Vec<Piece>),
    /// A type of Y.Xml.
    Xml(In),
}

/// A stretch of a Y.Text with one formatting, or an embed in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// A string, or what is embedded.
    insert: Content,
    attributes: BTreeMap<String, Any>,
}

impl Content {
    /// Reads what stands somewhere; `None` for a subdocument.
    pub fn read<T: ReadTxn>(txn: &T, out: &Out) -> Option<Self> {
        Some(match out {
            Out::Any(any) => Self::Plain(any.clone()),
            Out::YMap(map) => Self::Map(read_map(txn, map)),
            Out::YArray(array) => {
                Self::List(array.iter(txn).filter_map(|out| Self::read(txn, &out)).collect())
            }
            Out::YText(text) => {
                let pieces = text.diff(txn, YChange::identity).into_iter();
                let piece = |piece: yrs::types::text::Diff<_>| {
                    let attributes = piece.attributes.map(|attributes| *attributes);
                    let attributes = attributes.unwrap_or_default().into_iter();
                    Some(Piece {
                        insert: Self::read(txn, &piece.insert)?,
                        attributes: attributes.map(|(k, v)| (k.to_string(), v)).collect(),
                    })
                };
                Self::Text(pieces.filter_map(piece).collect())
            }
            Out::YXmlElement(_) | Out::YXmlFragment(_) | Out::YXmlText(_) => {
                Self::Xml(out.as_prelim(txn))
            }
            Out::YDoc(_) | Out::UndefinedRef(_) => return None,
        })
    }

    /// Puts it under a key.
    pub fn put(&self, txn: &mut TransactionMut<'_>, map: &MapRef, key: &str) {
        match self {
            Self::Plain(any) => drop(map.insert(txn, key, any.clone())),
            Self::Map(entries) => {
                let inner = map.insert(txn, key, MapPrelim::default());
                fill_map(txn, &inner, entries);
            }
            Self::List(entries) => {
                let inner = map.insert(txn, key, ArrayPrelim::default());
                fill_list(txn, &inner, entries);
            }
            Self::Text(pieces) => {
                let inner = map.insert(txn, key, TextPrelim::new(""));
                fill_text(txn, &inner, pieces);
            }
            Self::Xml(xml) => drop(map.insert(txn, key, xml.clone())),
        }
    }

    fn push(&self, txn: &mut TransactionMut<'_>, array: &ArrayRef) {
        match self {
            Self::Plain(any) => drop(array.push_back(txn, any.clone())),
            Self::Map(entries) => {
                let inner = array.push_back(txn, MapPrelim::default());
                fill_map(txn, &inner, entries);
            }
            Self::List(entries) => {
                let inner = array.push_back(txn, ArrayPrelim::default());
                fill_list(txn, &inner, entries);
            }
            Self::Text(pieces) => {
                let inner = array.push_back(txn, TextPrelim::new(""));
                fill_text(txn, &inner, pieces);
            }
            Self::Xml(xml) => drop(array.push_back(txn, xml.clone())),
        }
    }

    /// As something that can be embedded in a text; a text in a text keeps its words.
    fn embed(&self) -> In {
        match self {
            Self::Plain(any) => In::Any(any.clone()),
            Self::Map(entries) => {
                In::Map(entries.iter().map(|(k, v)| (k.as_str(), v.embed())).collect())
            }
            Self::List(entries) => {
                In::Array(entries.iter().map(Self::embed).collect::<ArrayPrelim>())
            }
            Self::Text(_) => In::Text(TextPrelim::new(self.words()).into()),
            Self::Xml(xml) => xml.clone(),
        }
    }

    /// Returns the words of a text, without embeds.
    fn words(&self) -> String {
        let Self::Text(pieces) = self else { return String::new() };
        let words = pieces.iter().filter_map(|piece| piece.insert.string());
        words.collect()
    }

    fn string(&self) -> Option<&str> {
        if let Self::Plain(Any::String(string)) = self { Some(string) } else { None }
    }

    /// As a child of a fragment.
    fn xml(&self) -> Option<XmlIn> {
        let Self::Xml(xml) = self else { return None };
        if let In::XmlElement(element) = xml {
            return Some(XmlIn::Element(element.clone()));
        }
        if let In::XmlText(text) = xml {
            return Some(XmlIn::Text(text.clone()));
        }
        if let In::XmlFragment(fragment) = xml {
            return Some(XmlIn::Fragment(fragment.clone()));
        }
        None
    }

    fn json(&self) -> Option<Value> {
        if let Self::Plain(any) = self { Some(any_to_json(any)) } else { None }
    }

    /// Returns the value under a key of a map, shared or plain, as plain JSON; nothing for a Y type.
    pub fn value(&self, key: &str) -> Option<Value> {
        if let Self::Plain(Any::Map(entries)) = self {
            return entries.get(key).map(any_to_json);
        }
        if let Self::Map(entries) = self { entries.get(key)?.json() } else { None }
    }

    /// Returns the words of a text under a key of a map.
    pub fn text(&self, key: &str) -> Option<String> {
        let Self::Map(entries) = self else { return None };
        entries.get(key).filter(|text| matches!(text, Self::Text(_))).map(Self::words)
    }

    /// Sets a plain value under a key of a map, shared or plain; null removes the key.
    pub fn set(&mut self, key: &str, value: &Value) {
        if let Self::Map(entries) = self {
            if value.is_null() {
                entries.remove(key);
            } else {
                entries.insert(key.to_owned(), Self::Plain(json_to_any(value)));
            }
        } else if let Self::Plain(Any::Map(entries)) = self {
            let entries = Arc::make_mut(entries);
            if value.is_null() {
                entries.remove(key);
            } else {
                entries.insert(key.to_owned(), json_to_any(value));
            }
        }
    }

    /// Changes what somebody chose to show: `choose` is given each choice with its item, and answers the item and the
    /// choice as they are to be, or nothing to drop it.
    pub fn choose_again(&mut self, mut choose: impl FnMut(&str, Value) -> Option<(String, Value)>) {
        let Self::Map(entries) = self else { return };
        let chosen = match entries.get("output") {
            Some(Self::Map(chosen)) => chosen.clone(),
            Some(Self::Plain(Any::Map(chosen))) => {
                chosen.iter().map(|(k, v)| (k.clone(), Self::Plain(v.clone()))).collect()
            }
            _ => return,
        };
        let again = chosen.into_iter().filter_map(|(item, choice)| {
            let Some(plain) = choice.json() else { return Some((item, choice)) };
            let (item, choice) = choose(&item, plain)?;
            Some((item, Self::Plain(json_to_any(&choice))))
        });
        let again = Self::Map(again.collect());
        entries.insert("output".to_owned(), again);
    }

    /// As JSON that [`Content::parse`] reads; Y.Xml and bytes are left out.
    pub fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::Plain(any) => json!({"v": any_to_json(any)}),
            Self::Map(entries) => {
                let entries = entries.iter().filter_map(|(k, v)| Some((k.clone(), v.to_json()?)));
                json!({"map": entries.collect::<Object<_, _>>()})
            }
            Self::List(entries) => {
                json!({"list": entries.iter().filter_map(Self::to_json).collect::<Vec<_>>()})
            }
            Self::Text(pieces) => {
                let piece = |piece: &Piece| {
                    let attributes: Object<String, Value> =
                        piece.attributes.iter().map(|(k, v)| (k.clone(), any_to_json(v))).collect();
                    Some(json!([piece.insert.to_json()?, attributes]))
                };
                json!({"text": pieces.iter().filter_map(piece).collect::<Vec<_>>()})
            }
            Self::Xml(_) => return None,
        })
    }

    /// Reads what [`Content::to_json`] wrote. `None` for anything else, and for what no room would take because it is
    /// too deep for an entry of a root.
    pub fn parse(value: &Value) -> Option<Self> {
        parse(value, 1)
    }
}

fn parse(value: &Value, level: u32) -> Option<Content> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (kind, held) = object.iter().next()?;
    if kind == "v" {
        return plain(held).map(Content::Plain);
    }
    if level > TYPE_MAX_DEPTH {
        return None;
    }
    match kind.as_str() {
        "map" => {
            let entries = held.as_object()?.iter();
            let entries = entries.map(|(k, v)| Some((k.clone(), parse(v, level + 1)?)));
            entries.collect::<Option<_>>().map(Content::Map)
        }
        "list" => {
            let entries = held.as_array()?.iter().map(|v| parse(v, level + 1));
            entries.collect::<Option<_>>().map(Content::List)
        }
        "text" => {
            let piece = |value: &Value| {
                let [insert, attributes] = value.as_array()?.as_slice() else { return None };
                let attributes = attributes.as_object()?.iter();
                let attributes = attributes.map(|(k, v)| Some((k.clone(), plain(v)?)));
                Some(Piece {
                    insert: parse(insert, level + 1)?,
                    attributes: attributes.collect::<Option<_>>()?,
                })
            };
            held.as_array()?.iter().map(piece).collect::<Option<_>>().map(Content::Text)
        }
        _ => None,
    }
}

fn plain(value: &Value) -> Option<Any> {
    (depth(value) <= VALUE_MAX_DEPTH).then(|| json_to_any(value))
}

fn read_map<T: ReadTxn>(txn: &T, map: &MapRef) -> BTreeMap<String, Content> {
    let entries = map.iter(txn);
    entries.filter_map(|(k, v)| Some((k.to_owned(), Content::read(txn, &v)?))).collect()
}

fn fill_map(txn: &mut TransactionMut<'_>, map: &MapRef, entries: &BTreeMap<String, Content>) {
    for (key, content) in entries {
        content.put(txn, map, key);
    }
}

fn fill_list(txn: &mut TransactionMut<'_>, array: &ArrayRef, entries: &[Content]) {
    for content in entries {
        content.push(txn, array);
    }
}

/// Writes the pieces of a text; carriage returns become line feeds.
fn fill_text(txn: &mut TransactionMut<'_>, text: &TextRef, pieces: &[Piece]) {
    let mut after_return = false;
    let delta = pieces.iter().filter_map(|piece| {
        let insert = match piece.insert.string() {
            Some(words) => {
                let rest = words.strip_prefix('\n').filter(|_| after_return);
                let words = rest.unwrap_or(words);
                after_return = words.ends_with('\r');
                if words.is_empty() {
                    return None;
                }
                In::Any(Any::from(super::lines(words).into_owned()))
            }
            None => {
                after_return = false;
                piece.insert.embed()
            }
        };
        let attributes = piece.attributes.iter();
        let attributes: Attrs = attributes.map(|(k, v)| (k.as_str().into(), v.clone())).collect();
        Some(Delta::Inserted(insert, Some(Box::new(attributes))))
    });
    text.apply_delta(txn, delta.collect::<Vec<_>>());
}

/// Everything that people wrote on a canvas, apart from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Copied {
    roots: Vec<(String, CopiedRoot)>,
}

/// A root type: its keys, and its sequence. What a root type is nobody writes down, so it may have both.
#[derive(Clone, Debug, PartialEq)]
struct CopiedRoot {
    entries: BTreeMap<String, Content>,
    sequence: Option<Content>,
}

/// Reads the sequence of a root: a text where there are words in it, else a list.
fn read_sequence<T: ReadTxn>(txn: &T, name: &str) -> Option<Content> {
    let text = Content::read(txn, &Out::YText(txn.get_text(name)?))?;
    let has_words = |pieces: &[Piece]| pieces.iter().any(|piece| piece.insert.string().is_some());
    if matches!(&text, Content::Text(pieces) if has_words(pieces)) {
        return Some(text);
    }
    let list = Content::read(txn, &Out::YArray(txn.get_array(name)?))?;
    matches!(&list, Content::List(entries) if !entries.is_empty()).then_some(list)
}

/// Writes the sequence of a root; types of Y.Xml go into a fragment.
fn fill_sequence(txn: &mut TransactionMut<'_>, name: &str, sequence: &Content) {
    match sequence {
        Content::Text(pieces) => {
            let text = txn.get_or_insert_text(name);
            fill_text(txn, &text, pieces);
        }
        Content::List(entries) if entries.iter().any(|entry| matches!(entry, Content::Xml(_))) => {
            let fragment = txn.get_or_insert_xml_fragment(name);
            for xml in entries.iter().filter_map(Content::xml) {
                fragment.push_back(txn, xml);
            }
        }
        Content::List(entries) => {
            let array = txn.get_or_insert_array(name);
            fill_list(txn, &array, entries);
        }
        Content::Plain(_) | Content::Map(_) | Content::Xml(_) => {}
    }
}

/// Reads everything people wrote on a canvas, comments and what is unknown included, but its name, description and
/// version. Of what runs made nothing is read; a file that somebody put in the place of a result counts in the copy as
/// long as nothing is made there, as it counts here.
pub fn copy_canvas<T: ReadTxn>(txn: &T) -> Copied {
    let unknown = txn.root_refs().map(|(name, _)| name.to_owned());
    let unknown = unknown.filter(|name| !SERVER_ROOTS.contains(&name.as_str()));
    let mut names: Vec<String> =
        PEOPLE_ROOTS.into_iter().map(str::to_owned).chain(unknown).collect();
    names.sort_unstable();
    names.dedup();
    let mut roots = Vec::new();
    for name in names {
        let Some(mut entries) = txn.get_map(name.as_str()).map(|map| read_map(txn, &map)) else {
            continue;
        };
        let sequence = read_sequence(txn, &name);
        match name.as_str() {
            "meta" => entries.retain(|key, _| !["name", "description", "schema"].contains(&&**key)),
            "nodes" => {
                for (id, content) in &mut entries {
                    counting_again(txn, id, content);
                }
            }
            _ => {}
        }
        if !entries.is_empty() || sequence.is_some() {
            roots.push((name, CopiedRoot { entries, sequence }));
        }
    }
    Copied { roots }
}

/// A replaced creation that counts stays the one that counts where nothing was made yet.
fn counting_again<T: ReadTxn>(txn: &T, id: &str, content: &mut Content) {
    let Some(node) = read_node(txn, id) else { return };
    let is_asset = |chosen: &Chosen| matches!(chosen, Chosen::Asset(_));
    if !node.output.values().any(|choice| is_asset(&choice.chosen)) {
        return;
    }
    let made = read_generations(txn, id);
    content.choose_again(|item, mut choice| {
        let newest = made.iter().rfind(|made| made.key == item).map(|made| made.id.as_str());
        let known = node.output.get(item).filter(|known| is_asset(&known.chosen));
        if known.is_some_and(|known| known.after.as_deref() == newest)
            && let Some(object) = choice.as_object_mut()
        {
            object.insert("after".to_owned(), Value::Null);
        }
        Some((item.to_owned(), choice))
    });
}

impl Copied {
    /// Writes it into a canvas that holds none of it.
    pub fn paste(&self, txn: &mut TransactionMut<'_>) {
        for (name, CopiedRoot { entries, sequence }) in &self.roots {
            if let Some(sequence) = sequence {
                fill_sequence(txn, name, sequence);
            }
            if !entries.is_empty() {
                let root = txn.get_or_insert_map(name.as_str());
                fill_map(txn, &root, entries);
            }
        }
    }
}
