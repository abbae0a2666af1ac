//! Saying something beside one's pointer.

use std::time::Duration;

use leptos::prelude::*;

use crate::core::presence::{Emote, SAYS_CHARS_MAX};
use crate::core::rights::Right;
use crate::web::canvas::store::page::Page;

/// For how long words stay beside the pointer after they were said.
const SHOWN: Duration = Duration::from_secs(6);

/// Opens the field for it beside the pointer, in the middle of the screen without one.
pub fn open(page: Page) {
    if !page.demand(Right::Comment) {
        return;
    }
    let at = page.core().borrow().pointer.unwrap_or_else(|| page.view_rect().center());
    {
        let core = page.core();
        let mut core = core.borrow_mut();
        // Who has no pointer over the canvas speaks from where the field is.
        core.pointer = Some(at);
    }
    page.overlays.chat.set(Some(at));
}

/// Lets others read along.
pub fn say(page: Page, words: &str) {
    let words: String = words.chars().take(SAYS_CHARS_MAX).collect();
    let core = page.core();
    let mut core = core.borrow_mut();
    core.says = (!words.trim().is_empty()).then_some(words);
    core.tell_due = true;
    drop(core);
    page.frame();
}

/// Closes the field; what was said stays for a moment.
pub fn done(page: Page) {
    page.overlays.chat.set(None);
    let said = page.core().borrow().says.clone();
    let forget = move || {
        let is_same = page.try_core().is_some_and(|core| core.borrow().says == said);
        if is_same && page.overlays.chat.get_untracked().is_none() {
            say(page, "");
        }
    };
    set_timeout(forget, SHOWN);
}

/// Closes the field and takes back what was said.
pub fn cancel(page: Page) {
    page.overlays.chat.set(None);
    say(page, "");
}

/// Holds up a sticker.
pub fn emote(page: Page, sticker: &str) {
    let core = page.core();
    let mut core = core.borrow_mut();
    let count = core.emote.as_ref().map_or(0, |emote| emote.count) + 1;
    core.emote = Some(Emote { sticker: sticker.to_owned(), count });
    core.tell_due = true;
    drop(core);
    page.frame();
}
