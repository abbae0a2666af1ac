//! The foot of a card: history arrows and the one button that fits the state.

use gesso_protocol::plan::Mode;
use gesso_protocol::schema::NodeState;
use leptos::prelude::*;

use crate::core::price;
use crate::core::rights::Right;
use crate::web::canvas::actions::edit;
use crate::web::canvas::actions::run;
use crate::web::canvas::parts::price::labelled;
use crate::web::canvas::store::card_context::Card;
use crate::web::ui::icons::icon;

/// The foot.
#[component]
pub fn Foot(card: Card) -> impl IntoView {
    let page = card.page;
    let place = {
        let card = card.clone();
        Memo::new(move |_| {
            card.signals.view.track();
            crate::web::canvas::store::showing::history_place(page, &card.id())
        })
    };
    let has_history = Memo::new(move |_| place.get().1 > 0);
    let id = card.id;
    let arrows = move || {
        has_history.get().then(|| {
            view! {
                <span class="hist">
                    <button data-needs="edit" class="ib s" aria-label="Earlier result" disabled={move || place.get().0 <= 1}
                        on:click=move |_| edit::step_history(page, &id.get_value(), -1)>{icon("left")}</button>
                    <span>{move || { let (at, n) = place.get(); format!("{at} / {n}") }}</span>
                    <button data-needs="edit" class="ib s" aria-label="Later result" disabled={move || place.get().0 >= place.get().1}
                        on:click=move |_| edit::step_history(page, &id.get_value(), 1)>{icon("right")}</button>
                </span>
            }
        })
    };
    view! { <footer class="node-foot">{arrows}<RunButton card=card /></footer> }
}

#[derive(Clone, Copy, PartialEq)]
enum Offer {
    Stop,
    Drop,
    Review,
    Unlock,
    Blocked,
    Requirements,
    Retry,
    Run,
}

fn offer(card: &Card) -> Offer {
    let view = card.view();
    match view.state() {
        NodeState::Running => Offer::Stop,
        NodeState::Paused => Offer::Review,
        NodeState::Pending => {
            if run::upstream_active(card.page, &card.id()) {
                Offer::Blocked
            } else {
                Offer::Drop
            }
        }
        _ if view.node.locked => Offer::Unlock,
        _ if run::upstream_active(card.page, &card.id()) => Offer::Blocked,
        NodeState::Failed | NodeState::Idle | NodeState::Completed | NodeState::Cancelled
            if crate::web::canvas::card::requirements::of_card(card).is_some() =>
        {
            Offer::Requirements
        }
        NodeState::Failed => Offer::Retry,
        NodeState::Idle | NodeState::Completed | NodeState::Cancelled => Offer::Run,
    }
}

/// Run with its price, or what stands in its place.
#[component]
pub fn RunButton(card: Card) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let offered = {
        let card = card.clone();
        Memo::new(move |_| offer(&card))
    };
    let price = {
        let card = card.clone();
        Memo::new(move |_| {
            card.signals.view.track();
            run::card_price(card.page, &card.id())
        })
    };
    let asked = card.clone();
    let run = move |_| run::start(page, run::target(Mode::Node, Some(&id.get_value())));
    let stop = move |_| run::stop_node(page, &id.get_value());
    let unlock = move |_| {
        page.edit(|txn| {
            gesso_protocol::schema::set_node_value(
                txn,
                &id.get_value(),
                "locked",
                &serde_json::Value::Null,
            );
        });
    };
    let priced = move || price.get().and_then(|price| labelled(&price.label, price.quote));
    let short = Memo::new(move |_| {
        let balance = page.overlays.balance.get();
        price.with(|price| price::shortage(&price.as_ref()?.quote, balance))
    });
    move || {
        if !page.can(Right::Run) {
            return ().into_any();
        }
        match offered.get() {
        Offer::Stop => {
            view! { <button class="btn run is-calm" on:click=stop>{icon("stop")}"Stop"</button> }.into_any()
        }
        Offer::Drop => {
            view! { <button class="btn run is-calm" on:click=stop>{icon("x")}"Drop from queue"</button> }
                .into_any()
        }
        Offer::Review => {
            let open = move |_| page.overlays.review.set(Some(id.get_value()));
            view! {
                <button class="btn run is-calm" on:click=stop>{icon("stop")}"Stop"</button>
                <button class="btn run is-due" on:click=open>{icon("hand")}"Review"</button>
            }
            .into_any()
        }
        Offer::Unlock => {
            view! { <button class="btn run" on:click=unlock>{icon("lock")}"Unlock"</button> }
                .into_any()
        }
        Offer::Blocked => {
            view! { <button class="btn run" disabled>{run::UPSTREAM}</button> }.into_any()
        }
        Offer::Requirements => {
            let lack = crate::web::canvas::card::requirements::of_card(&asked);
            let word = lack.as_ref().map(|l| l.title.clone()).unwrap_or_default();
            let why = lack.map(|l| l.line()).unwrap_or_default();
            view! { <button class="btn run is-missing" disabled title=why.clone() aria-label=format!("Run. {why}")>{icon("warn")}<span>{word}</span></button> }
                .into_any()
        }
        Offer::Retry | Offer::Run if short.with(Option::is_some) => {
            let why = short.get().unwrap_or_default();
            view! { <button class="btn run is-missing" disabled title=why.clone() aria-label=format!("Run. {why}")>{icon("credit")}<span>{why.clone()}</span></button> }
                .into_any()
        }
        Offer::Retry => {
            view! { <button class="btn run" on:click=run>{icon("reset")}"Retry "{priced}</button> }
                .into_any()
        }
        Offer::Run => {
            view! { <button class="btn run" on:click=run>{icon("play")}"Run "{priced}</button> }
                .into_any()
        }
    }
    }
}
