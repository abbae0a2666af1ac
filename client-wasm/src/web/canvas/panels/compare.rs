//! Generations side by side: a slider over two pictures, or columns, and what was set differently.

use gesso_protocol::api::{GenerationBody, Page as Listed};
use gesso_protocol::schema::Generation;
use gesso_protocol::values::DataType;
use leptos::prelude::*;

use crate::core::differences::differences;
use crate::web::canvas::actions::edit;
use crate::web::canvas::parts::face::live_face;
use crate::web::canvas::store::overlays::Compared;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::{Showing, thumbnail};
use crate::web::http;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::icons::icon;

/// Pages of the history that are asked for at once, and how many.
const HISTORY_LIMIT: usize = 1_000;
const HISTORY_PAGES: usize = 50;

/// Everything a node ever made, oldest first.
pub async fn history(page: Page, node: &str) -> Result<Vec<GenerationBody>, http::ApiError> {
    let canvas = page.id.get_value();
    let mut all = Vec::new();
    let mut cursor = String::new();
    for _ in 0..HISTORY_PAGES {
        let path = format!(
            "/api/canvases/{canvas}/nodes/{node}/generations?limit={HISTORY_LIMIT}{cursor}"
        );
        let more = http::get::<Listed<GenerationBody>>(&path).await?;
        all.extend(more.items);
        let Some(next) = more.next else { break };
        cursor = format!("&cursor={next}");
    }
    Ok(all)
}

