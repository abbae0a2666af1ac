//! Comments (R-DOC-35): threads pinned to a place or to a node. Only people write them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yrs::{
    Any, Array as _, ArrayPrelim, ArrayRef, Map as _, MapPrelim, MapRef, Out, ReadTxn,
    TransactionMut, WriteTxn as _,
};

use super::read::Held;
use crate::values::{any_to_json, json_to_any};

/// Most characters of one message that are kept.
pub const MESSAGE_CHARS_MAX: usize = 2_000;
/// Most people that one message mentions.
const MENTIONS_MAX: usize = 20;
/// Most messages of a thread that are read.
const MESSAGES_READ: usize = 500;

/// Where a thread is pinned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A point of the canvas, in canvas units.
    Pos([f64; 2]),
    /// A node, by its id.
    Node(String),
}

/// One message of a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The person's id.
    #[serde(default)]
    pub by: String,
    /// The person's name when they wrote it.
    #[serde(default)]
    pub name: String,
    /// When, in ms since 1970.
    #[serde(default)]
    pub at: i64,
    /// What they wrote.
    #[serde(default)]
    pub text: String,
    /// Ids of the people whom it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
}

/// A thread of comments.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// Its id.
    pub id: String,
    /// Where it is pinned.
    pub place: Place,
    /// True if somebody called it done.
    pub resolved: bool,
    /// Its messages, oldest first; at least one.
    pub messages: Vec<Message>,
}

fn thread<T: ReadTxn>(txn: &T, id: &str) -> Option<MapRef> {
    txn.get_map("comments")?.get(txn, id)?.cast().ok()
}

fn messages<T: ReadTxn>(txn: &T, id: &str) -> Option<ArrayRef> {
    thread(txn, id)?.get(txn, "messages")?.cast().ok()
}

fn message(any: &Any) -> Option<Message> {
    message_of(&any_to_json(any))
}

/// Reads a message; `None` for anything else and for an empty one.
pub fn message_of(value: &Value) -> Option<Message> {
    let string = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let text: String = string("text").chars().take(MESSAGE_CHARS_MAX).collect();
    let at = value.get("at").and_then(Value::as_f64).unwrap_or_default() as i64;
    let mentions = value.get("mentions").and_then(Value::as_array).into_iter().flatten();
    let mentions = mentions.filter_map(Value::as_str).take(MENTIONS_MAX).map(str::to_owned);
    (!text.trim().is_empty()).then(|| Message {
        by: string("by"),
        name: string("name"),
        at,
        text,
        mentions: mentions.collect(),
    })
}

fn place<T: ReadTxn>(txn: &T, held: &Held) -> Option<Place> {
    if let Some(Out::Any(Any::String(node))) = held.get(txn, "node") {
        return Some(Place::Node(node.to_string()));
    }
    let Out::Any(pos) = held.get(txn, "pos")? else { return None };
    let [x, y] = serde_json::from_value(any_to_json(&pos)).ok()?;
    (f64::abs(x) < 1e9 && f64::abs(y) < 1e9).then_some(Place::Pos([x, y]))
}

/// Reads a thread; `None` where there is none, or none that has a place and a message.
pub fn read_thread<T: ReadTxn>(txn: &T, id: &str) -> Option<Thread> {
    let held = Held::of(txn.get_map("comments")?.get(txn, id)?)?;
    let place = place(txn, &held)?;
    let plain = |out: Out| if let Out::Any(any) = out { message(&any) } else { None };
    let said = held.get(txn, "messages")?;
    let messages: Vec<Message> = if let Out::Any(Any::Array(array)) = &said {
        array.iter().take(MESSAGES_READ).filter_map(message).collect()
    } else {
        let array: ArrayRef = said.cast().ok()?;
        array.iter(txn).take(MESSAGES_READ).filter_map(plain).collect()
    };
    let resolved = matches!(held.get(txn, "resolved"), Some(Out::Any(Any::Bool(true))));
    (!messages.is_empty()).then(|| Thread { id: id.to_owned(), place, resolved, messages })
}

/// Begins a thread with its first message.
pub fn add_thread(txn: &mut TransactionMut<'_>, id: &str, place: &Place, first: &Message) {
    let (key, value) = match place {
        Place::Pos(pos) => ("pos", json!(pos)),
        Place::Node(node) => ("node", json!(node)),
    };
    let prelim = MapPrelim::from([(key, json_to_any(&value))]);
    let thread = txn.get_or_insert_map("comments").insert(txn, id, prelim);
    thread.insert(txn, "messages", ArrayPrelim::from([json_to_any(&json!(first))]));
}

/// Adds a message to a thread and opens it again; `false` where there is no such thread.
pub fn reply(txn: &mut TransactionMut<'_>, id: &str, message: &Message) -> bool {
    let Some(array) = messages(txn, id) else { return false };
    array.push_back(txn, json_to_any(&json!(message)));
    set_resolved(txn, id, false);
    true
}

