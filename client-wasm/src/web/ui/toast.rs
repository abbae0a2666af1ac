//! Short messages at the bottom of the page, with at most one action each.

use std::time::Duration;

use leptos::prelude::*;

use crate::web::ui::icons::icon;

/// More than these at once are noise: the oldest goes.
const SHOWN_MAX: usize = 3;

#[derive(Clone)]
struct Toast {
    id: u64,
    icon: &'static str,
    color: &'static str,
    text: String,
    act: Option<(String, Callback<()>)>,
}

/// The messages on screen; every page finds it in its context.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
}

impl Toasts {
    /// None yet.
    pub fn new() -> Self {
        Self { list: RwSignal::default(), next: StoredValue::new(0) }
    }

    fn push(
        self,
        icon: &'static str,
        color: &'static str,
        text: &str,
        act: Option<(&str, Callback<()>)>,
    ) -> u64 {
        self.next.update_value(|next| *next += 1);
        let id = self.next.get_value();
        let stay = Duration::from_secs(if act.is_some() { 12 } else { 6 });
        let act = act.map(|(label, act)| (label.to_owned(), act));
        let text = text.to_owned();
        self.list.update(|list| {
            if list.len() >= SHOWN_MAX {
                list.remove(0);
            }
            list.push(Toast { id, icon, color, text, act });
        });
        set_timeout(move || self.dismiss(id), stay);
        id
    }

    /// Takes a message away, where it is still there.
    pub fn dismiss(self, id: u64) {
        // The page may be gone when its time is up.
        let _gone = self.list.try_update(|list| list.retain(|toast| toast.id != id));
    }

    /// Something happened.
    pub fn say(self, icon: &'static str, text: &str) {
        self.push(icon, "var(--ink-2)", text, None);
    }

    /// Something came out well.
    pub fn good(self, text: &str) {
        self.push("check", "var(--s-completed)", text, None);
    }

    /// Something failed; the text says what to do.
    pub fn bad(self, text: &str) {
        self.push("warn", "var(--s-failed)", text, None);
    }

    /// Something failed, and one click is the next step.
    pub fn bad_act(self, text: &str, label: &str, act: Callback<()>) {
        self.push("warn", "var(--s-failed)", text, Some((label, act)));
    }

    /// Something happened that can be answered or taken back. Answers what [`Toasts::dismiss`] takes.
    pub fn act(self, icon: &'static str, text: &str, label: &str, act: Callback<()>) -> u64 {
        self.push(icon, "var(--ink-2)", text, Some((label, act)))
    }
}

impl Default for Toasts {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the messages are shown.
#[component]
pub fn ToastStack(toasts: Toasts) -> impl IntoView {
    let row = move |toast: Toast| {
        let id = toast.id;
        let act = toast.act.map(|(label, act)| {
            let click = move |_| {
                toasts.dismiss(id);
                act.run(());
            };
            view! { <button class="btn s" on:click=click>{label}</button> }
        });
        view! {
            <div class="toast" style=format!("--sc:{}", toast.color)>
                {icon(toast.icon)}
                <span class="txt">{toast.text}</span>
                {act}
                <button class="ib s" aria-label="Dismiss" on:click=move |_| toasts.dismiss(id)>
                    {icon("x")}
                </button>
            </div>
        }
    };
    view! {
        <div class="toasts" role="log" aria-live="polite" aria-label="Messages">
            <For each=move || toasts.list.get() key=|toast| toast.id children=row />
        </div>
    }
}
