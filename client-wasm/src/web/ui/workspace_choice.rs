//! The workspace that this browser shows on the home page.

use crate::web::ui::theme::storage;

/// Where the browser keeps it.
const KEY: &str = "gesso.workspace";

/// The id of the one that was chosen last.
pub fn kept() -> Option<String> {
    storage().and_then(|kept| kept.get_item(KEY).ok().flatten())
}

/// Keeps another one.
pub fn keep(id: &str) {
    if let Some(storage) = storage()
        && storage.set_item(KEY, id).is_err()
    {
        web_sys::console::warn_1(&"the workspace will not be remembered".into());
    }
}
