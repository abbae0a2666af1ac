//! The tools of the editor and their settings.

use leptos::prelude::*;

use crate::core::retouch::crop::{Aspect, shaped};
use crate::core::retouch::{Look, STRAIGHTEN_MAX};
use crate::web::canvas::image_editor::desk::{Desk, Stand, Tool};
use crate::web::ui::icons::icon;

/// Colours to draw with, and their names.
const COLORS: [(&str, &str); 8] = [
    ("#111113", "Black"),
    ("#ffffff", "White"),
    ("#e5484d", "Red"),
    ("#f5a524", "Orange"),
    ("#f7d84a", "Yellow"),
    ("#30a46c", "Green"),
    ("#2f7fe0", "Blue"),
    ("#8e5bd8", "Violet"),
];

/// Takes a brush in hand; `rubs`: its eraser.
pub(super) fn take(desk: Desk, tool: Tool, rubs: bool) {
    desk.tool.set(tool);
    desk.rubs.set(rubs);
}

/// Undo, redo, reset, and how it was before.
#[component]
pub fn Steps(desk: Desk) -> impl IntoView {
    let can_undo = Memo::new(move |_| desk.edits.with(|e| e.can_undo()));
    let can_redo = Memo::new(move |_| desk.edits.with(|e| e.can_redo()));
    let changed = Memo::new(move |_| desk.edits.with(|e| e.is_changed()));
    let undo = move |_| desk.undo();
    let redo = move |_| desk.redo();
    let reset = move |_| desk.edits.update(|e| e.reset());
    let hold = move |on: bool| desk.before.set(on);
    view! {
        <div class="rt-steps">
            <button class="ib" aria-label="Undo" title=crate::web::dom::keys("Undo  Mod Z")
                disabled={move || !can_undo.get()} on:click=undo>{icon("undo")}</button>
            <button class="ib" aria-label="Redo" title=crate::web::dom::keys("Redo  Mod Shift Z")
                disabled={move || !can_redo.get()} on:click=redo>{icon("redo")}</button>
            <i class="sep-v"></i>
            <button class="btn ghost s" title="Hold to see it as it was  \\" disabled={move || !changed.get()}
                class:is-hover=move || desk.before.get()
                on:pointerdown=move |_| hold(true) on:pointerup=move |_| hold(false)
                on:pointerleave=move |_| hold(false) on:pointercancel=move |_| hold(false)
                on:keydown=move |e| if matches!(e.key().as_str(), " " | "Enter") { hold(true) }
                on:keyup=move |_| hold(false)>{icon("compare")}<span class="hide-s">"Before"</span></button>
            <button class="btn ghost s" disabled={move || !changed.get()} on:click=reset>{icon("reset")}<span class="hide-s">"Reset"</span></button>
        </div>
    }
}

/// The tools.
#[component]
pub fn Panel(desk: Desk) -> impl IntoView {
    let tool = move |which: Tool, name: &'static str, label: &'static str, key: &'static str| {
        let on = move || desk.tool.get() == which;
        view! {
            <button class="rt-tool" role="tab" class:is-on=on aria-selected=move || on().to_string()
                title=format!("{label}  {key}") on:click=move |_| take(desk, which, false)>{icon(name)}{label}</button>
        }
    };
    let body = move || match desk.tool.get() {
        Tool::Crop => view! { <CropTools desk=desk /> }.into_any(),
        Tool::Adjust => view! { <Adjust desk=desk /> }.into_any(),
        Tool::Draw => view! { <Draw desk=desk /> }.into_any(),
        Tool::Mask => view! { <MaskTools desk=desk /> }.into_any(),
    };
    let busy = Memo::new(move |_| desk.stand.with(|s| matches!(s, Stand::Saving(_))));
    let facts = move || {
        let (w, h) = desk.edits.with(|e| e.now().output());
        format!("Saved as {w} × {h} PNG")
    };
    view! {
        <aside class="rt-panel" inert=busy>
            <div class="rt-tools" role="tablist" aria-label="Tools">
                {tool(Tool::Crop, "crop", "Crop", "C")}
                {tool(Tool::Adjust, "tone", "Adjust", "A")}
                {tool(Tool::Draw, "brush", "Draw", "B")}
                {tool(Tool::Mask, "mask", "Mask", "M")}
            </div>
            <div class="rt-options">{body}</div>
            <p class="hint rt-facts num">{facts}</p>
        </aside>
    }
}

/// A slider of the editor: all of one drag is one step.
fn slider(
    desk: Desk,
    label: &'static str,
    (min, max, step): (f64, f64, f64),
    read: fn(&Look) -> f64,
    write: fn(&mut Look, f64),
    unit: &'static str,
) -> impl IntoView {
    let now = Memo::new(move |_| desk.edits.with(|e| read(e.now())));
    let percent = move || format!("--v:{:.1}%", (now.get() - min) / (max - min) * 100.0);
    let moved = move |e: web_sys::Event| {
        if let Ok(v) = crate::web::dom::value(&e).parse::<f64>() {
            desk.adjust(|l| write(l, v));
        }
    };
    let zero = move |_| desk.edit(|l| write(l, 0.0));
    view! {
        <div class="rt-slide">
            <div class="row"><span class="label grow">{label}</span>
                <button class="num" title="Back to 0" on:click=zero>{move || format!("{}{unit}", (now.get() * 10.0).round() / 10.0)}</button>
            </div>
            <div class="slider" style=percent>
                <i></i><b></b>
                <input type="range" aria-label=label min=min max=max step=step prop:value=move || now.get().to_string()
                    on:input=moved on:pointerup=move |_| desk.settle() on:blur=move |_| desk.settle() />
            </div>
        </div>
    }
}

