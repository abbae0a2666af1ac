//! A price beside the word on a button.

use gesso_protocol::pricing::Quote;
use leptos::prelude::*;

use crate::core::price;

/// "· 12", in whole credits; the exact amount on hover. Nothing for what is free.
pub fn price_tag(quote: Quote) -> Option<AnyView> {
    labelled(&price::label(&quote), quote)
}

/// The same in other words, such as the sum of a batch.
pub fn labelled(label: &str, quote: Quote) -> Option<AnyView> {
    let exactly = price::exactly(&quote);
    (quote.cost.0 > 0).then(|| {
        view! { <span class="price" title=exactly>{format!("· {label}")}</span> }.into_any()
    })
}
