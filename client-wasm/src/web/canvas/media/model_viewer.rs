//! 3D models, turned by hand. The viewer is fetched when the first one is opened.

use gesso_protocol::values::AssetRef;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::web::ui::icons::icon;

/// The element the viewer brings.
const ELEMENT: &str = "model-viewer";
/// Orbit of the camera at the start and after a reset, as the viewer writes it.
const START_ORBIT: &str = "30deg 72deg auto";

#[derive(Clone, Debug, PartialEq)]
enum Stand {
    Fetching,
    Opening,
    Shown,
    Failed(&'static str),
}

const NO_VIEWER: &str = "This server was built without its viewer for 3D models. Download the file to open it elsewhere.";
const NO_WEBGL: &str = "This browser cannot draw in three dimensions (WebGL is off). Download the file to open it elsewhere.";
const NO_MODEL: &str = "This file could not be shown. Download it to open it elsewhere.";

fn webgl() -> bool {
    let canvas = document().create_element("canvas").ok();
    let canvas = canvas.and_then(|c| c.dyn_into::<web_sys::HtmlCanvasElement>().ok());
    canvas.is_some_and(|c| c.get_context("webgl2").ok().flatten().is_some())
}

fn defined() -> bool {
    window().custom_elements().get(ELEMENT).is_truthy()
}

fn no_viewer(cause: JsValue) -> &'static str {
    crate::web::dom::because(&cause, NO_VIEWER)
}

/// Fetches the viewer, once.
async fn fetch() -> Result<(), &'static str> {
    if defined() {
        return Ok(());
    }
    let named = crate::web::dom::query("meta[name=\"model-viewer\"]");
    let src = named.and_then(|m| m.get_attribute("content")).filter(|src| !src.is_empty());
    let src = src.ok_or(NO_VIEWER)?;
    let script = document().create_element("script").map_err(no_viewer)?;
    let set = |name: &str, value: &str| script.set_attribute(name, value).map_err(no_viewer);
    set("type", "module")?;
    set("src", &src)?;
    let loaded = js_sys::Promise::new(&mut |resolve, reject| {
        let script = script.unchecked_ref::<web_sys::HtmlElement>();
        script.set_onload(Some(&resolve));
        script.set_onerror(Some(&reject));
    });
    let head = document().head().ok_or(NO_VIEWER)?;
    head.append_child(&script).map_err(no_viewer)?;
    JsFuture::from(loaded).await.map_err(no_viewer)?;
    defined().then_some(()).ok_or(NO_VIEWER)
}

fn calm() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)");
    query.ok().flatten().is_some_and(|q| q.matches())
}

/// Sets an attribute of the viewer. Plain names and values are always taken.
fn set(viewer: &web_sys::Element, name: &str, value: &str) {
    let _set = viewer.set_attribute(name, value);
}

fn unset(viewer: &web_sys::Element, name: &str) {
    let _unset = viewer.remove_attribute(name);
}

/// The viewer for a file, which tells how it goes.
fn viewer(src: &str, alt: &str, stand: RwSignal<Stand>) -> Option<web_sys::Element> {
    let element = document().create_element(ELEMENT).ok()?;
    for (name, value) in [
        ("alt", alt),
        ("camera-controls", ""),
        ("camera-orbit", START_ORBIT),
        ("shadow-intensity", "0.9"),
        ("shadow-softness", "0.8"),
        ("exposure", "1.05"),
        ("touch-action", "none"),
        ("interaction-prompt", "none"),
    ] {
        set(&element, name, value);
    }
    for (event, becomes) in [("load", Stand::Shown), ("error", Stand::Failed(NO_MODEL))] {
        let told = Closure::once_into_js(move |_: web_sys::Event| {
            let _shown = stand.try_set(becomes);
        });
        // A function is never refused.
        let _on = element.add_event_listener_with_callback(event, told.unchecked_ref());
    }
    set(&element, "src", src);
    Some(element)
}

