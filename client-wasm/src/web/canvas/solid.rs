//! 3D models, turned by hand. The viewer is fetched when the first one is opened.

use gesso_protocol::values::AssetRef;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::web::icons::icon;

/// The element the viewer brings.
const ELEMENT: &str = "model-viewer";
/// How far a step of the keyboard or the buttons turns, as the viewer writes it.
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
    super::dom::because(&cause, NO_VIEWER)
}

/// Fetches the viewer, once.
async fn fetch() -> Result<(), &'static str> {
    if defined() {
        return Ok(());
    }
    let named = super::dom::query("meta[name=\"model-viewer\"]");
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

/// A 3D model to turn.
#[component]
pub fn Solid(
    /// The file.
    asset: AssetRef,
    /// Its name for assistive technology.
    #[prop(into)]
    name: String,
) -> impl IntoView {
    let stage = NodeRef::<leptos::html::Div>::new();
    let stand = RwSignal::new(Stand::Fetching);
    let calm = window()
        .match_media("(prefers-reduced-motion: reduce)")
        .ok()
        .flatten()
        .is_some_and(|q| q.matches());
    let turning = RwSignal::new(!calm);
    let poster = super::media::thumbnail(&asset, 1280);
    let src = format!("/api/assets/{}", asset.id);
    let alt = name.clone();
    leptos::task::spawn_local(async move {
        let ready = if webgl() { fetch().await } else { Err(NO_WEBGL) };
        let _shown = stand.try_set(match ready {
            Ok(()) => Stand::Opening,
            Err(why) => Stand::Failed(why),
        });
    });
    let opening =
        Memo::new(move |_| stand.with(|s| !matches!(s, Stand::Fetching | Stand::Failed(_))));
    let viewer = StoredValue::new_local(None::<web_sys::Element>);
    Effect::new(move |_| {
        let Some(stage) = stage.get().filter(|_| opening.get()) else { return };
        if viewer.with_value(Option::is_some) {
            return;
        }
        let Ok(element) = document().create_element(ELEMENT) else { return };
        let set = |name: &str, value: &str| {
            // Plain names and values are always taken.
            let _set = element.set_attribute(name, value);
        };
        set("alt", &alt);
        set("camera-controls", "");
        set("camera-orbit", START_ORBIT);
        set("shadow-intensity", "0.9");
        set("shadow-softness", "0.8");
        set("exposure", "1.05");
        set("touch-action", "none");
        set("interaction-prompt", "none");
        if turning.get_untracked() {
            set("auto-rotate", "");
        }
        let shown = Closure::once_into_js(move |_: web_sys::Event| {
            let _shown = stand.try_set(Stand::Shown);
        });
        let failed = Closure::once_into_js(move |_: web_sys::Event| {
            let _shown = stand.try_set(Stand::Failed(NO_MODEL));
        });
        // Neither can be refused: both are functions.
        let _on = element.add_event_listener_with_callback("load", shown.unchecked_ref());
        let _on = element.add_event_listener_with_callback("error", failed.unchecked_ref());
        set("src", &src);
        let _placed = stage.append_child(&element);
        viewer.set_value(Some(element));
    });
    Effect::new(move |_| {
        let on = turning.get();
        viewer.with_value(|v| {
            if let Some(v) = v {
                let _set = if on {
                    v.set_attribute("auto-rotate", "")
                } else {
                    v.remove_attribute("auto-rotate")
                };
            }
        });
    });
    let reset = move |_| {
        viewer.with_value(|v| {
            if let Some(v) = v {
                // Written anew, or what was dragged since would stay.
                let _off = v.remove_attribute("camera-orbit");
                let _on = v.set_attribute("camera-orbit", START_ORBIT);
                let _off = v.remove_attribute("camera-target");
                let _on = v.set_attribute("camera-target", "auto auto auto");
            }
        });
    };
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
    let tools = move || {
        stand.with(|s| *s == Stand::Shown).then(|| {
            view! {
                <div class="solid-tools">
                    <button class="btn s" aria-pressed=move || turning.get().to_string() class:is-on=turning
                        on:click=move |_| turning.update(|t| *t = !*t)>{icon("swap")}"Turn by itself"</button>
                    <button class="btn s" on:click=reset>{icon("reset")}"Reset view"</button>
                    <span class="muted">"Drag to turn, scroll to zoom"</span>
                </div>
            }
        })
    };
    view! {
        <div class="solid" data-stand=move || match stand.get() {
            Stand::Fetching => "fetching",
            Stand::Opening => "opening",
            Stand::Shown => "shown",
            Stand::Failed(_) => "failed",
        }>
            <div class="solid-stage" node_ref=stage></div>
            <Show when=still>
                <img class="solid-poster" src=poster.clone() alt=name.clone()
                    on:error=|e| hide(&e) />
            </Show>
            {words}
            {tools}
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
