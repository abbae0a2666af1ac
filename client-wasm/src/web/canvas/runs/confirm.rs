//! The question before a large run.

use leptos::prelude::*;

use crate::core::price;
use crate::core::words::many;
use crate::web::canvas::actions::run;
use crate::web::canvas::store::overlays::Confirming;
use crate::web::canvas::store::page::Page;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::icons::icon;

/// The dialog.
#[component]
pub fn Ask(page: Page) -> impl IntoView {
    move || page.overlays.confirming.get().map(|asking| view! { <Open page=page asking=asking /> })
}

#[component]
fn Open(page: Page, asking: Confirming) -> impl IntoView {
    let Confirming { target, price: asked } = asking;
    let close = Callback::new(move |()| page.overlays.confirming.set(None));
    let balance = page.overlays.balance.get_untracked();
    let beyond = asked.beyond(balance);
    let most = if asked.quote.exact { "This costs" } else { "This can cost up to" };
    let cost = price::credits(asked.quote.cost);
    let calls = many(asked.calls as usize, "call");
    let title = format!("Run {calls}?").replace("call", "model call");
    let text = format!("{most} {cost}. Nothing is charged for what fails.");
    let left = balance.map(|b| {
        let has = price::grouped(&b.to_string());
        if beyond {
            format!("You have {has}: that is not enough. Ask for credits, or run fewer items.")
        } else {
            let rest = gesso_protocol::pricing::Money(b.0 - asked.quote.cost.0);
            format!("You have {has}; at least {} would be left.", price::grouped(&rest.to_string()))
        }
    });
    let (label, cost) = (asked.label(), asked.quote.cost);
    let run = move |_| {
        page.overlays.confirming.set(None);
        run::go(page, &target, cost);
    };
    view! {
        <Dialog title=title on_close=close>
            <p>{text}</p>
            <p class:warned=beyond>{left}</p>
            <div class="acts">
                <button class="btn" type="button" autofocus on:click=move |_| close.run(())>"Cancel"</button>
                <button class="btn primary" type="button" disabled=beyond on:click=run>
                    {icon("play")}"Run "<span class="price">{format!("· {label}")}</span>
                </button>
            </div>
        </Dialog>
    }
}
