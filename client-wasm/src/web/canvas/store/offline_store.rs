//! What the browser keeps of canvases, so that a reload while offline loses nothing and shows what was there.
//!
//! Edits that are only on this page: each page writes one entry, `{canvas}/{client}`: how many edits, then the replica as one
//! update. It goes as soon as the server has called everything durable. Canvases as they were last seen: `{canvas}/seen`, the
//! same without edits, for the few that were seen last. What is typed in the last moment before a page goes, when a
//! database has no time to write, stands in the local storage under the same key. A page that opens a canvas takes in all
//! entries of it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use idb::{Database, DatabaseEvent as _, Factory, ObjectStoreParams, TransactionMode};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::core::sync::{Ending, Phase};
use crate::web::canvas::store::page::{Core, Page, now_ms};
use crate::web::ui::theme::storage;

const DATABASE: &str = "gesso";
const STORE: &str = "kept";

/// The mark in the number of edits of an entry that says that they are comments alone.
const COMMENTS: u64 = 1 << 63;
/// The end of the key of a canvas as it was last seen.
const SEEN: &str = "/seen";
/// The start of the keys of last moments in the local storage.
const LAST: &str = "gesso.last.";
/// The longest of them, in bytes: the storage of a server holds some million characters.
const LAST_BYTES_MAX: usize = 1 << 20;
/// The start of the keys under which the local storage has whose an entry is, where people have accounts.
const WHOSE: &str = "gesso.whose.";
/// Where the browser has the ids of those canvases, the last one first.
const SEEN_ORDER: &str = "gesso.seen";
/// Number of canvases that are kept as they were last seen.
const SEEN_MAX: usize = 20;
/// The largest canvas that is, encoded, in bytes.
const SEEN_BYTES_MAX: usize = 8 << 20;
/// Time after which a canvas in use is kept anew, in ms; one that is left is kept at once.
const SEEN_EVERY_MS: f64 = 60_000.0;

async fn open() -> Result<Database, idb::Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(1))?;
    request.on_upgrade_needed(|event| {
        if let Ok(database) = event.database() {
            // There already: nothing to make.
            let _made = database.create_object_store(STORE, ObjectStoreParams::new());
        }
    });
    request.await
}

async fn put(key: &str, bytes: &[u8]) -> Result<(), idb::Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadWrite)?;
    let store = transaction.object_store(STORE)?;
    store.put(&js_sys::Uint8Array::from(bytes), Some(&JsValue::from_str(key)))?.await?;
    transaction.commit()?.await?;
    database.close();
    Ok(())
}

async fn remove(keys: &[String]) -> Result<(), idb::Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadWrite)?;
    let store = transaction.object_store(STORE)?;
    for key in keys {
        store.delete(JsValue::from_str(key))?.await?;
    }
    transaction.commit()?.await?;
    database.close();
    remove_last_moments(keys);
    Ok(())
}

fn remove_last_moments(keys: &[String]) {
    let Some(storage) = storage() else { return };
    for key in keys {
        // What is left over is taken in once more, and changes nothing then.
        let _removed = storage.remove_item(&format!("{LAST}{key}"));
        let _removed = storage.remove_item(&format!("{WHOSE}{key}"));
    }
}

/// Remembers whose an entry is: nobody else who signs in here later takes it in.
fn sign(page: Page, key: &str) {
    let own = page
        .me
        .with_untracked(|me| me.as_ref().filter(|me| me.account.is_some()).map(|me| me.id.clone()));
    if let (Some(own), Some(storage)) = (own, storage()) {
        // Where there is no room it is anybody's, as it is without accounts.
        let _signed = storage.set_item(&format!("{WHOSE}{key}"), &own);
    }
}

/// True if an entry is one's own, or nobody's.
fn is_own(own: &str, key: &str) -> bool {
    let whose = storage().and_then(|kept| kept.get_item(&format!("{WHOSE}{key}")).ok().flatten());
    whose.is_none_or(|whose| whose == own)
}

/// Last moments of pages, with the keys of their entries.
fn last_moments(is_wanted: impl Fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
    let Some(storage) = storage() else { return Vec::new() };
    let names = (0..storage.length().unwrap_or_default())
        .filter_map(|at| storage.key(at).ok().flatten())
        .filter_map(|name| name.strip_prefix(LAST).map(str::to_owned))
        .filter(|key| is_wanted(key));
    names
        .filter_map(|key| {
            let text = storage.get_item(&format!("{LAST}{key}")).ok().flatten()?;
            let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
            Some((key, bytes.collect::<Option<Vec<u8>>>()?))
        })
        .collect()
}

async fn keys() -> Result<Vec<String>, idb::Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
    let found = transaction.object_store(STORE)?.get_all_keys(None, None)?.await?;
    transaction.await?;
    database.close();
    Ok(found.iter().filter_map(JsValue::as_string).collect())
}

