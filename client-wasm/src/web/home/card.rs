//! One canvas in the list.
#![expect(unreachable_pub, reason = "the component macro writes its own items as public")]

use gesso_protocol::api::{CanvasBody, LastRun};
use gesso_protocol::schema::RunStatus;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::model::Home;
use super::model::Open;
use crate::core::rights::{self, Right};
use crate::web::ui::icons::icon;
use crate::web::ui::menu::{Menu, MenuItem};
use crate::web::ui::when;

/// Wide enough for a card on a screen of two pixels a point.
const PREVIEW_WIDTH: u32 = 640;

/// The button a click happened on, also where it hit its icon.
pub(super) fn button_of(event: &web_sys::MouseEvent) -> web_sys::HtmlElement {
    let target = event.current_target().expect("it is being handled");
    target.unchecked_into()
}

/// A card; it follows its canvas through `home.canvases`.
#[component]
pub(super) fn Card(
    home: Home,
    /// The canvas as it was when the card came up.
    first: CanvasBody,
) -> impl IntoView {
    let id = first.id.clone();
    let canvas = Memo::new(move |last: Option<&CanvasBody>| {
        let now = home.canvases.with(|list| {
            list.as_ref().and_then(|list| list.iter().find(|canvas| canvas.id == id)).cloned()
        });
        now.or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
    });
    let name = move || canvas.with(|canvas| named(canvas).to_owned());
    let href = move || canvas.with(|canvas| format!("/c/{}", canvas.id));
    let here = move || match canvas.with(|canvas| canvas.online) {
        0 => None,
        count => Some(format!("{count} here now")),
    };
    let running = move || canvas.with(|canvas| canvas.last_run.as_ref().is_some_and(active));
    view! {
        <article class="cv" class:live=running data-canvas=move || canvas.with(|canvas| canvas.id.clone())>
            <a
                class="media"
                class:is-blank=move || canvas.with(|canvas| canvas.preview.is_none())
                href=href
                aria-label=move || match here() {
                    Some(here) => format!("Open {}, {here}", name()),
                    None => format!("Open {}", name()),
                }
            >
                <Preview canvas />
                {move || here().map(|here| view! { <span class="badge tr"><i class="here"></i>{here}</span> })}
            </a>
            <div class="in">
                <div class="row"><h2 title=name>{name}</h2><Actions home canvas /></div>
                <p class="desc">{move || canvas.with(|canvas| canvas.description.clone())}</p>
                {move || canvas.with(status_line)}
            </div>
        </article>
    }
}

fn named(canvas: &CanvasBody) -> &str {
    let name = canvas.name.trim();
    if name.is_empty() { "Untitled canvas" } else { name }
}

fn active(run: &LastRun) -> bool {
    !run.status.is_terminal()
}

#[component]
fn Preview(canvas: Memo<CanvasBody>) -> impl IntoView {
    let asset =
        Memo::new(move |_| canvas.with(|canvas| canvas.preview.as_ref().map(|p| p.asset.clone())));
    let broken = RwSignal::new(None::<String>);
    move || {
        let shown =
            asset.get().filter(|asset| broken.with(|broken| broken.as_ref() != Some(asset)));
        match shown {
            Some(asset) => {
                let source = format!("/api/assets/{asset}/thumbnail?w={PREVIEW_WIDTH}");
                view! {
                    <img src=source alt="" loading="lazy" decoding="async" on:error=move |_| broken.set(Some(asset.clone())) />
                }
                .into_any()
            }
            None => icon("image").into_any(),
        }
    }
}

#[component]
fn Actions(home: Home, canvas: Memo<CanvasBody>) -> impl IntoView {
    let anchor = RwSignal::new_local(None::<web_sys::HtmlElement>);
    let close = Callback::new(move |()| anchor.set(None));
    let ask = move |open: fn(CanvasBody) -> Open| {
        Callback::new(move |()| {
            anchor.set(None);
            home.open.set(Some(open(canvas.get_untracked())));
        })
    };
    let go = Callback::new(move |()| {
        home.nav.go(&canvas.with_untracked(|canvas| format!("/c/{}", canvas.id)))
    });
    let may = move |right: Right| canvas.with(|canvas| rights::allows(canvas.role, right));
    let copy = Callback::new(move |()| {
        anchor.set(None);
        home.duplicate(&canvas.get_untracked());
    });
    view! {
        <button
            class="ib s more"
            aria-haspopup="menu"
            aria-expanded=move || anchor.with(Option::is_some).to_string()
            aria-label=move || canvas.with(|canvas| format!("Actions for {}", named(canvas)))
            on:click=move |event| anchor.set(Some(button_of(&event)))
        >
            {icon("more")}
        </button>
        {move || anchor.get().map(|anchor| view! {
            <Menu label=canvas.with_untracked(|canvas| named(canvas).to_owned()) anchor on_close=close>
                <MenuItem name="open" label="Open" run=go />
                {may(Right::Edit).then(|| view! { <MenuItem name="rename" label="Rename" run=ask(Open::Rename) /> })}
                {home.makes.get().then(|| view! { <MenuItem name="duplicate" label="Duplicate" run=copy /> })}
                {may(Right::Share).then(|| view! {
                    <hr />
                    <MenuItem name="trash" label="Delete" danger=true run=ask(Open::Delete) />
                })}
            </Menu>
        })}
    }
}

fn status_line(canvas: &CanvasBody) -> impl IntoView + use<> {
    let (state, mark, word) = match canvas.last_run.as_ref().map(|run| run.status) {
        None => ("idle", None, "Not run yet"),
        Some(RunStatus::Queued) => ("queued", None, "Queued"),
        Some(RunStatus::Running) => ("running", None, "Running"),
        Some(RunStatus::Paused) => ("paused", Some("hand"), "Review needed"),
        Some(RunStatus::Succeeded) => ("succeeded", Some("check"), "Succeeded"),
        Some(RunStatus::Failed) => ("failed", Some("warn"), "Failed"),
        Some(RunStatus::Cancelled) => ("cancelled", Some("struck"), "Stopped"),
    };
    let ring = matches!(state, "queued" | "running").then(|| {
        let class = if state == "running" { "ring turn" } else { "ring dotted" };
        let arc = (state == "running")
            .then(|| view! { <circle class="arc" cx="8" cy="8" r="6.5"></circle> });
        view! {
            <svg class=class viewBox="0 0 16 16" style="--pct:28" aria-hidden="true">
                <circle class="track" cx="8" cy="8" r="6.5"></circle>
                {arc}
            </svg>
        }
    });
    let run = canvas.last_run.as_ref();
    let time = match run.and_then(|run| run.finished_at) {
        Some(at) => when::told(at),
        None => match run.and_then(|run| run.started_at) {
            Some(at) => format!("started {}", when::clock(at)),
            None => when::told(canvas.updated_at),
        },
    };
    view! {
        <div class="row meta">
            <span class="st" data-s=state>{ring}{mark.map(icon)}{word}</span>
            <span class="grow"></span>
            <span class="muted">{time}</span>
        </div>
    }
}
