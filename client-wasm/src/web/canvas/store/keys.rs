//! The keys a person gave to commands, kept by the browser for this server.

use crate::core::keymap::Keymap;
use crate::web::ui::theme::storage;

/// Name of the entry in the browser's storage.
const KEY: &str = "gesso-keys";

/// Reads what was kept.
pub fn load() -> Keymap {
    let text = storage().and_then(|kept| kept.get_item(KEY).ok().flatten());
    text.map(|text| Keymap::from_json(&text)).unwrap_or_default()
}

/// Keeps it; `false` where the browser keeps nothing.
pub fn store(keys: &Keymap) -> bool {
    storage().is_some_and(|kept| kept.set_item(KEY, &keys.to_json()).is_ok())
}
