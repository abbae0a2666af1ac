//! Notifications: the bell with how many are new, and their list.

use gesso_protocol::api::accounts::{
    AccessAnswer, AccessBody, AccessRequestBody, CanvasRole, NotificationBody, NotificationKind,
};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::core::rights;
use crate::web::http;
use crate::web::nav::{comment_path, use_nav};
use crate::web::ui::dialog::Dialog;
use crate::web::ui::form::Choice;
use crate::web::ui::icons::icon;
use crate::web::ui::when;

/// Notifications of this person.
#[derive(Clone, Copy)]
pub struct Notices {
    list: RwSignal<Vec<NotificationBody>>,
}

impl Default for Notices {
    fn default() -> Self {
        Self::new()
    }
}

impl Notices {
    /// None yet.
    pub fn new() -> Self {
        Self { list: RwSignal::default() }
    }

    /// Asks for them.
    pub fn refresh(self) {
        spawn_local(async move {
            if let Ok(list) = http::list::<NotificationBody>("/api/notifications").await {
                // The page may have been left meanwhile.
                self.list.try_set(list);
            }
        });
    }

    fn unseen(self) -> usize {
        self.list.with(|list| list.iter().filter(|one| !one.seen).count())
    }

    /// All that are shown were seen.
    fn saw(self) {
        if self.list.with_untracked(|list| list.iter().all(|one| one.seen)) {
            return;
        }
        spawn_local(async move {
            if http::post::<()>("/api/notifications/seen", &http::nothing()).await.is_ok() {
                self.list.try_update(|list| list.iter_mut().for_each(|one| one.seen = true));
            }
        });
    }
}

/// The bell, with how many are new.
#[component]
pub fn Bell(
    /// What it tells of; asked for at once.
    notices: Notices,
) -> impl IntoView {
    notices.refresh();
    let open = RwSignal::new(false);
    let label = move || match notices.unseen() {
        0 => "Notifications".to_owned(),
        n => format!("Notifications, {n} new"),
    };
    let count = move || {
        let n = notices.unseen();
        (n > 0).then(|| view! { <span class="bell-n" data-initials=n.to_string()></span> })
    };
    view! {
        <button class="ib bell" aria-label=label title=label aria-haspopup="dialog" on:click=move |_| open.set(true)>
            {icon("bell")}{count}
        </button>
        {move || open.get().then(|| view! { <List notices=notices on_close=Callback::new(move |()| open.set(false)) /> })}
    }
    .into_any()
}

#[component]
fn List(notices: Notices, on_close: Callback<()>) -> impl IntoView {
    let shown = notices.list.get_untracked();
    let new = shown.iter().filter(|one| !one.seen).count();
    let ids = Memo::new(move |_| {
        notices.list.with(|list| list.iter().map(|one| one.id).collect::<Vec<_>>())
    });
    // What comes while it is open is seen, too.
    Effect::new(move |_| {
        ids.track();
        notices.saw();
    });
    let find = move |id: i64| {
        notices.list.with_untracked(|list| list.iter().find(|one| one.id == id).cloned())
    };
    let row = move |id: i64| find(id).map(|one| view! { <Notice one=one on_close=on_close /> });
    let none = move || {
        ids.with(Vec::is_empty).then(|| {
            view! { <p class="muted">"Nothing yet. Mentions, requests and roles on canvases come here."</p> }
        })
    };
    let about = (new > 0).then(|| view! { <p class="note">{format!("{new} new")}</p> });
    view! { <Dialog title="Notifications" on_close width=480>
        {about}
        {none}
        <ul class="rows"><For each=move || ids.get() key=|id| *id children=row /></ul>
    </Dialog> }
    .into_any()
}

/// The sentence of a notification.
fn sentence(one: &NotificationBody) -> String {
    let canvas = format!("“{}”", one.canvas_name);
    match one.kind {
        NotificationKind::Mention => format!("{} mentioned you on {canvas}", one.by),
        NotificationKind::AccessRequest => format!("{} asks for access to {canvas}", one.by),
        NotificationKind::Role => format!("{} changed what you may do on {canvas}", one.by),
    }
}

