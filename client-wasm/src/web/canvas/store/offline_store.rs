//! Edits that are only on this page are kept in the browser, so that a reload while offline loses nothing.
//!
//! Each page writes one entry, `{canvas}/{client}`: how many edits, then the replica as one update. An entry goes as
//! soon as the server has called everything durable. A page that opens a canvas takes in all entries of it.

use idb::{Database, DatabaseEvent as _, Factory, ObjectStoreParams, TransactionMode};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::web::canvas::store::page::Page;

const DATABASE: &str = "gesso";
const STORE: &str = "kept";

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
    Ok(())
}

async fn entries(prefix: &str) -> Result<Vec<(String, Vec<u8>)>, idb::Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
    let store = transaction.object_store(STORE)?;
    let mut found = Vec::new();
    for key in store.get_all_keys(None, None)?.await? {
        let Some(name) = key.as_string().filter(|k| k.starts_with(prefix)) else { continue };
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

/// Takes in what earlier pages kept of this canvas, and waits for it, but not for ever: what comes late is taken in then.
pub async fn restore_soon(page: Page) {
    let restored = wasm_bindgen_futures::future_to_promise(async move {
        restore(page).await;
        Ok(JsValue::UNDEFINED)
    });
    let late = js_sys::Promise::new(&mut |resolve, _| {
        let wait = std::time::Duration::from_millis(ANSWER_MS);
        set_timeout(move || drop(resolve.call0(&JsValue::UNDEFINED)), wait);
    });
    let first = js_sys::Promise::race(&js_sys::Array::of2(&restored, &late));
    // Neither is ever rejected.
    let _answered = wasm_bindgen_futures::JsFuture::from(first).await;
}

async fn restore(page: Page) {
    let prefix = format!("{}/", page.id.get_value());
    // Without storage there is nothing to take in.
    let Ok(found) = entries(&prefix).await else { return };
    let Some(core) = page.try_core() else { return };
    for (key, bytes) in found {
        let Some((count, update)) = bytes.split_first_chunk::<8>() else { continue };
        let changes = {
            let mut core = core.borrow_mut();
            let taken = core.replica.apply(update);
            if taken.is_ok() {
                core.sync.restored(u64::from_le_bytes(*count));
            }
            core.kept.taken.push(key);
            taken
        };
        if let Ok(changes) = changes {
            page.draw(&changes);
        }
    }
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
        let mut bytes = unsaved.to_le_bytes().to_vec();
        bytes.extend(core.replica.encode());
        leptos::task::spawn_local(async move {
            // Without storage the edits are on this page alone, as the banner says.
            let _kept = put(&key, &bytes).await;
            done(page);
        });
    } else if unsaved == 0 && (core.kept.edits > 0 || !core.kept.taken.is_empty()) {
        let mut keys = std::mem::take(&mut core.kept.taken);
        keys.push(key);
        core.kept.edits = 0;
        core.kept.busy = true;
        leptos::task::spawn_local(async move {
            // What is left over is taken in once more, and changes nothing then.
            let _removed = remove(&keys).await;
            done(page);
        });
    }
}

fn done(page: Page) {
    if let Some(core) = page.try_core() {
        core.borrow_mut().kept.busy = false;
    }
}