async fn entries(is_wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, idb::Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
    let store = transaction.object_store(STORE)?;
    let mut found = Vec::new();
    for key in store.get_all_keys(None, None)?.await? {
        let Some(name) = key.as_string().filter(|k| is_wanted(k)) else { continue };
        let value = store.get(key)?.await?;
        if let Some(bytes) = value.and_then(|v| v.dyn_into::<js_sys::Uint8Array>().ok()) {
            found.push((name, bytes.to_vec()));
        }
    }
    transaction.await?;
    database.close();
    Ok(found)
}

/// A storage that has not answered after so long may never do: the page opens without it, in ms.
const ANSWER_MS: u64 = 2_000;

/// Waits for the storage, but not for ever; `None` where it did not answer. What it does late it does all the same.
async fn soon<T: 'static>(work: impl Future<Output = T> + 'static) -> Option<T> {
    let answer = Rc::new(Cell::new(None));
    let taken = Rc::clone(&answer);
    let worked = wasm_bindgen_futures::future_to_promise(async move {
        taken.set(Some(work.await));
        Ok(JsValue::UNDEFINED)
    });
    let late = js_sys::Promise::new(&mut |resolve, _| {
        let wait = std::time::Duration::from_millis(ANSWER_MS);
        set_timeout(move || drop(resolve.call0(&JsValue::UNDEFINED)), wait);
    });
    let first = js_sys::Promise::race(&js_sys::Array::of2(&worked, &late));
    // Neither is ever rejected.
    let _answered = wasm_bindgen_futures::JsFuture::from(first).await;
    answer.take()
}

/// Takes in what earlier pages kept of this canvas.
pub async fn restore_soon(page: Page) {
    soon(restore(page)).await;
}

/// Number of a person's edits that are in this browser alone, or in pages that are open elsewhere in it.
pub async fn unsent(own: String) -> u64 {
    let counted = async move {
        let is_unsent = |key: &str| !key.ends_with(SEEN) && is_own(&own, key);
        let mut found = entries(is_unsent).await.unwrap_or_default();
        found.extend(last_moments(is_unsent));
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (key, bytes) in found {
            let Some((count, _)) = bytes.split_first_chunk::<8>() else { continue };
            // A last moment counts what its page's entry counts too.
            let most = counts.entry(key).or_default();
            *most = (*most).max(u64::from_le_bytes(*count) & !COMMENTS);
        }
        counts.values().sum()
    };
    soon(counted).await.unwrap_or_default()
}

/// Forgets the canvases of a person who signed out, with the edits that were not sent.
pub async fn forget(own: String) {
    let gone = async move {
        let mut gone = keys().await.unwrap_or_default();
        gone.retain(|key| is_own(&own, key));
        gone.extend(last_moments(|key| is_own(&own, key)).into_iter().map(|(key, _)| key));
        for canvas in gone.iter().filter_map(|key| key.strip_suffix(SEEN)) {
            seen(canvas, false);
        }
        if remove(&gone).await.is_err() {
            remove_last_moments(&gone);
        }
    };
    soon(gone).await;
}

async fn restore(page: Page) {
    let prefix = format!("{}/", page.id.get_value());
    // Where there is no database last moments may be there all the same.
    let of_canvas = |key: &str| key.starts_with(&prefix);
    let mut found = entries(of_canvas).await.unwrap_or_default();
    found.extend(last_moments(of_canvas));
    let Some(core) = page.try_core() else { return };
    let own = page.me.with_untracked(|me| me.as_ref().map(|me| me.id.clone()));
    let is_taken = |key: &str| own.as_ref().is_none_or(|own| is_own(own, key));
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for (key, bytes) in found.into_iter().filter(|(key, _)| is_taken(key)) {
        let Some((count, update)) = bytes.split_first_chunk::<8>() else { continue };
        let changes = {
            let mut core = core.borrow_mut();
            let taken = core.replica.apply(update);
            if taken.is_ok() {
                // A last moment counts what its page's entry counts too.
                let count = u64::from_le_bytes(*count);
                let (count, are_comments) = (count & !COMMENTS, count & COMMENTS != 0);
                let before = counted.insert(key.clone(), count).unwrap_or_default();
                core.sync.restored(count.saturating_sub(before), are_comments);
            }
            if key.ends_with(SEEN) {
                core.kept.has_seen = true;
            } else {
                core.kept.taken.push(key);
            }
            taken
        };
        if let Ok(changes) = changes {
            page.draw(&changes);
        }
    }
}

/// The number of edits of an entry, with a mark where they are comments alone.
fn counted(core: &Core) -> u64 {
    let mark = if core.sync.is_of_comments_alone() { COMMENTS } else { 0 };
    core.sync.unsaved() | mark
}

/// An entry: how many edits, then an update.
fn entry(edits: u64, update: &[u8]) -> Vec<u8> {
    [&edits.to_le_bytes()[..], update].concat()
}

