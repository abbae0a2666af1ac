//! A list of an account as a dialog shows it.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::web::http;

/// A list that the server has, as a dialog shows it.
pub(super) struct Listed<T: Send + Sync + 'static> {
    /// `None` until the first answer.
    pub(super) items: RwSignal<Option<Vec<T>>>,
    /// Why the last question or change failed.
    pub(super) failed: RwSignal<Option<String>>,
    path: StoredValue<String>,
}

impl<T: Send + Sync + 'static> Clone for Listed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Listed<T> {}

impl<T: serde::de::DeserializeOwned + Clone + Send + Sync + 'static> Listed<T> {
    /// The list at a path, asked for at once.
    pub(super) fn at(path: String) -> Self {
        let list = Self {
            items: RwSignal::new(None),
            failed: RwSignal::new(None),
            path: StoredValue::new(path),
        };
        list.ask();
        list
    }

    fn ask(self) {
        spawn_local(async move { self.look().await });
    }

    /// Asks for it.
    pub(super) async fn look(self) {
        let Some(path) = self.path.try_get_value() else { return };
        match http::list::<T>(&path).await {
            Ok(items) => {
                self.items.try_set(Some(items));
            }
            Err(error) => {
                self.failed.try_set(Some(error.detail));
            }
        }
    }

    /// Makes a change, and asks for the list again.
    pub(super) fn change<R>(
        self,
        change: impl Future<Output = Result<R, http::ApiError>> + 'static,
    ) {
        self.failed.set(None);
        spawn_local(async move {
            if let Err(error) = change.await {
                self.failed.try_set(Some(error.detail));
            }
            self.look().await;
        });
    }

    /// What the list says while it is not there or something failed.
    pub(super) fn told(self) -> impl IntoView {
        view! {
            <div role="alert">{move || self.failed.get().map(|why| view! { <p class="warned">{why}</p> })}</div>
            {move || self.items.with(Option::is_none).then(|| view! { <p class="muted" aria-busy="true">"Looking…"</p> })}
        }
        .into_any()
    }

    /// The rows of what is there.
    pub(super) fn rows(self, row: impl Fn(T) -> AnyView + Send + 'static) -> impl IntoView {
        move || {
            let rows: Vec<AnyView> = self.items.get().into_iter().flatten().map(&row).collect();
            (!rows.is_empty()).then(|| view! { <ul class="rows">{rows}</ul> })
        }
    }
}
