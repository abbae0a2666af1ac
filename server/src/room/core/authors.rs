//! Whose comments are whose: a message in somebody else's name, and what is no message, is taken out again (R-SYNC-43).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use gesso_protocol::schema::{self, Message};
use gesso_protocol::values::{any_to_json, json_to_any};
use serde_json::Value;
use yrs::types::{Change, EntryChange, Event, PathSegment, ToJson as _};
use yrs::{
    Any, Array as _, DeepObservable as _, Doc, Map as _, MapRef, Out, ReadTxn, Transact as _,
    TransactionMut, WriteTxn as _,
};

/// The root of the threads, and the key of a thread's messages.
const ROOT: &str = "comments";
const MESSAGES: &str = "messages";

/// Digest of an entry of a thread's messages, and of the thread.
type Digest = u128;

/// Threads of comments, as far as it matters who wrote what.
pub(super) struct Authors {
    /// Entries that came since the last look, with their threads.
    news: Arc<Mutex<Vec<(String, Value)>>>,
    /// The entries that are there, or were since the document was opened: one that somebody took away comes back by their
    /// undo, whoever wrote it; once, and in its thread.
    known: BTreeSet<Digest>,
}

/// Findings about what a writer added.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Messages in the writer's own name, with their threads.
    pub(super) said: Vec<(String, Message)>,
    /// Entries that may not stay, by thread, with the number of each that may.
    pub(super) forged: BTreeMap<String, BTreeMap<Digest, usize>>,
}

impl Authors {
    pub(super) fn new(doc: &Doc) -> Self {
        let comments = doc.get_or_insert_map(ROOT);
        let news = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let sink = Arc::clone(&news);
        comments.observe_deep("authors", move |txn, events| {
            let mut news = sink.lock().expect("no holder panics");
            for event in events.iter() {
                news.extend(added(txn, event));
            }
        });
        let txn = doc.transact();
        let threads = comments.iter(&txn).map(|(id, thread)| (id.to_owned(), thread));
        let entries = threads.flat_map(|(id, thread)| {
            let entries = entries_of(&txn, &thread).into_iter();
            entries.map(move |entry| digest(&id, &entry)).collect::<Vec<_>>()
        });
        let known = entries.collect();
        Self { news, known }
    }

    /// True if entries have come since the last look.
    pub(super) fn has_news(&self) -> bool {
        !self.news.lock().expect("no holder panics").is_empty()
    }

    /// Looks at what a person added since the last look; what the server wrote, for nobody, is taken as it is.
    pub(super) fn judge<T: ReadTxn>(&mut self, txn: &T, writer: Option<&str>) -> Judged {
        let news = std::mem::take(&mut *self.news.lock().expect("no holder panics"));
        let mut judged = Judged::default();
        for (thread, entry) in news {
            let digest = digest(&thread, &entry);
            let message = schema::message_of(&entry);
            let Some(writer) = writer else {
                self.known.insert(digest);
                continue;
            };
            if let Some(message) = message.filter(|message| message.by == writer) {
                if self.known.insert(digest) {
                    judged.said.push((thread, message));
                }
                continue;
            }
            let stays = usize::from(self.known.contains(&digest));
            if count(txn, &thread, digest) > stays {
                judged.forged.entry(thread).or_default().insert(digest, stays);
            }
        }
        judged
    }

    /// Forgets what came: it was this server's own doing.
    pub(super) fn forget(&self) {
        self.news.lock().expect("no holder panics").clear();
    }
}

/// Takes entries out of the document, and a thread with its last one.
pub(super) fn take_out(
    txn: &mut TransactionMut<'_>,
    forged: &BTreeMap<String, BTreeMap<Digest, usize>>,
) {
    let comments = txn.get_or_insert_map(ROOT);
    for (id, forged) in forged {
        let Some(thread) = comments.get(txn, id) else { continue };
        let mut left = forged.clone();
        let mut goes = |entry: &Value| match left.get_mut(&digest(id, entry)) {
            None => false,
            Some(0) => true,
            Some(stays) => {
                *stays -= 1;
                false
            }
        };
        let is_empty = if let Out::YMap(thread) = &thread {
            take_out_of(txn, thread, &mut goes)
        } else if let Out::Any(Any::Map(_)) = &thread {
            let mut thread = json(txn, &thread);
            let entries = thread.get_mut(MESSAGES).and_then(Value::as_array_mut);
            let is_empty = entries.is_none_or(|entries| {
                entries.retain(|entry| !goes(entry));
                entries.is_empty()
            });
            if !is_empty {
                comments.insert(txn, id.as_str(), json_to_any(&thread));
            }
            is_empty
        } else {
            true
        };
        if is_empty {
            comments.remove(txn, id);
        }
    }
}