/// Keeps what the entry lacks at once, where the browser writes before the page goes; called when it may be going.
pub fn keep_last_moment(page: Page) {
    let Some(core) = page.try_core() else { return };
    let core = core.borrow();
    let unsaved = core.sync.unsaved();
    let Some(storage) = storage().filter(|_| unsaved > 0) else { return };
    let rest = core.kept.vector.as_ref().and_then(|vector| core.replica.diff(vector).ok());
    let bytes = entry(counted(&core), &rest.unwrap_or_else(|| core.replica.encode()));
    if bytes.len() <= LAST_BYTES_MAX {
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        let key = format!("{LAST}{}/{}", page.id.get_value(), core.replica.client());
        // Where there is no room the page's entry is what is left of it.
        let _kept = storage.set_item(&key, &text);
        sign(page, key.trim_start_matches(LAST));
    }
}

/// The replica is given up: its entry goes, or the next page would take in what this one gave up.
pub fn abandon(page: Page, core: &mut Core) {
    let key = format!("{}/{}", page.id.get_value(), core.replica.client());
    core.kept.taken.push(key);
    core.kept.edits = 0;
    core.kept.vector = None;
}

/// Brings the entry in line with what is unsaved; called twice a second.
pub fn keep(page: Page) {
    let Some(core) = page.try_core() else { return };
    let mut guard = core.borrow_mut();
    let core = &mut *guard;
    let unsaved = core.sync.unsaved();
    if core.kept.busy {
        return;
    }
    let key = format!("{}/{}", page.id.get_value(), core.replica.client());
    if unsaved > 0 && unsaved != core.kept.edits {
        core.kept.edits = unsaved;
        core.kept.busy = true;
        let bytes = entry(counted(core), &core.replica.encode());
        let vector = core.replica.state_vector();
        sign(page, &key);
        leptos::task::spawn_local(async move {
            // Without storage the edits are on this page alone, as the banner says.
            if put(&key, &bytes).await.is_ok()
                && let Some(core) = page.try_core()
            {
                core.borrow_mut().kept.vector = Some(vector);
            }
            done(page);
        });
    } else if unsaved == 0 && (core.kept.edits > 0 || !core.kept.taken.is_empty()) {
        let mut keys = std::mem::take(&mut core.kept.taken);
        keys.push(key);
        core.kept.edits = 0;
        core.kept.vector = None;
        core.kept.busy = true;
        leptos::task::spawn_local(async move {
            // What is left over is taken in once more, and changes nothing then.
            let _removed = remove(&keys).await;
            done(page);
        });
    } else if unsaved == 0 {
        keep_seen(page, core);
    }
}

/// Keeps the canvas as it is seen, now and then and when the page is left; none that its person may not see any more.
fn keep_seen(page: Page, core: &mut Core) {
    let canvas: String = page.id.get_value().to_string();
    // Whoever is signed out comes back to it.
    let ending = match core.sync.phase() {
        Phase::Ended(ending) => Some(*ending),
        Phase::Waiting { .. } | Phase::Connecting | Phase::Handshake | Phase::Live => None,
    };
    let is_over = ending.is_some_and(|ending| ending != Ending::SignedOut);
    let is_due = document().hidden() || now_ms() - core.kept.seen_ms >= SEEN_EVERY_MS;
    let is_news = *core.sync.phase() == Phase::Live && is_due && core.kept.is_stale;
    let is_lost = is_over && core.kept.has_seen;
    if !(is_news || is_lost) {
        return;
    }
    core.kept.is_stale = false;
    core.kept.seen_ms = now_ms();
    let state = if is_over { Vec::new() } else { core.replica.encode() };
    let is_kept = !is_over && state.len() <= SEEN_BYTES_MAX;
    core.kept.has_seen = is_kept;
    let mut gone = seen(&canvas, is_kept);
    core.kept.busy = true;
    leptos::task::spawn_local(async move {
        if is_kept {
            let bytes = entry(0, &state);
            sign(page, &format!("{canvas}{SEEN}"));
            // Without storage a page that is loaded while offline shows nothing, as before.
            let _kept = put(&format!("{canvas}{SEEN}"), &bytes).await;
        }
        gone.iter_mut().for_each(|canvas| canvas.push_str(SEEN));
        let _removed = remove(&gone).await;
        done(page);
    });
}

/// Puts a canvas in front of those that are kept as they were seen, or takes it out; gives those that are kept no more.
fn seen(canvas: &str, is_kept: bool) -> Vec<String> {
    let Some(storage) = storage() else { return Vec::new() };
    let known = storage.get_item(SEEN_ORDER).ok().flatten().unwrap_or_default();
    let others = known.split_whitespace().filter(|other| *other != canvas);
    let mut order: Vec<&str> = is_kept.then_some(canvas).into_iter().chain(others).collect();
    let mut gone: Vec<String> =
        order.drain(order.len().min(SEEN_MAX)..).map(str::to_owned).collect();
    if !is_kept {
        gone.push(canvas.to_owned());
    }
    // Where it cannot be written the order is the one of before.
    let _written = storage.set_item(SEEN_ORDER, &order.join(" "));
    gone
}

fn done(page: Page) {
    if let Some(core) = page.try_core() {
        core.borrow_mut().kept.busy = false;
    }
}
