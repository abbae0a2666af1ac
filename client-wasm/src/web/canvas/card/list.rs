//! The entries of a list, each a text of its own.

use gesso_protocol::schema::{self, ItemContent, NewItem};
use leptos::prelude::*;

use crate::web::canvas::card::text::TextField;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::fresh_id;
use crate::web::ui::icons::icon;

/// The body of a list card.
pub fn list_body(card: &Card) -> impl IntoView + use<> {
    let page = card.page;
    let id = card.id;
    let view = card.signals.view.clone();
    let items = Memo::new(move |_| {
        view.with(|v| v.node.items.iter().map(|i| i.id.clone()).collect::<Vec<_>>())
    });
    let view = card.signals.view.clone();
    let row = move |item: String| {
        let place = {
            let item = item.clone();
            move || items.with(|all| all.iter().position(|i| *i == item).map_or(0, |n| n + 1))
        };
        let content = view.with_untracked(|v| {
            v.node.items.iter().find(|i| i.id == item).map(|i| i.content.clone())
        });
        let body = match content {
            Some(ItemContent::Asset(asset)) => {
                let src = format!("/api/assets/{}/thumbnail?w=320", asset.id);
                let name = if asset.name.is_empty() { "File".to_owned() } else { asset.name };
                view! { <img class="item-pic" src=src alt="" draggable="false" /><span class="tx">{name}</span> }
                    .into_any()
            }
            _ => view! {
                <TextField page=page node=id.get_value() field=format!("items/{item}") label="List item"
                    placeholder="Write an entry…" single=true />
            }
            .into_any(),
        };
        let remove = move |_| page.edit(|txn| schema::remove_item(txn, &id.get_value(), &item));
        view! {
            <li>
                <span class="n">{place}</span>
                {body}
                <button class="ib s item-x" aria-label="Remove entry" on:click=remove>{icon("x")}</button>
            </li>
        }
    };
    let add = move |_| {
        let item = NewItem { id: fresh_id(), content: ItemContent::Text(String::new()) };
        page.edit(|txn| schema::add_item(txn, &id.get_value(), &item));
    };
    view! {
        <ol class="items">
            <For each=move || items.get() key=|i| i.clone() children=row />
            <li class="add">
                <button class="item-add" on:click=add>
                    <span class="n">{icon("plus")}</span>
                    <span class="tx muted">"Add an entry"</span>
                </button>
            </li>
        </ol>
        <div style="height:8px"></div>
    }
}
