//! The canvas page.

use std::collections::BTreeMap;
use std::sync::Arc;

use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::api::{CatalogModels, Me};
use gesso_protocol::catalog::Catalog;
use leptos::prelude::*;

use crate::core::rights::Right;
use crate::web::http;

pub mod actions;
pub mod card;
pub mod chrome;
pub mod comments;
pub mod image_editor;
pub mod input;
pub mod live;
pub mod media;
pub mod panels;
pub mod parts;
pub mod runs;
pub mod stage;
pub mod store;
pub mod transfer;

use store::page::Page;

/// The page of one canvas.
#[component]
pub fn CanvasPage(
    /// The canvas.
    id: String,
) -> impl IntoView {
    let page = Page::new(&id);
    input::keyboard::listen(page);
    fetch_facts(page);
    chrome::strays::watch(page);
    page.on_change(|page, changes| {
        if changes.runs {
            actions::run::runs_changed(page);
        }
    });
    page.on_change(actions::comment::changed);
    page.on_change(|page, changes| {
        // Only who may decide is asked to.
        if page.may(Right::Run) {
            runs::review::waiting_changed(page, &changes.outcome);
        }
    });
    page.every_frame(|page| input::drag::write_drag(page, false));
    page.every_frame(live::socket::tick);
    input::drop::listen(page);
    end_what_is_not_allowed(page);
    live::access::watch(page);
    comments::linked::watch(page);
    let live = page.live;
    let role = move || match page.role.get() {
        _ if live::access::is_shut(page) => "none",
        role => role.unwrap_or(CanvasRole::Editor).id(),
    };
    view! {
        <div class="canvas-page" data-role=role>
            <main class="work">
                {view! { <stage::viewport::Viewport page=page /> }.into_any()}
                {beside_cards(page)}
                {notices(page)}
            </main>
            {bars(page)}
            {dialogs(page)}
            <div class="sr" role="status" aria-live="polite" aria-label="Announcements">{move || live.get()}</div>
        </div>
    }
    .into_any()
}

/// What floats at the cards. In parts of their own, as the page has no deep stack for one view of all of it.
fn beside_cards(page: Page) -> AnyView {
    view! {
        <chrome::empty::Empty page=page />
        <chrome::action_bar::ActionBar page=page run_menu=|page, ids| view! { <runs::menu::RunMenu page=page ids=ids /> }.into_any() />
        <chrome::format_bar::FormatBar page=page />
        <comments::pins::Pins page=page />
        <comments::thread::OpenThread page=page />
        <live::chat::ChatField page=page />
    }
    .into_any()
}

/// What stands at the edges of the canvas.
fn notices(page: Page) -> AnyView {
    view! {
        <stage::minimap::Minimap page=page />
        <chrome::bars::ZoomBar page=page />
        <chrome::help::HelpButton page=page />
        <transfer::progress::All page=page />
        <chrome::bars::OfflineBanner page=page />
        <chrome::roles::RoleBanner page=page />
        <chrome::no_access::NoAccess page=page />
        <chrome::damage::DamageBanner page=page />
        <chrome::context_menu::ContextMenu page=page />
    }
    .into_any()
}

/// Bars and panels.
fn bars(page: Page) -> AnyView {
    view! {
        <chrome::bars::TopBar page=page />
        <chrome::bars::Rail page=page />
        <panels::library::Beside page=page />
        <panels::inspector::RightPanel page=page otherwise=|page| view! { <runs::panel::RunPanel page=page /> }.into_any() />
    }
    .into_any()
}

/// What lies open above everything.
fn dialogs(page: Page) -> AnyView {
    view! {
        <chrome::share::Share page=page />
        <chrome::spotlight::Spotlight page=page />
        <chrome::help::Help page=page />
        <runs::batch::Grid page=page />
        <runs::review::Review page=page />
        <panels::compare::Compare page=page />
        <chrome::preview::Preview page=page />
        <panels::library::Library page=page />
        <image_editor::view::ImageEditor page=page />
        <runs::confirm::Ask page=page />
    }
    .into_any()
}

/// Where the right to edit ends, so does what is being edited.
fn end_what_is_not_allowed(page: Page) {
    Effect::new(move |before: Option<bool>| {
        let may = page.can(Right::Edit);
        if before == Some(true) && !may {
            input::pointer::let_go(page);
            page.spotlight.update(|asked| {
                asked.take_if(|asked| !asked.finds_cards);
            });
            page.context.set(None);
            page.overlays.writing.set(None);
            page.overlays.mentioning.set(None);
            page.overlays.library.set(None);
            page.overlays.shelf.set(false);
            page.overlays.confirming.set(None);
        }
        may
    });
}

/// Fetches the facts that the server knows and the document does not: who one is, the models, the money.
fn fetch_facts(page: Page) {
    // First of all who one is: requests at once without a cookie would make several persons of one.
    let connection = live::socket::prepare(page);
    actions::run::keep_credits_fresh(page);
    leptos::task::spawn_local(async move {
        if let Ok(me) = http::get::<Me>("/api/me").await
            && let Some(core) = page.try_core()
        {
            page.me.set(Some(me));
            core.borrow_mut().tell_due = true;
        }
        if page.try_core().is_none() {
            return;
        }
        connection();
        actions::run::refresh_credits(page);
        let Ok(body) = http::get::<CatalogModels>("/api/catalog").await else { return };
        if page.try_core().is_none() {
            return;
        }
        let unusable: BTreeMap<String, String> = body
            .models
            .iter()
            .filter(|m| !m.usable)
            .map(|m| (m.model.id.clone(), m.missing.join(", ")))
            .collect();
        page.unusable.set(Arc::new(unusable));
        let hints = body.models.iter().filter(|m| !m.usable);
        page.overlays.hints.set(hints.map(|m| (m.model.id.clone(), m.hints.clone())).collect());
        let models = body.models.into_iter().map(|m| m.model).collect();
        page.catalog.set(Arc::new(Catalog::from_models(models, body.plan)));
    });
    // A changed name or colour is told to everybody.
    Effect::new(move |_| {
        page.me.track();
        page.core().borrow_mut().tell_due = true;
    });
}
