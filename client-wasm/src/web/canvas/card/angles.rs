//! Camera positions: chosen, set by hand with a small model of the picture that turns along, put in order.

use gesso_protocol::values::{AssetRef, DataType};
use leptos::prelude::*;

use crate::core::angles::{
    self, ANGLES_MAX, Angle, Family, NAMED, PITCH_MAX, Pose, ROLL_MAX, YAW_MAX, ZOOM_MAX, ZOOM_MIN,
};
use crate::web::canvas::actions::edit;
use crate::web::canvas::store::card_context::Card;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::{Showing, showing, thumbnail};
use crate::web::ui::icons::icon;

/// State that the parts of one editor share.
#[derive(Clone, Copy)]
struct Rig {
    page: Page,
    id: StoredValue<String>,
    all: Memo<Vec<Angle>>,
    /// The one that is set by hand, and where it is while a slider moves.
    open: RwSignal<Option<usize>>,
    pose: RwSignal<Pose>,
    /// The picture that comes in.
    picture: Memo<Option<AssetRef>>,
}

impl Rig {
    fn write(self, change: impl FnOnce(&mut Vec<Angle>)) {
        let mut all = self.all.get_untracked();
        change(&mut all);
        edit::set_setting(self.page, &self.id.get_value(), "angles", &angles::write(&all));
    }

    fn unfold(self, at: Option<usize>) {
        if let Some(angle) = at.and_then(|at| self.all.with_untracked(|all| all.get(at).cloned())) {
            self.pose.set(angle.pose());
        }
        self.open.set(at);
    }
}

/// The picture at a node's `image` input, where there is one.
fn incoming(page: Page, id: &str) -> Option<AssetRef> {
    let graph = page.graph.get();
    let from = graph.sources(id, "image").next()?.edge.from_node.clone();
    page.slow_revision.track();
    match showing(page, &from) {
        Showing::Asset(asset) if asset.ty == Some(DataType::Image) => Some(asset),
        Showing::Asset(_) | Showing::Text(_) | Showing::Nothing => None,
    }
}

/// Names for the chips of a card: "Front", "Left", "+ 3".
pub fn chips(setting: Option<&serde_json::Value>) -> Vec<String> {
    let all = angles::read(setting);
    let mut words: Vec<String> = all.iter().take(2).map(Angle::label).collect();
    if all.len() > 2 {
        words.push(format!("+ {}", all.len() - 2));
    }
    words
}

/// The setting.
#[component]
pub fn Angles(card: Card) -> impl IntoView {
    let page = card.page;
    let id = card.id;
    let view = card.signals.view.clone();
    let rig = Rig {
        page,
        id,
        all: Memo::new(move |_| view.with(|v| angles::read(v.node.settings.get("angles")))),
        open: RwSignal::new(None),
        pose: RwSignal::new(Pose::FRONT),
        picture: Memo::new(move |_| incoming(page, &id.get_value())),
    };
    let rows = move || {
        let n = rig.all.with(Vec::len);
        (0..n).map(|at| view! { <Row rig=rig at=at n=n /> }).collect_view()
    };
    let count = move || {
        let n = rig.all.with(Vec::len);
        if n == 1 { "1 picture".to_owned() } else { format!("{n} pictures, one each") }
    };
    view! {
        <div class="angles">
            <div class="row head"><span class="label grow">"Camera positions"</span><span class="label num">{count}</span></div>
            <ol class="angle-rows">{rows}</ol>
            <Add rig=rig />
        </div>
    }
}

/// A small model of the picture as the camera sees it.
#[component]
fn Gizmo(
    picture: Memo<Option<AssetRef>>,
    #[prop(into)] pose: Signal<Pose>,
    large: bool,
) -> impl IntoView {
    // Seen from the right, the picture turns to the left.
    let turn = move || {
        let p = pose.get();
        format!(
            "transform:rotateZ({:.1}deg) scale({:.3}) rotateX({:.1}deg) rotateY({:.1}deg)",
            p.roll,
            p.zoom.powf(0.6),
            -p.pitch,
            -p.yaw
        )
    };
    let face = move || {
        picture
            .get()
            .map(|asset| view! { <img src=thumbnail(&asset, 320) alt="" draggable="false" /> })
    };
    view! {
        <span class="gizmo" class:is-large=large aria-hidden="true">
            <span class="gizmo-box" style=turn><i class="f">{face}</i><i class="l"></i><i class="r"></i><i class="t"></i><i class="b"></i></span>
        </span>
    }
}