#[component]
fn Notice(one: NotificationBody, on_close: Callback<()>) -> impl IntoView {
    let nav = use_nav();
    let mark = match one.kind {
        NotificationKind::Mention => "comment",
        NotificationKind::AccessRequest => "people",
        NotificationKind::Role => "key",
    };
    let path = one.canvas.as_ref().map(|canvas| match (one.kind, &one.node) {
        (NotificationKind::Mention, Some(thread)) => comment_path(canvas, thread),
        (NotificationKind::Mention, None)
        | (NotificationKind::AccessRequest | NotificationKind::Role, _) => format!("/c/{canvas}"),
    });
    let go = move |_| {
        if let Some(path) = &path {
            on_close.run(());
            nav.go(path);
        }
    };
    let asked = one.canvas.clone().zip(one.request.clone());
    let answer = asked.map(|(canvas, request)| view! { <Answer canvas=canvas request=request /> });
    let text =
        (!one.text.is_empty()).then(|| view! { <span class="quote">{one.text.clone()}</span> });
    view! {
        <li class="notice" class:is-new=!one.seen>
            <button class="notice-go" type="button" disabled=one.canvas.is_none() on:click=go>
                {icon(mark)}
                <span class="grow"><b>{sentence(&one)}</b><span class="note">{when::told(one.at)}</span>{text}</span>
            </button>
            {answer}
        </li>
    }
    .into_any()
}

/// The answer to a request, as long as it waits for one.
#[component]
fn Answer(canvas: String, request: String) -> impl IntoView {
    let path = StoredValue::new(format!("/api/canvases/{canvas}/access"));
    let waiting = RwSignal::new(None::<Vec<AccessRequestBody>>);
    let failed = RwSignal::new(None::<String>);
    let request = StoredValue::new(request);
    let take = move |body: AccessBody| {
        let own = body.requests.into_iter();
        let own = own.filter(|one| request.with_value(|request| one.id == *request));
        waiting.try_set(Some(own.collect()));
    };
    spawn_local(async move {
        if let Ok(body) = http::get::<AccessBody>(&path.get_value()).await {
            take(body);
        }
    });
    let send = move |id: String, answer: AccessAnswer| {
        failed.set(None);
        let path = format!("{}/requests/{id}", path.get_value());
        spawn_local(async move {
            match http::post::<AccessBody>(&path, &answer).await {
                Ok(body) => take(body),
                Err(error) => {
                    failed.try_set(Some(error.detail));
                }
            }
        });
    };
    let row = move |one: AccessRequestBody| {
        let given = RwSignal::new(one.role);
        let (accepted, declined) = (one.id.clone(), one.id);
        let accept = move |_| {
            send(
                accepted.clone(),
                AccessAnswer { role: Some(given.get_untracked()), decline: None },
            );
        };
        let decline =
            move |_| send(declined.clone(), AccessAnswer { role: None, decline: Some(true) });
        let options: Vec<(String, String)> = rights::may_ask(None)
            .into_iter()
            .map(|role| (role.id().to_owned(), rights::role_choice(role).to_owned()))
            .collect();
        let choose = Callback::new(move |id: String| {
            if let Some(role) = CanvasRole::from_id(&id) {
                given.set(role);
            }
        });
        let value = Signal::derive(move || given.get().id().to_owned());
        view! {
            <div class="row">
                <Choice label=format!("Role for {}", one.name) options=options value=value set=choose />
                <button class="btn primary" type="button" on:click=accept>"Accept"</button>
                <button class="btn" type="button" on:click=decline>"Decline"</button>
            </div>
        }
        .into_any()
    };
    view! {
        {move || match waiting.get() {
            None => ().into_any(),
            Some(none) if none.is_empty() => view! { <p class="note">"Answered"</p> }.into_any(),
            Some(all) => all.into_iter().map(row).collect_view().into_any(),
        }}
        <div role="alert">{move || failed.get().map(|why| view! { <p class="warned">{why}</p> })}</div>
    }
    .into_any()
}