/// Calls a thread done, or open again.
pub fn set_resolved(txn: &mut TransactionMut<'_>, id: &str, resolved: bool) {
    let Some(thread) = thread(txn, id) else { return };
    if resolved {
        thread.try_update(txn, "resolved", true);
    } else if thread.contains_key(txn, "resolved") {
        thread.remove(txn, "resolved");
    }
}

/// Takes a message out of a thread, and the thread away with its last one.
pub fn remove_message(txn: &mut TransactionMut<'_>, id: &str, gone: &Message) {
    let Some(array) = messages(txn, id) else { return remove_plainly(txn, id, gone) };
    let is_gone = |out: Out| matches!(out, Out::Any(any) if message(&any).as_ref() == Some(gone));
    let at = array.iter(txn).position(is_gone);
    if let Some(at) = at {
        array.remove(txn, at as u32);
    }
    if read_thread(txn, id).is_none() {
        txn.get_or_insert_map("comments").remove(txn, id);
    }
}

/// The same in a thread that another program wrote as plain JSON: the rest of it is written anew.
fn remove_plainly(txn: &mut TransactionMut<'_>, id: &str, gone: &Message) {
    let Some(thread) = read_thread(txn, id) else { return };
    let mut rest = thread.messages.into_iter().filter(|message| message != gone);
    match rest.next() {
        None => {
            txn.get_or_insert_map("comments").remove(txn, id);
        }
        Some(first) => {
            add_thread(txn, id, &thread.place, &first);
            for message in rest {
                reply(txn, id, &message);
            }
            set_resolved(txn, id, thread.resolved);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yrs::{Doc, Transact as _};

    fn said(text: &str) -> Message {
        Message {
            by: "p1".into(),
            name: "Mara".into(),
            at: 1_700_000_000_000,
            text: text.into(),
            mentions: Vec::new(),
        }
    }

    #[test]
    fn a_thread_is_begun_answered_resolved_and_taken_away() {
        let doc = Doc::with_client_id(1);
        let mut txn = doc.transact_mut();
        add_thread(&mut txn, "t", &Place::Pos([4.0, -5.5]), &said("hold it steady"));
        set_resolved(&mut txn, "t", true);
        assert!(read_thread(&txn, "t").unwrap().resolved);
        assert!(reply(&mut txn, "t", &said("running it again")));
        let thread = read_thread(&txn, "t").unwrap();
        assert!(!thread.resolved, "an answer opens it again");
        assert_eq!(thread.place, Place::Pos([4.0, -5.5]));
        assert_eq!(thread.messages, [said("hold it steady"), said("running it again")]);
        remove_message(&mut txn, "t", &said("hold it steady"));
        assert_eq!(read_thread(&txn, "t").unwrap().messages, [said("running it again")]);
        remove_message(&mut txn, "t", &said("running it again"));
        assert!(!txn.get_map("comments").unwrap().contains_key(&txn, "t"));
        assert!(!reply(&mut txn, "t", &said("too late")));
    }

    #[test]
    fn what_a_foreign_writer_put_there_is_read_or_left_out() {
        let doc = Doc::with_client_id(1);
        let mut txn = doc.transact_mut();
        let comments = txn.get_or_insert_map("comments");
        let put = |txn: &mut TransactionMut<'_>, id: &str, value: Value| {
            comments.insert(txn, id, json_to_any(&value));
        };
        put(
            &mut txn,
            "plain",
            json!({"node": "n", "messages": [{"text": "hi"}, 7, {"text": " "}]}),
        );
        put(&mut txn, "empty", json!({"node": "n", "messages": []}));
        put(&mut txn, "nowhere", json!({"messages": [{"text": "hi"}]}));
        put(&mut txn, "far", json!({"pos": [1e12, 0], "messages": [{"text": "hi"}]}));
        put(&mut txn, "text", json!("hi"));
        let plain = read_thread(&txn, "plain").unwrap();
        assert_eq!((plain.place, plain.messages.len()), (Place::Node("n".into()), 1));
        put(
            &mut txn,
            "mixed",
            json!({"node": "n", "messages": [{"text": "a", "mentions": ["p2", 7]}, {"text": "b"}]}),
        );
        let mixed = read_thread(&txn, "mixed").unwrap();
        assert_eq!(mixed.messages[0].mentions, ["p2"]);
        remove_message(&mut txn, "mixed", &mixed.messages[0]);
        assert_eq!(read_thread(&txn, "mixed").unwrap().messages, mixed.messages[1..]);
        remove_message(&mut txn, "mixed", &mixed.messages[1]);
        for id in ["empty", "nowhere", "far", "text", "none", "mixed"] {
            assert_eq!(read_thread(&txn, id), None, "{id}");
        }
        let long = Message { text: "é".repeat(3_000), ..said("") };
        add_thread(&mut txn, "long", &Place::Node("n".into()), &long);
        let read = read_thread(&txn, "long").unwrap();
        assert_eq!(read.messages[0].text.chars().count(), MESSAGE_CHARS_MAX);
    }
}
