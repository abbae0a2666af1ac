//! Whose comments are whose: a message in somebody else's name is taken out again (R-SYNC-43).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use gesso_protocol::schema::{self, Message};
use yrs::types::{EntryChange, Event, PathSegment};
use yrs::{DeepObservable as _, Doc, Map as _, ReadTxn, Transact as _, TransactionMut};

/// Threads of comments, as far as it matters who wrote what.
pub(super) struct Authors {
    /// Threads to which messages were added since the last look.
    touched: Arc<Mutex<BTreeSet<String>>>,
    /// Digests of the messages that are there, or were since the document was opened: one that somebody took away comes
    /// back by their undo, whoever wrote it.
    known: BTreeSet<u128>,
}

/// The messages that a writer added.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// In the writer's own name, with their threads.
    pub(super) said: Vec<(String, Message)>,
    /// In the name of others.
    pub(super) forged: Vec<(String, Message)>,
}

impl Authors {
    pub(super) fn new(doc: &Doc) -> Self {
        let comments = doc.get_or_insert_map("comments");
        let touched = Arc::<Mutex<BTreeSet<String>>>::default();
        let sink = Arc::clone(&touched);
        comments.observe_deep("authors", move |txn, events| {
            let mut touched = sink.lock().expect("no holder panics");
            for event in events.iter() {
                touched.extend(threads(txn, event));
            }
        });
        let txn = doc.transact();
        let ids: Vec<String> = comments.keys(&txn).map(str::to_owned).collect();
        let known = ids.iter().flat_map(|id| messages(&txn, id)).map(|said| digest(&said));
        Self { touched, known: known.collect() }
    }

    /// True if messages may have come since the last look.
    pub(super) fn has_news(&self) -> bool {
        !self.touched.lock().expect("no holder panics").is_empty()
    }

    /// Looks at what a person added since the last look; what the server wrote, for nobody, is taken as it is.
    pub(super) fn judge<T: ReadTxn>(&mut self, txn: &T, writer: Option<&str>) -> Judged {
        let touched = std::mem::take(&mut *self.touched.lock().expect("no holder panics"));
        let mut judged = Judged::default();
        for thread in touched {
            for message in messages(txn, &thread) {
                let digest = digest(&message);
                if self.known.contains(&digest) {
                    continue;
                }
                match writer {
                    Some(writer) if message.by != writer => {
                        judged.forged.push((thread.clone(), message));
                    }
                    Some(_) | None => {
                        self.known.insert(digest);
                        judged.said.extend(writer.map(|_| (thread.clone(), message)));
                    }
                }
            }
        }
        judged
    }

    /// Forgets what was touched: it was this server's own doing.
    pub(super) fn forget(&self) {
        self.touched.lock().expect("no holder panics").clear();
    }
}

/// Takes messages out of the document.
pub(super) fn take_out(txn: &mut TransactionMut<'_>, forged: &[(String, Message)]) {
    for (thread, message) in forged {
        schema::remove_message(txn, thread, message);
    }
}

fn messages<T: ReadTxn>(txn: &T, thread: &str) -> Vec<Message> {
    schema::read_thread(txn, thread).map(|thread| thread.messages).unwrap_or_default()
}

fn digest(message: &Message) -> u128 {
    let text = serde_json::to_vec(message).unwrap_or_default();
    let hash = blake3::hash(&text);
    u128::from_le_bytes(std::array::from_fn(|at| hash.as_bytes()[at]))
}

/// The threads whose messages an event may have added to.
fn threads(txn: &TransactionMut<'_>, event: &Event) -> Vec<String> {
    let of_path = || match event.path().front() {
        Some(PathSegment::Key(key)) => vec![key.to_string()],
        Some(PathSegment::Index(_)) | None => Vec::new(),
    };
    match event {
        Event::Map(event) if event.path().is_empty() => {
            let is_there = |change: &EntryChange| !matches!(change, EntryChange::Removed(_));
            let keys = event.keys(txn).iter().filter(|(_, change)| is_there(change));
            keys.map(|(key, _)| key.to_string()).collect()
        }
        // Where it is pinned, and whether it is resolved, is for anybody to say.
        Event::Map(event) if !event.keys(txn).contains_key("messages") => Vec::new(),
        Event::Map(_)
        | Event::Array(_)
        | Event::Text(_)
        | Event::XmlFragment(_)
        | Event::XmlText(_) => of_path(),
    }
}
