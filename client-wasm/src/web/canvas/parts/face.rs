//! A picture of what there is, wherever something is listed.

use crate::web::canvas::store::showing::{Showing, thumbnail};
use crate::web::ui::icons::icon;
use gesso_protocol::values::{AssetRef, DataType};
use leptos::prelude::*;

/// A picture of what there is, as large as its box: sounds and films by their shape and poster.
pub fn face(showing: &Showing, alt: &str, width: u32) -> AnyView {
    match showing {
        Showing::Nothing => ().into_any(),
        Showing::Text(text) => view! { <span class="excerpt">{text.clone()}</span> }.into_any(),
        Showing::Asset(asset) => asset_face(asset, alt, width),
    }
}

/// A picture of a file.
pub fn asset_face(asset: &AssetRef, alt: &str, width: u32) -> AnyView {
    let length = asset
        .duration
        .filter(|_| matches!(asset.ty, Some(DataType::Audio | DataType::Video)))
        .map(|d| view! { <span class="cap is-end num">{crate::core::wave::length(d)}</span> });
    let (class, sign) = match asset.ty {
        Some(DataType::Svg) => ("art is-vector", "svg"),
        Some(DataType::Audio) => ("art is-wave", "audio"),
        Some(DataType::Model3d) => ("art is-solid", "model3d"),
        Some(DataType::Video) => ("art", "video"),
        Some(DataType::Image | DataType::Text) | None => ("art", "image"),
    };
    let src = match asset.ty {
        Some(DataType::Svg) => format!("/api/assets/{}", asset.id),
        _ => thumbnail(asset, width),
    };
    let bare = RwSignal::new(false);
    let (alt, name) = (alt.to_owned(), asset.name.clone());
    view! {
        {move || if bare.get() {
            view! { <span class="plain">{icon(sign)}{name.clone()}</span> }.into_any()
        } else {
            view! {
                <img class=class src=src.clone() alt=alt.clone() loading="lazy" decoding="async" draggable="false"
                    on:error=move |_| bare.set(true) />
            }
            .into_any()
        }}
        {length}
    }
    .into_any()
}

/// The same, playable where it plays.
pub fn live_face(showing: &Showing, alt: &str, width: u32) -> AnyView {
    match showing {
        Showing::Asset(asset) if asset.ty == Some(DataType::Audio) => {
            view! { <crate::web::canvas::media::player::Player asset=asset.clone() name=alt.to_owned() /> }.into_any()
        }
        Showing::Asset(asset) if asset.ty == Some(DataType::Video) => {
            view! { <crate::web::canvas::media::video::VideoPlayer asset=asset.clone() name=alt.to_owned() width=Signal::stored(width) /> }
                .into_any()
        }
        Showing::Asset(_) | Showing::Text(_) | Showing::Nothing => face(showing, alt, width),
    }
}