/// The same in one thread; answers whether no message is left.
fn take_out_of(
    txn: &mut TransactionMut<'_>,
    thread: &MapRef,
    goes: &mut impl FnMut(&Value) -> bool,
) -> bool {
    match thread.get(txn, MESSAGES) {
        Some(Out::YArray(array)) => {
            let entries: Vec<Value> = array.iter(txn).map(|entry| json(txn, &entry)).collect();
            let mut gone = Vec::new();
            for (at, entry) in (0_u32..).zip(&entries) {
                if goes(entry) {
                    gone.push(at);
                }
            }
            for at in gone.into_iter().rev() {
                array.remove(txn, at);
            }
            array.len(txn) == 0
        }
        Some(Out::Any(Any::Array(entries))) => {
            let left: Vec<Any> =
                entries.iter().filter(|entry| !goes(&any_to_json(entry))).cloned().collect();
            let is_empty = left.is_empty();
            thread.insert(txn, MESSAGES, Any::from(left));
            is_empty
        }
        Some(_) | None => true,
    }
}

fn json<T: ReadTxn>(txn: &T, out: &Out) -> Value {
    any_to_json(&out.to_json(txn))
}

fn digest(thread: &str, entry: &Value) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(thread.len() as u64).to_le_bytes());
    hasher.update(thread.as_bytes());
    hasher.update(entry.to_string().as_bytes());
    let hash = hasher.finalize();
    Digest::from_le_bytes(std::array::from_fn(|at| hash.as_bytes()[at]))
}

/// Number of times an entry stands in its thread.
fn count<T: ReadTxn>(txn: &T, thread: &str, wanted: Digest) -> usize {
    let out = txn.get_map(ROOT).and_then(|comments| comments.get(txn, thread));
    let entries = out.map(|thread| entries_of(txn, &thread)).unwrap_or_default();
    entries.iter().filter(|entry| digest(thread, entry) == wanted).count()
}

/// The entries of a thread's messages; something that is no thread counts as one.
fn entries_of<T: ReadTxn>(txn: &T, thread: &Out) -> Vec<Value> {
    let messages = if let Out::YMap(thread) = thread {
        thread.get(txn, MESSAGES)
    } else if let Out::Any(Any::Map(thread)) = thread {
        thread.get(MESSAGES).cloned().map(Out::Any)
    } else {
        return vec![json(txn, thread)];
    };
    messages.map(|messages| entries(txn, &messages)).unwrap_or_default()
}

/// The entries of a list of messages; something that is no list counts as one.
fn entries<T: ReadTxn>(txn: &T, messages: &Out) -> Vec<Value> {
    if let Out::YArray(array) = messages {
        array.iter(txn).map(|entry| json(txn, &entry)).collect()
    } else if let Out::Any(Any::Array(entries)) = messages {
        entries.iter().map(any_to_json).collect()
    } else {
        vec![json(txn, messages)]
    }
}

/// The entries that an event added.
fn added(txn: &TransactionMut<'_>, event: &Event) -> Vec<(String, Value)> {
    let path = event.path();
    let new = |change: &EntryChange| match change {
        EntryChange::Inserted(new) | EntryChange::Updated(_, new) => Some(new.clone()),
        EntryChange::Removed(_) => None,
    };
    if let (Event::Map(event), true) = (event, path.is_empty()) {
        let threads = event.keys(txn).iter().filter_map(|(id, change)| Some((id, new(change)?)));
        let entries = threads.flat_map(|(id, thread)| {
            entries_of(txn, &thread).into_iter().map(|entry| (id.to_string(), entry))
        });
        return entries.collect();
    }
    let Some(PathSegment::Key(thread)) = path.front() else { return Vec::new() };
    let with_thread = |entries: Vec<Value>| {
        entries.into_iter().map(|entry| (thread.to_string(), entry)).collect()
    };
    match (event, path.len()) {
        // Where it is pinned, and whether it is resolved, is for anybody to say.
        (Event::Map(event), 1) => {
            let messages = event.keys(txn).get(MESSAGES).and_then(new);
            with_thread(messages.map(|of| entries(txn, &of)).unwrap_or_default())
        }
        (Event::Array(event), 2) => {
            let delta = event.delta(txn).iter();
            let values = delta.flat_map(|change| match change {
                Change::Added(values) => values.clone(),
                Change::Removed(_) | Change::Retain(_) => Vec::new(),
            });
            with_thread(values.map(|value| json(txn, &value)).collect())
        }
        // Inside of something that is no plain message.
        _ => {
            let out = txn.get_map(ROOT).and_then(|comments| comments.get(txn, thread));
            with_thread(out.map(|thread| entries_of(txn, &thread)).unwrap_or_default())
        }
    }
}