/// The dialog.
#[component]
pub fn Compare(page: Page) -> impl IntoView {
    move || {
        page.overlays.compare.get().map(|compared| view! { <Open page=page compared=compared /> })
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
struct Column {
    id: String,
    key: String,
    name: String,
    showing: Showing,
}

fn columns(page: Page, compared: &Compared) -> Vec<Column> {
    page.read(|c| {
        let made = c.generations.get(&compared.node).map(Vec::as_slice).unwrap_or_default();
        compared
            .generations
            .iter()
            .filter_map(|id| {
                let (at, g) = made.iter().enumerate().find(|(_, g)| g.id == *id)?;
                Some(Column {
                    id: id.clone(),
                    key: g.key.clone(),
                    name: name_of(c, made, at, g),
                    showing: shows(g),
                })
            })
            .collect()
    })
}

fn shows(made: &Generation) -> Showing {
    match (made.asset_ref(), &made.text) {
        (Some(asset), _) => Showing::Asset(asset),
        (None, Some(text)) => Showing::Text(text.clone()),
        (None, None) => Showing::Nothing,
    }
}

fn name_of(
    canvas: &gesso_protocol::schema::Canvas,
    made: &[Generation],
    at: usize,
    one: &Generation,
) -> String {
    let label = crate::core::results::label(canvas, &one.key);
    let nth = made.iter().take(at + 1).filter(|g| g.key == one.key).count();
    if label.is_empty() { format!("Result {nth}") } else { format!("{label}, {nth}") }
}

fn is_picture(column: &Column) -> bool {
    matches!(&column.showing, Showing::Asset(a) if matches!(a.ty, Some(DataType::Image | DataType::Svg)))
}

#[component]
fn Open(page: Page, compared: Compared) -> impl IntoView {
    let all = columns(page, &compared);
    let pair = all.len() == 2 && all.iter().all(is_picture);
    let slider = RwSignal::new(pair);
    let node = StoredValue::new(compared.node.clone());
    let details = RwSignal::new(Vec::<GenerationBody>::new());
    {
        let ids = compared.generations.clone();
        leptos::task::spawn_local(async move {
            let Ok(made) = history(page, &compared.node).await else { return };
            let of = |id: &String| made.iter().find(|g| g.generation.id == *id).cloned();
            let _shown = details.try_set(ids.iter().filter_map(of).collect());
        });
    }
    let names: Vec<String> = all.iter().map(|c| c.name.clone()).collect();
    let title = page.read(|c| c.nodes.get(&node.get_value()).map(|n| n.shown_title().to_owned()));
    let close = Callback::new(move |()| page.overlays.compare.set(None));
    let keep = {
        let all = all.clone();
        move || {
            all.iter()
                .map(|column| {
                    let (id, key) = (column.id.clone(), column.key.clone());
                    let click = move |_| {
                        edit::choose(page, &node.get_value(), &key, &id);
                        page.overlays.compare.set(None);
                    };
                    view! { <button data-needs="edit" class="btn" on:click=click>{icon("check")}{format!("Keep {}", column.name)}</button> }
                })
                .collect_view()
        }
    };
    let all = StoredValue::new(all);
    let body = move || {
        all.with_value(|all| match all.as_slice() {
            [a, b] if slider.get() => sliding(a, b).into_any(),
            all => beside(all).into_any(),
        })
    };
    let switch = pair.then(|| {
        view! {
            <div class="seg" role="group" aria-label="How to compare">
                <button class:is-on=move || slider.get() aria-pressed=move || slider.get().to_string() on:click=move |_| slider.set(true)>"Slider"</button>
                <button class:is-on=move || !slider.get() aria-pressed=move || (!slider.get()).to_string() on:click=move |_| slider.set(false)>"Side by side"</button>
            </div>
        }
    });
    view! {
        <Dialog title=format!("Compare: {}", title.unwrap_or_default()) on_close=close width=1080>
            <div class="row"><span class="muted grow">{names.join(" and ")}</span>{switch}</div>
            {body}
            {move || told(&details.get(), &names)}
            <div class="acts">{keep()}</div>
        </Dialog>
    }
}

/// Two pictures, one over the other, with an edge that moves.
fn sliding(a: &Column, b: &Column) -> impl IntoView + use<> {
    let at = RwSignal::new(50.0_f64);
    let src = |column: &Column| match &column.showing {
        Showing::Asset(asset) => thumbnail(asset, 2048),
        Showing::Text(_) | Showing::Nothing => String::new(),
    };
    let moved = move |e: web_sys::Event| {
        if let Ok(value) = crate::web::dom::value(&e).parse() {
            at.set(value);
        }
    };
    view! {
        <div class="slide" style=move || format!("--at:{:.2}%", at.get())>
            <img class="under" src=src(b) alt=b.name.clone() draggable="false" />
            <img class="over" src=src(a) alt=a.name.clone() draggable="false" />
            <span class="badge tl">{a.name.clone()}</span><span class="badge tr">{b.name.clone()}</span>
            <i class="edge" aria-hidden="true"><b>{icon("left")}{icon("right")}</b></i>
            <input type="range" min="0" max="100" step="0.5" aria-label="Where the two pictures meet"
                prop:value=move || at.get().to_string() on:input=moved />
        </div>
    }
}

fn beside(all: &[Column]) -> impl IntoView + use<> {
    let columns = all
        .iter()
        .map(|column| {
            view! {
                <figure class="side">
                    <div class="thumb">{live_face(&column.showing, &column.name, 1280)}</div>
                    <figcaption>{column.name.clone()}</figcaption>
                </figure>
            }
        })
        .collect_view();
    view! { <div class="sides" style=format!("--cols:{}", all.len().clamp(1, 4))>{columns}</div> }
}

/// The differences, as a table.
fn told(details: &[GenerationBody], names: &[String]) -> Option<AnyView> {
    if details.len() < 2 {
        return None;
    }
    let rows = differences(details);
    if rows.is_empty() {
        return Some(
            view! { <p class="muted">"The same settings, prompt and seed made all of them."</p> }
                .into_any(),
        );
    }
    let head = names.iter().map(|n| view! { <th scope="col">{n.clone()}</th> }).collect_view();
    let body = rows
        .into_iter()
        .map(|row| {
            let cells = row.values.into_iter().map(|v| view! { <td>{v}</td> }).collect_view();
            view! { <tr><th scope="row">{row.name}</th>{cells}</tr> }
        })
        .collect_view();
    Some(
        view! {
            <table class="diff"><caption>"What differs"</caption><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>
        }
        .into_any(),
    )
}
