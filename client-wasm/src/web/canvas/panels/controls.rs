//! Settings of a model: for each the control that fits its type.

use gesso_protocol::catalog::{Param, ParamType};
use gesso_protocol::pricing::value_key;
use leptos::prelude::*;
use serde_json::{Value, json};

use crate::core::card_layout;
use crate::core::words::choice;
use crate::web::canvas::actions::edit;
use crate::web::canvas::store::page::{NodeSignals, Page};
use crate::web::ui::icons::icon;

/// Up to so many values an enum is shown as buttons, above as a list.
const SEGMENTS_MAX: usize = 4;
/// Buttons with more letters than this together would not fit beside their name.
const SEGMENTS_LETTERS: usize = 19;
/// A text with a longer explanation is written in several lines.
const LONG_HELP: usize = 90;

/// One setting: the control that fits its type.
pub fn field(
    page: Page,
    id: StoredValue<String>,
    key: &str,
    param: &Param,
    signals: NodeSignals,
) -> AnyView {
    let key = key.to_owned();
    let name_of = key.clone();
    let title =
        if param.title.is_empty() { card_layout::port_label(&key) } else { param.title.clone() };
    let default = param.default.clone().unwrap_or(Value::Null);
    let name = key.clone();
    let value = Memo::new(move |_| {
        signals.view.with(|v| {
            v.node
                .settings
                .get(&name)
                .filter(|v| !v.is_null())
                .cloned()
                .unwrap_or_else(|| default.clone())
        })
    });
    let set =
        Callback::new(move |value: Value| edit::set_setting(page, &id.get_value(), &key, &value));
    let letters: usize = param.values.iter().map(|v| choice(&value_key(v)).chars().count()).sum();
    let few = param.values.len() <= SEGMENTS_MAX && letters <= SEGMENTS_LETTERS;
    let color = param.default.as_ref().and_then(Value::as_str).is_some_and(|d| d.starts_with('#'));
    let long = param.ty == ParamType::String
        && param.values.is_empty()
        && !color
        && param.description.len() > LONG_HELP;
    let control = if !param.values.is_empty() && few {
        segments(&title, param, value, set)
    } else if !param.values.is_empty() {
        select(&title, param, value, set)
    } else {
        match (param.ty, param.minimum, param.maximum) {
            (ParamType::Boolean, ..) => switch(&title, value, set),
            (ParamType::Integer | ParamType::Number, Some(min), Some(max))
                if max - min <= 1000.0 && max > min =>
            {
                slider(&title, param, (min, max), value, set)
            }
            (ParamType::Integer | ParamType::Number, ..) => number(&title, param, value, set),
            (ParamType::String, ..) if color => colour(&title, value, set),
            (ParamType::String, ..) if long => lines(&title, value, set),
            (ParamType::String, ..) => line(&title, value, set),
        }
    };
    // A switch and an empty field do not tell by themselves what they do.
    let told = param.values.is_empty()
        && matches!(param.ty, ParamType::Boolean | ParamType::String)
        && !param.description.is_empty();
    let help = told.then(|| view! { <p class="says">{param.description.clone()}</p> });
    let hint = param.description.clone();
    view! {
        <div class="frow" class:is-tall=long title=hint data-setting=name_of><span class="label">{title}</span>{control}{help}</div>
    }
    .into_any()
}

fn segments(title: &str, param: &Param, value: Memo<Value>, set: Callback<Value>) -> AnyView {
    let buttons = param
        .values
        .iter()
        .map(|v| {
            let (label, here, v) = (choice(&value_key(v)), value_key(v), v.clone());
            let on = Memo::new(move |_| value_key(&value.get()) == here);
            view! {
                <button class:is-on=move || on.get() aria-pressed=move || on.get().to_string()
                    on:click=move |_| set.run(v.clone())>{label}</button>
            }
        })
        .collect_view();
    view! { <div class="seg" role="group" aria-label=title.to_owned()>{buttons}</div> }.into_any()
}

fn select(title: &str, param: &Param, value: Memo<Value>, set: Callback<Value>) -> AnyView {
    let values = StoredValue::new(param.values.clone());
    let options = param
        .values
        .iter()
        .map(|v| {
            let (label, here) = (value_key(v), value_key(v));
            let chosen = move || value_key(&value.get()) == here;
            view! { <option value=label.clone() selected=chosen>{choice(&label)}</option> }
        })
        .collect_view();
    let change = move |e: web_sys::Event| {
        let wanted = crate::web::dom::value(&e);
        let found = values.with_value(|all| all.iter().find(|v| value_key(v) == wanted).cloned());
        if let Some(found) = found {
            set.run(found);
        }
    };
    view! {
        <span class="field pick"><select aria-label=title.to_owned() on:change=change>{options}</select>{icon("down")}</span>
    }
    .into_any()
}

fn switch(title: &str, value: Memo<Value>, set: Callback<Value>) -> AnyView {
    let on = move || value.get() == Value::Bool(true);
    view! {
        <button class="switch" class:on=on role="switch" aria-label=title.to_owned()
            aria-checked=move || on().to_string() on:click=move |_| set.run(json!(!on()))></button>
    }
    .into_any()
}

