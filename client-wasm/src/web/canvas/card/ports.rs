//! The ports of a card.

use gesso_protocol::nodes::{Need, NodeSpec};
use leptos::prelude::*;

use crate::core::card_layout;
use crate::core::editor::{PortRef, Side};
use crate::core::rights::Right;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::port_key;

/// All ports of a card.
#[component]
pub fn Ports(card: Card, spec: &'static NodeSpec) -> impl IntoView {
    let ins = spec.inputs.iter().map(|p| (Side::In, p.name, p.many, p.need));
    let outs = spec.outputs.iter().map(|p| (Side::Out, p.name, false, Need::Optional));
    ins.chain(outs)
        .map(|(side, name, many, need)| {
            view! { <Port card=card.clone() kind=spec.id side=side name=name many=many need=need /> }
        })
        .collect_view()
}

#[component]
fn Port(
    card: Card,
    kind: &'static str,
    side: Side,
    name: &'static str,
    many: bool,
    need: Need,
) -> impl IntoView {
    let page = card.page;
    let id = card.id();
    let port = PortRef { node: id.clone(), side, port: name.to_owned() };
    let key = port_key(&port);
    let ty = {
        let id = id.clone();
        Memo::new(move |_| {
            let graph = page.graph.get();
            let ty = match side {
                Side::In => graph.input_type(&id, name),
                Side::Out => graph.output_type(&id, name),
            };
            ty.map_or("any", |ty| ty.id())
        })
    };
    let wired = Memo::new(move |_| {
        let graph = page.graph.get();
        match side {
            Side::In => graph.sources(&id, name).next().is_some(),
            Side::Out => graph.outgoing(&id).any(|e| e.edge.from_port == name),
        }
    });
    let fit = Memo::new(move |_| page.fits.with(|f| f.get(&key).copied()));
    let over = {
        let port = port.clone();
        Memo::new(move |_| {
            page.wire.with(|w| {
                w.as_ref().is_some_and(|w| w.over.as_ref().is_some_and(|(p, _)| *p == port))
            })
        })
    };
    let signals = card.signals.clone();
    let label = move || {
        let direction = if side == Side::In { "Input" } else { "Output" };
        let name = name.replace('_', " ");
        signals.view.with(|v| format!("{direction} {name} of {}", v.node.shown_title()))
    };
    let optional = match (side, need) {
        (Side::In, Need::Optional) => ", optional",
        _ => "",
    };
    let words =
        move || format!("{}{optional}", if ty.get() == "any" { "anything" } else { ty.get() });
    let class = if side == Side::In { "port in" } else { "port out" };
    let data = if side == Side::In { format!("in:{name}") } else { format!("out:{name}") };
    let open = {
        let port = port.clone();
        move |e: web_sys::KeyboardEvent| {
            // From the keyboard a port is connected through Spotlight.
            if e.key() == "Enter" || e.key() == " " {
                e.prevent_default();
                e.stop_propagation();
                crate::web::canvas::actions::open::spotlight_at_port(page, &port);
            }
        }
    };
    view! {
        <button
            class=class
            class:on=move || wired.get()
            class:many=many
            class:is-fit=move || fit.get() == Some(true)
            class:is-faded=move || fit.get() == Some(false)
            class:is-hover=move || over.get()
            data-port=data
            data-type=move || ty.get()
            aria-label=label
            tabindex=move || if card.selected.get() && page.can(Right::Edit) { "0" } else { "-1" }
            style=format!("--py:{}px", card_layout::port_y(kind, side, name))
            on:keydown=open
        >
            <span class="port-name" aria-hidden="true">{card_layout::port_label(name)}" "<em>{words}</em></span>
        </button>
    }
}
