//! The wires that come into an input that takes several, in their order, with buttons that change it.

use leptos::prelude::*;

use crate::core::card_layout::port_label;
use crate::web::canvas::actions::edit;
use crate::web::canvas::store::card_context::Card;
use crate::web::dom;
use crate::web::ui::icons::icon;
use gesso_protocol::nodes::{NodeSpec, PortSpec};

/// A list for each input where there is an order to choose.
#[component]
pub fn Arrivals(card: Card, spec: &'static NodeSpec) -> impl IntoView {
    let several = spec.inputs.iter().filter(|port| port.many);
    several.map(|port| view! { <Order card=card.clone() port=port /> }.into_any()).collect_view()
}

/// A wire: its key and the title of the card it comes from.
type Wire = (String, String);

#[component]
fn Order(card: Card, port: &'static PortSpec) -> impl IntoView {
    let (page, id) = (card.page, card.id);
    let wires = Memo::new(move |_| {
        let graph = page.graph.get();
        let wire = |key: &str, from: &str| (key.to_owned(), graph.title(from).to_owned());
        graph
            .sources(&id.get_value(), port.name)
            .map(|source| wire(&source.edge.key, &source.edge.from_node))
            .collect::<Vec<Wire>>()
    });
    let has_order = Memo::new(move |_| wires.with(Vec::len) > 1);
    let row = move |(key, title): Wire| {
        let key = StoredValue::new(key);
        let title = StoredValue::new(title);
        let at = Memo::new(move |_| {
            let is_here = |(held, _): &Wire| key.with_value(|key| held == key);
            wires.with(|all| all.iter().position(is_here).unwrap_or(0))
        });
        let step = move |by: isize, what: &'static str, name: &'static str| {
            let there =
                move || at.get().checked_add_signed(by).filter(|to| *to < wires.with(Vec::len));
            let go = move |_| {
                let Some(to) = untrack(there) else { return };
                edit::move_wire(page, &id.get_value(), port.name, at.get_untracked(), to);
                // Its row may have another place in the page then, and lose the focus with that.
                let selector =
                    format!("[data-arrival=\"{}\"] [data-step=\"{name}\"]", key.get_value());
                dom::once_there(selector, |button| dom::focus(&button));
            };
            view! {
                <button class="ib s" data-step=name aria-label=format!("{} {what}", title.get_value()) title=what
                    aria-disabled=move || there().is_none().to_string() on:click=go>{icon(name)}</button>
            }
        };
        view! {
            <li class="row arrival" data-arrival=key.get_value()>
                <span class="num muted">{move || (at.get() + 1).to_string()}</span>
                <span class="grow arrival-name">{title.get_value()}</span>
                {step(-1, "earlier", "up")}
                {step(1, "later", "down")}
            </li>
        }
    };
    move || {
        has_order.get().then(|| {
            let label = format!("{}, in this order", port_label(port.name));
            view! {
                <div class="panel-sec">
                    <div class="label">{label.clone()}</div>
                    <ol class="arrivals" aria-label=label>
                        <For each=move || wires.get() key=|(key, _)| key.clone() children=row />
                    </ol>
                </div>
            }
        })
    }
}