fn numeric(text: &str, ty: ParamType) -> Option<Value> {
    let number: f64 = text.trim().parse().ok()?;
    if ty == ParamType::Integer { Some(json!(number.round() as i64)) } else { Some(json!(number)) }
}

fn slider(
    title: &str,
    param: &Param,
    (min, max): (f64, f64),
    value: Memo<Value>,
    set: Callback<Value>,
) -> AnyView {
    let ty = param.ty;
    let step = param.step.unwrap_or(if ty == ParamType::Integer { 1.0 } else { 0.01 });
    let now = move || value.get().as_f64().unwrap_or(min);
    // While it moves, only this control follows; what it comes to is written once.
    let moving = RwSignal::new(None::<f64>);
    let now = move || moving.get().unwrap_or_else(now);
    let percent = move || format!("--v:{:.1}%", (now() - min) / (max - min) * 100.0);
    let moved = move |e: web_sys::Event| moving.set(crate::web::dom::value(&e).parse().ok());
    let change = move |e: web_sys::Event| {
        moving.set(None);
        if let Some(value) = numeric(&crate::web::dom::value(&e), ty) {
            set.run(value);
        }
    };
    let (unit, zero) = (param.unit.clone(), param.zero.clone());
    let told = move || {
        let v = (now() * 1000.0).round() / 1000.0;
        match (v == 0.0 && !zero.is_empty(), unit.as_str()) {
            (true, _) => zero.clone(),
            (false, "") => value_key(&json!(v)),
            (false, unit) => format!("{} {unit}", value_key(&json!(v))),
        }
    };
    view! {
        <div class="row">
            <div class="slider grow" style=percent>
                <i></i><b></b>
                <input type="range" aria-label=title.to_owned() min=min max=max step=step
                    prop:value=move || now().to_string() on:input=moved on:change=change />
            </div>
            <span class="num slider-n">{told}</span>
        </div>
    }
    .into_any()
}

fn number(title: &str, param: &Param, value: Memo<Value>, set: Callback<Value>) -> AnyView {
    let ty = param.ty;
    let top = param.maximum.unwrap_or(4_294_967_295.0);
    let shown = move || if value.get().is_null() { String::new() } else { value_key(&value.get()) };
    let change = move |e: web_sys::Event| {
        let text = crate::web::dom::value(&e);
        set.run(if text.trim().is_empty() {
            Value::Null
        } else {
            numeric(&text, ty).unwrap_or(Value::Null)
        });
    };
    let dice = move |_| {
        set.run(json!((crate::web::canvas::store::page::random() * top.min(99_999.0)) as u64))
    };
    view! {
        <div class="field">
            <input class="num" inputmode="numeric" aria-label=title.to_owned() placeholder="New every time"
                prop:value=shown on:change=change on:keydown=|e: web_sys::KeyboardEvent| e.stop_propagation() />
            <button class="ib s" aria-label="Roll a number" title="Roll a number" on:click=dice>{icon("dice")}</button>
        </div>
    }
    .into_any()
}

fn line(title: &str, value: Memo<Value>, set: Callback<Value>) -> AnyView {
    let shown = move || value.get().as_str().unwrap_or_default().to_owned();
    let change = move |e: web_sys::Event| set.run(json!(crate::web::dom::value(&e)));
    view! {
        <div class="field">
            <input aria-label=title.to_owned() prop:value=shown on:change=change
                on:keydown=|e: web_sys::KeyboardEvent| e.stop_propagation() />
        </div>
    }
    .into_any()
}

/// A text of several lines.
fn lines(title: &str, value: Memo<Value>, set: Callback<Value>) -> AnyView {
    let shown = move || value.get().as_str().unwrap_or_default().to_owned();
    let change = move |e: web_sys::Event| set.run(json!(crate::web::dom::value(&e)));
    view! {
        <div class="field area">
            <textarea class="line" rows="3" aria-label=title.to_owned() prop:value=shown on:change=change
                on:keydown=|e: web_sys::KeyboardEvent| e.stop_propagation()></textarea>
        </div>
    }
    .into_any()
}

/// A colour, picked or written.
fn colour(title: &str, value: Memo<Value>, set: Callback<Value>) -> AnyView {
    let shown = move || value.get().as_str().unwrap_or_default().to_owned();
    let change = move |e: web_sys::Event| set.run(json!(crate::web::dom::value(&e)));
    view! {
        <div class="field">
            <span class="swatch-in" style=move || format!("--c:{}", css_colour(&shown()))>
                <input type="color" aria-label=format!("{title}, picked") prop:value=shown on:change=change />
            </span>
            <input aria-label=title.to_owned() spellcheck="false" prop:value=shown on:change=change
                on:keydown=|e: web_sys::KeyboardEvent| e.stop_propagation() />
        </div>
    }
    .into_any()
}

/// Only what is a colour in hex goes into a style.
fn css_colour(text: &str) -> &str {
    let hex = text.strip_prefix('#').unwrap_or_default();
    let fine = matches!(hex.len(), 3 | 6) && hex.bytes().all(|b| b.is_ascii_hexdigit());
    if fine { text } else { "transparent" }
}
