//! The question before a large run.

use leptos::prelude::*;

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
    let Confirming { target, price } = asking;
    let close = Callback::new(move |()| page.overlays.confirming.set(None));
    let balance = page.overlays.balance.get_untracked();
    let beyond = price.beyond(balance);
    let most = if price.quote.exact { "This costs" } else { "This can cost up to" };
    let cost = run::credits(&run::grouped(&price.quote.cost.to_string()));
    let calls = many(price.calls as usize, "call");
    let title = format!("Run {calls}?").replace("call", "model call");
    let text = format!("{most} {cost}. Nothing is charged for what fails.");
    let left = balance.map(|b| {
        let has = run::grouped(&b.to_string());
        if beyond {
            format!("You have {has}: that is not enough. Ask for credits, or run fewer items.")
        } else {
            let rest = gesso_protocol::pricing::Money(b.0 - price.quote.cost.0);
            format!("You have {has}; at least {} would be left.", run::grouped(&rest.to_string()))
        }
    });
    let (label, cost) = (price.label(), price.quote.cost);
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