#[component]
fn Row(rig: Rig, at: usize, n: usize) -> impl IntoView {
    let angle = Memo::new(move |_| rig.all.with(|all| all.get(at).cloned()));
    let open = Memo::new(move |_| rig.open.get() == Some(at));
    let label =
        Memo::new(move |_| angle.with(|a| a.as_ref().map(Angle::label).unwrap_or_default()));
    let custom = Memo::new(move |_| angle.with(|a| matches!(a, Some(Angle::Custom { .. }))));
    let pose = Signal::derive(move || {
        if open.get() && custom.get() {
            rig.pose.get()
        } else {
            angle.with(|a| a.as_ref().map_or(Pose::FRONT, Angle::pose))
        }
    });
    let unfold = move |_| rig.unfold(if open.get_untracked() { None } else { Some(at) });
    let shift = move |back: bool| {
        rig.write(|all| {
            if angles::shift(all, at, back) {
                rig.open.set(None);
            }
        });
    };
    let drop_it = move |_| {
        rig.open.set(None);
        rig.write(|all| {
            if at < all.len() {
                all.remove(at);
            }
        });
    };
    view! {
        <li class="angle" class:is-open=open data-angle=label>
            <div class="row">
                <Gizmo picture=rig.picture pose=pose large=false />
                {move || if custom.get() {
                    view! {
                        <button class="angle-name grow" aria-expanded=move || open.get().to_string() on:click=unfold>
                            {label}{icon("settings")}
                        </button>
                    }
                    .into_any()
                } else {
                    view! { <span class="angle-name grow">{label}</span> }.into_any()
                }}
                <button class="ib s" aria-label=move || format!("Move {} up", label.get()) disabled=at == 0 on:click=move |_| shift(true)>{icon("up")}</button>
                <button class="ib s" aria-label=move || format!("Move {} down", label.get()) disabled={at + 1 == n} on:click=move |_| shift(false)>{icon("down")}</button>
                <button class="ib s" aria-label=move || format!("Remove {}", label.get()) disabled={n == 1} on:click=drop_it>{icon("x")}</button>
            </div>
            {move || (open.get() && custom.get()).then(|| view! { <Set rig=rig at=at label=label /> })}
        </li>
    }
}

/// The sliders of a position that is set by hand.
#[component]
fn Set(rig: Rig, at: usize, label: Memo<String>) -> impl IntoView {
    let keep = move || {
        let now = rig.pose.get_untracked().clamped();
        rig.write(|all| {
            if let Some(Angle::Custom { pose, .. }) = all.get_mut(at) {
                *pose = now;
            }
        });
    };
    let rename = move |e: web_sys::Event| {
        let given = crate::web::dom::value(&e);
        rig.write(|all| {
            if let Some(Angle::Custom { name, .. }) = all.get_mut(at) {
                given.trim().clone_into(name);
            }
        });
    };
    let slide = move |title: &'static str,
                      (min, max, step): (f64, f64, f64),
                      read: fn(&Pose) -> f64,
                      write: fn(&mut Pose, f64),
                      unit: &'static str| {
        let now = move || rig.pose.with(read);
        let moved = move |e: web_sys::Event| {
            if let Ok(v) = crate::web::dom::value(&e).parse::<f64>() {
                rig.pose.update(|p| write(p, v));
            }
        };
        view! {
            <div class="frow" data-setting="angles">
                <span class="label">{title}</span>
                <div class="row">
                    <div class="slider grow" style=move || format!("--v:{:.1}%", (now() - min) / (max - min) * 100.0)>
                        <i></i><b></b>
                        <input type="range" aria-label=title min=min max=max step=step prop:value=move || now().to_string()
                            on:input=moved on:change=move |_| keep() />
                    </div>
                    <span class="num slider-n">{move || format!("{}{unit}", (now() * 100.0).round() / 100.0)}</span>
                </div>
            </div>
        }
    };
    view! {
        <div class="angle-set">
            <Gizmo picture=rig.picture pose=rig.pose large=true />
            <div class="frow">
                <span class="label">"Name"</span>
                <div class="field">
                    <input aria-label="Name of the position" prop:value=label on:change=rename
                        on:keydown=|e: web_sys::KeyboardEvent| e.stop_propagation() />
                </div>
            </div>
            {slide("Yaw", (-YAW_MAX, YAW_MAX, 1.0), |p| p.yaw, |p, v| p.yaw = v, "°")}
            {slide("Pitch", (-PITCH_MAX, PITCH_MAX, 1.0), |p| p.pitch, |p, v| p.pitch = v, "°")}
            {slide("Roll", (-ROLL_MAX, ROLL_MAX, 1.0), |p| p.roll, |p, v| p.roll = v, "°")}
            {slide("Zoom", (ZOOM_MIN, ZOOM_MAX, 0.05), |p| p.zoom, |p, v| p.zoom = v, " ×")}
        </div>
    }
}

/// Positions to add.
#[component]
fn Add(rig: Rig) -> impl IntoView {
    let full = Memo::new(move |_| rig.all.with(|all| all.len() >= ANGLES_MAX));
    let chips = move |family: Family| {
        NAMED
            .iter()
            .filter(|n| n.family == family)
            .map(|named| {
                let named = *named;
                let here = Memo::new(move |_| rig.all.with(|all| all.contains(&Angle::Named(named))));
                let toggle = move |_| {
                    rig.open.set(None);
                    rig.write(|all| match all.iter().position(|a| *a == Angle::Named(named)) {
                        // The last one stays: without any it would be the front.
                        Some(at) if all.len() > 1 => {
                            all.remove(at);
                        }
                        Some(_) => {}
                        None => all.push(Angle::Named(named)),
                    });
                };
                view! {
                    <button class="chip" class:is-on=here aria-pressed=move || here.get().to_string()
                        disabled=move || full.get() && !here.get() on:click=toggle>{named.label}</button>
                }
            })
            .collect_view()
    };
    let custom = move |_| {
        let at = rig.all.with_untracked(Vec::len);
        rig.write(|all| {
            let name = angles::fresh_name(all);
            all.push(Angle::Custom { name, pose: Pose { yaw: 25.0, pitch: 10.0, ..Pose::FRONT } });
        });
        rig.unfold(Some(at));
    };
    view! {
        <div class="label">"Views"</div>
        <div class="angle-chips" role="group" aria-label="Views">{chips(Family::View)}</div>
        <div class="label">"Small moves"</div>
        <div class="angle-chips" role="group" aria-label="Small moves">{chips(Family::Move)}</div>
        <button class="btn s block" disabled=full on:click=custom>{icon("plus")}"Set one by hand"</button>
    }
}
