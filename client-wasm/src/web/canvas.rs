//! The canvas page.

use std::collections::BTreeMap;
use std::sync::Arc;

use gesso_protocol::api::{CatalogModels, Me};
use gesso_protocol::catalog::Catalog;
use leptos::prelude::*;

use super::api;

pub mod actions;
pub mod angles;
pub mod asking;
pub mod bars;
pub mod batch;
pub mod camera;
pub mod card;
pub mod card_context;
pub mod chips;
pub mod commands;
pub mod compare;
pub mod context;
pub mod context_open;
pub mod controls;
pub mod damage;
pub mod dom;
pub mod download;
pub mod drag;
pub mod drop;
pub mod film;
pub mod focus;
pub mod foot;
pub mod gestures;
pub mod heights;
pub mod history;
pub mod keep;
pub mod keys;
pub mod layout;
pub mod library;
pub mod list;
pub mod media;
pub mod minimap;
pub mod missing;
pub mod net;
pub mod node_signals;
pub mod odd;
pub mod opened;
pub mod overlays;
pub mod page;
pub mod paint;
pub mod pairing;
pub mod panel;
pub mod people;
pub mod player;
pub mod ports;
pub mod retouch;
pub mod review;
pub mod runmenu;
pub mod running;
pub mod runpanel;
pub mod runs;
pub mod sending;
pub mod session;
pub mod settle;
pub mod shelf;
pub mod showing;
pub mod shown;
pub mod socket;
pub mod solid;
pub mod spotlight;
pub mod spotlight_open;
pub mod standing;
pub mod steps;
pub mod stickers;
pub mod target;
pub mod text;
pub mod tracks;
pub mod upload;
pub mod upload_queue;
pub mod wires;
pub mod world;

use page::Page;

/// The page of one canvas.
#[component]
pub fn CanvasPage(
    /// The canvas.
    id: String,
) -> impl IntoView {
    let page = Page::new(&id);
    keys::listen(page);
    fetch_facts(page);
    odd::watch(page);
    page.on_change(|page, changes| {
        if changes.runs {
            running::runs_changed(page);
        }
    });
    page.on_change(|page, changes| review::waiting_changed(page, &changes.outcome));
    page.every_frame(|page| drag::write_drag(page, false));
    page.every_frame(socket::tick);
    let live = page.live;
    view! {
        <div class="canvas-page">
            <world::World page=page />
            <overlays::Empty page=page />
            <actions::ActionBar page=page />
            <bars::TopBar page=page />
            <bars::Rail page=page />
            <library::Beside page=page />
            <panel::RightPanel page=page />
            <minimap::Minimap page=page />
            <bars::ZoomBar page=page />
            <overlays::HelpButton page=page />
            <sending::All page=page />
            <bars::OfflineBanner page=page />
            <damage::DamageBanner page=page />
            <context::ContextMenu page=page />
            <spotlight::Spotlight page=page />
            <overlays::Help page=page />
            <batch::Grid page=page />
            <review::Review page=page />
            <compare::Compare page=page />
            <overlays::Preview page=page />
            <library::Library page=page />
            <retouch::Retouch page=page />
            <asking::Ask page=page />
            <div class="sr" role="status" aria-live="polite" aria-label="Announcements">{move || live.get()}</div>
        </div>
    }
}

/// What the server knows and the document does not: who one is, the models, the money.
fn fetch_facts(page: Page) {
    // First of all who one is: requests at once without a cookie would make several persons of one.
    let connection = socket::prepare(page);
    leptos::task::spawn_local(async move {
        if let Ok(me) = api::get::<Me>("/api/me").await
            && let Some(core) = page.try_core()
        {
            page.me.set(Some(me));
            core.borrow_mut().tell_due = true;
        }
        if page.try_core().is_none() {
            return;
        }
        connection();
        running::refresh_credits(page);
        let Ok(body) = api::get::<CatalogModels>("/api/catalog").await else { return };
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
        page.open.hints.set(hints.map(|m| (m.model.id.clone(), m.hints.clone())).collect());
        let models = body.models.into_iter().map(|m| m.model).collect();
        page.catalog.set(Arc::new(Catalog::from_models(models, body.plan)));
    });
    // A changed name or colour is told to everybody.
    Effect::new(move |_| {
        page.me.track();
        page.core().borrow_mut().tell_due = true;
    });
}
