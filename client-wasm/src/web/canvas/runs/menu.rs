//! Run ▾: every way to run what is selected, each with its price or the reason why it cannot.

use gesso_protocol::ids::NodeId;
use gesso_protocol::plan::{Mode, Target};
use gesso_protocol::problem::{ErrorCode, Refusal};
use leptos::html;
use leptos::prelude::*;

use crate::core::price;
use crate::web::canvas::actions::run;
use crate::web::canvas::store::page::Page;
use crate::web::ui::icons::icon;

/// The menu and its button.
#[component]
pub fn RunMenu(page: Page, ids: StoredValue<Vec<String>>) -> impl IntoView {
    let open = RwSignal::new(false);
    let list = move || open.get().then(|| view! { <List page=page ids=ids open=open /> });
    view! {
        <div class="run-wrap">
            <button class="btn primary s2" aria-haspopup="menu" aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|o| *o = !*o)>
                {icon("play")}"Run "{icon("down")}
            </button>
            {list}
        </div>
    }
}

fn ways(ids: &[String]) -> Vec<(&'static str, &'static str, Target)> {
    let outdated =
        |node: Option<&str>| ("reset", "Run outdated", run::target(Mode::Outdated, node));
    match ids {
        [one] => vec![
            ("play", "Run node", run::target(Mode::Node, Some(one))),
            ("group", "Run workflow", run::target(Mode::Workflow, Some(one))),
            ("right", "Run downstream", run::target(Mode::Downstream, Some(one))),
            outdated(Some(one)),
        ],
        all => {
            let nodes = all.iter().map(|id| NodeId::new(id.as_str())).collect();
            vec![
                ("play", "Run selection", Target { mode: Mode::Selection, node: None, nodes }),
                (
                    "group",
                    "Run workflow",
                    run::target(Mode::Workflow, all.first().map(String::as_str)),
                ),
                outdated(all.first().map(String::as_str)),
            ]
        }
    }
}

/// Why it cannot, short enough for a menu.
fn reason(refusal: &Refusal, ids: &[String]) -> String {
    if refusal.code == ErrorCode::UpstreamInProgress {
        let itself = refusal.nodes.iter().all(|problem| ids.contains(&problem.node));
        return if itself { "It is running already".to_owned() } else { run::UPSTREAM.to_owned() };
    }
    refusal.detail.clone()
}

#[component]
fn List(page: Page, ids: StoredValue<Vec<String>>, open: RwSignal<bool>) -> impl IntoView {
    let menu = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(menu) = menu.get()
            && let Some(first) = menu.query_selector("button:not([disabled])").ok().flatten()
        {
            crate::web::dom::focus(&first);
        }
    });
    let keys = move |e: web_sys::KeyboardEvent| {
        let Some(menu) = menu.get_untracked() else { return };
        match e.key().as_str() {
            "Escape" | "Tab" => open.set(false),
            "ArrowDown" | "ArrowUp" => crate::web::dom::step_in_menu(&menu, e.key() == "ArrowDown"),
            _ => return,
        }
        e.prevent_default();
        e.stop_propagation();
    };
    let row = move |name: &'static str, label: &'static str, target: Target| {
        let asked = target.clone();
        let price = Memo::new(move |_| -> Result<(String, String), String> {
            page.slow_revision.track();
            let price = run::price_of(page, &asked)
                .map_err(|refusal| ids.with_value(|ids| reason(&refusal, ids)))?;
            match price::shortage(&price.quote, page.overlays.balance.get()) {
                Some(why) => Err(why),
                None => Ok((price.label(), price::exactly(&price.quote))),
            }
        });
        let run = move |_| {
            open.set(false);
            run::start(page, target.clone());
        };
        let off = move || price.with(Result::is_err);
        let end = move || {
            price
                .get()
                .ok()
                .map(|(p, exactly)| view! { <span class="end" title=exactly>{p}</span> })
        };
        let why = move || price.get().err().map(|why| view! { <span class="why">{why}</span> });
        view! {
            <button class="menu-item" role="menuitem" disabled=off on:click=run>
                {icon(name)}<span class="what"><span>{label}</span>{why}</span>{end}
            </button>
        }
    };
    let left = move || page.credits.get().map(|c| format!("{c} credits left")).unwrap_or_default();
    let rows =
        ids.with_value(|ids| ways(ids)).into_iter().map(|(i, l, t)| row(i, l, t)).collect_view();
    view! {
        <div class="menu-back" on:pointerdown=move |_| open.set(false)></div>
        <div class="menu run-menu" role="menu" aria-label="Run" node_ref=menu on:keydown=keys>
            {rows}
            <hr />
            <div class="menu-note row"><span class="grow">{left}</span><kbd>{crate::web::dom::keys("Mod")}</kbd><kbd>"Enter"</kbd></div>
        </div>
    }
}