#[component]
fn CropTools(desk: Desk) -> impl IntoView {
    let aspects = Aspect::ALL
        .into_iter()
        .map(|(name, aspect)| {
            let on = move || desk.aspect.get() == aspect;
            let pick = move |_| {
                desk.aspect.set(aspect);
                desk.edit(|l| l.crop = shaped(l.crop, l.frame(), aspect));
            };
            view! { <button class="chip" class:is-on=on aria-pressed=move || on().to_string() on:click=pick>{name}</button> }
        })
        .collect_view();
    let act = move |name: &'static str, label: &'static str, change: fn(&mut Look)| {
        view! { <button class="btn" title=label aria-label=label on:click=move |_| desk.edit(change)>{icon(name)}</button> }
    };
    let all = move |_| {
        desk.aspect.set(Aspect::Free);
        desk.edit(|l| {
            let (w, h) = l.frame();
            l.crop = crate::core::geometry::Rect::new(0.0, 0.0, w, h);
        });
    };
    view! {
        <div class="label">"Shape"</div>
        <div class="rt-chips" role="group" aria-label="Shape of the crop">{aspects}</div>
        <div class="label">"Turn and flip"</div>
        <div class="rt-row">
            <button class="btn" title="Turn left" aria-label="Turn left" on:click=move |_| desk.edit(|l| l.turn(false))>{icon("reset")}</button>
            {act("turn", "Turn right", |l| l.turn(true))}
            {act("flip-h", "Flip left to right", |l| l.flip(true))}
            {act("flip-v", "Flip top to bottom", |l| l.flip(false))}
        </div>
        {slider(desk, "Straighten", (-STRAIGHTEN_MAX, STRAIGHTEN_MAX, 0.1), |l| l.straighten, |l, v| l.straighten = v, "°")}
        <button class="btn block" on:click=all>"Keep all of it"</button>
    }
}

#[component]
fn Adjust(desk: Desk) -> impl IntoView {
    const RANGE: (f64, f64, f64) = (-100.0, 100.0, 1.0);
    view! {
        {slider(desk, "Brightness", RANGE, |l| l.tone.brightness, |l, v| l.tone.brightness = v, "")}
        {slider(desk, "Contrast", RANGE, |l| l.tone.contrast, |l, v| l.tone.contrast = v, "")}
        {slider(desk, "Saturation", RANGE, |l| l.tone.saturation, |l, v| l.tone.saturation = v, "")}
        <p class="hint">"What you draw keeps its colour."</p>
    }
}

/// Which end of the brush, and how wide.
fn brush(
    desk: Desk,
    puts: (&'static str, &'static str),
    takes: (&'static str, &'static str),
) -> impl IntoView {
    let end = move |rubs: bool, (name, label): (&'static str, &'static str)| {
        let on = move || desk.rubs.get() == rubs;
        view! {
            <button class:is-on=on aria-pressed=move || on().to_string() on:click=move |_| desk.rubs.set(rubs)>
                {icon(name)}{label}
            </button>
        }
    };
    let moved = move |e: web_sys::Event| {
        if let Ok(v) = crate::web::dom::value(&e).parse::<f64>() {
            desk.size.set(v.clamp(1.0, 100.0));
        }
    };
    view! {
        <div class="seg" role="group" aria-label="Brush">{end(false, puts)}{end(true, takes)}</div>
        <div class="rt-slide">
            <div class="row"><span class="label grow">"Size"</span><span class="num muted">{move || format!("{:.0} px", desk.brush_px())}</span></div>
            <div class="slider" style=move || format!("--v:{:.1}%", (desk.size.get() - 1.0) / 0.99)>
                <i></i><b></b>
                <input type="range" aria-label="Brush size" min="1" max="100" step="1"
                    prop:value=move || desk.size.get().to_string() on:input=moved />
            </div>
        </div>
    }
}

#[component]
fn Draw(desk: Desk) -> impl IntoView {
    let colors = COLORS
        .into_iter()
        .map(|(value, name)| {
            let on = move || desk.color.with(|c| c == value);
            view! {
                <button class="rt-color" role="radio" aria-label=name title=name style=format!("--c:{value}")
                    aria-checked=move || on().to_string()
                    on:click=move |_| { desk.color.set(value.to_owned()); desk.rubs.set(false); }></button>
            }
        })
        .collect_view();
    let own = move |e: web_sys::Event| {
        desk.color.set(crate::web::dom::value(&e));
        desk.rubs.set(false);
    };
    view! {
        {brush(desk, ("brush", "Brush"), ("eraser", "Eraser"))}
        <div class="label">"Colour"</div>
        <div class="rt-colors" role="radiogroup" aria-label="Colour">
            {colors}
            <label class="rt-color is-own" title="Another colour" style=move || format!("--c:{}", desk.color.get())>
                <input type="color" aria-label="Another colour" prop:value=desk.color on:input=own />
            </label>
        </div>
        <p class="hint">"The eraser takes away what you drew, never the picture."</p>
    }
}

#[component]
fn MaskTools(desk: Desk) -> impl IntoView {
    view! {
        {brush(desk, ("mask", "Mask"), ("eraser", "Bring back"))}
        <p class="hint">"What you paint over becomes transparent in the saved picture: nodes after this one get it with a hole there. The checks show where."</p>
    }
}