/// A 3D model to turn.
#[component]
pub fn ModelViewer(
    /// The file.
    asset: AssetRef,
    /// Name for assistive technology.
    #[prop(into)]
    name: String,
) -> impl IntoView {
    let stage = NodeRef::<leptos::html::Div>::new();
    let stand = RwSignal::new(Stand::Fetching);
    let turning = RwSignal::new(!calm());
    let poster = crate::web::canvas::store::showing::thumbnail(&asset, 1280);
    let src = format!("/api/assets/{}", asset.id);
    let alt = name.clone();
    leptos::task::spawn_local(async move {
        let ready = if webgl() { fetch().await } else { Err(NO_WEBGL) };
        let _shown = stand.try_set(match ready {
            Ok(()) => Stand::Opening,
            Err(why) => Stand::Failed(why),
        });
    });
    let there = StoredValue::new_local(None::<web_sys::Element>);
    Effect::new(move |_| {
        let opening = stand.with(|s| *s == Stand::Opening);
        let Some(stage) = stage.get().filter(|_| opening) else { return };
        if there.with_value(Option::is_some) {
            return;
        }
        if let Some(element) = viewer(&src, &alt, stand) {
            if turning.get_untracked() {
                set(&element, "auto-rotate", "");
            }
            let _placed = stage.append_child(&element);
            there.set_value(Some(element));
        }
    });
    let still = move || stand.with(|s| *s != Stand::Shown);
    let words = move || match stand.get() {
        Stand::Fetching | Stand::Opening => {
            Some(view! { <p class="solid-say" role="status">"Opening…"</p> }.into_any())
        }
        Stand::Failed(why) => {
            Some(view! { <p class="solid-say" role="alert">{icon("warn")}{why}</p> }.into_any())
        }
        Stand::Shown => None,
    };
    let id = move || match stand.get() {
        Stand::Fetching => "fetching",
        Stand::Opening => "opening",
        Stand::Shown => "shown",
        Stand::Failed(_) => "failed",
    };
    view! {
        <div class="solid" data-stand=id>
            <div class="solid-stage" node_ref=stage></div>
            <Show when=still>
                <img class="solid-poster" src=poster.clone() alt=name.clone() on:error=|e| hide(&e) />
            </Show>
            {words}
            {move || (!still()).then(|| view! { <Tools viewer=there turning=turning /> })}
        </div>
    }
}

/// The tools for a model that is shown.
#[component]
fn Tools(
    viewer: StoredValue<Option<web_sys::Element>, LocalStorage>,
    turning: RwSignal<bool>,
) -> impl IntoView {
    let with = move |act: fn(&web_sys::Element)| {
        viewer.with_value(|v| {
            if let Some(v) = v {
                act(v);
            }
        });
    };
    let turn = move |_| {
        turning.update(|t| *t = !*t);
        if turning.get_untracked() {
            with(|v| set(v, "auto-rotate", ""));
        } else {
            with(|v| unset(v, "auto-rotate"));
        }
    };
    // Written anew, or what was dragged since would stay.
    let reset = move |_| {
        with(|v| {
            for (name, value) in
                [("camera-orbit", START_ORBIT), ("camera-target", "auto auto auto")]
            {
                unset(v, name);
                set(v, name, value);
            }
        });
    };
    view! {
        <div class="solid-tools">
            <button class="btn s" aria-pressed=move || turning.get().to_string() class:is-on=turning on:click=turn>
                {icon("swap")}"Turn by itself"
            </button>
            <button class="btn s" on:click=reset>{icon("reset")}"Reset view"</button>
            <span class="muted">"Drag to turn, scroll to zoom"</span>
        </div>
    }
}

/// A picture that is not there leaves no broken sign.
pub fn hide(e: &web_sys::ErrorEvent) {
    let image = e.target().and_then(|t| t.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(image) = image {
        image.set_hidden(true);
    }
}
