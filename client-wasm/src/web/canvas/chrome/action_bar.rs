//! The bar above the selected card.

use gesso_protocol::nodes::{self, NodeSpec};
use leptos::prelude::*;

use crate::core::arrange::Axis;
use crate::core::geometry::{Point, Rect};
use crate::core::grouping::Groups;
use crate::core::keymap::Side;
use crate::core::rights::Right;
use crate::web::canvas::actions::arrange;
use crate::web::canvas::actions::camera::free_screen;
use crate::web::canvas::actions::edit;
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::{Showing, showing};
use crate::web::canvas::transfer::download;
use crate::web::ui::icons::icon;
use crate::web::ui::menu::{Menu, MenuItem};

/// Every way to run some nodes, as a menu.
type RunMenu = fn(Page, StoredValue<Vec<String>>) -> AnyView;

/// The subject of the bar: one node, or several.
#[derive(Clone, Debug, PartialEq)]
struct About {
    ids: Vec<String>,
    kind: String,
    title: String,
    locked: bool,
    has_output: bool,
    /// True if it shows a picture that can be edited here.
    picture: bool,
    /// Several are selected, and some of them run.
    several_run: bool,
    /// Several or a group are selected, and some of what that is shows files.
    several_files: bool,
    /// True if the history keeps something it made.
    made: bool,
}

fn about(page: Page) -> Option<About> {
    let ids: Vec<String> = page.selection.get().into_iter().collect();
    page.revision.track();
    let first = ids.first()?;
    let (kind, title, locked) = page.read(|c| {
        let n = c.nodes.get(first)?;
        Some((n.kind.clone(), n.shown_title().to_owned(), n.locked))
    })?;
    let has_output = matches!(showing(page, first), Showing::Asset(_));
    let several_run = ids.len() > 1
        && page.read(|c| {
            let runs = |kind: &str| nodes::spec(kind).is_some_and(NodeSpec::runs);
            ids.iter().any(|id| c.nodes.get(id).is_some_and(|n| runs(&n.kind)))
        });
    let several_files = ids.len() > 1 || nodes::spec(&kind).is_some_and(|s| s.id == "group");
    let several_files = several_files
        && page.read(|c| {
            let ids = Groups::of(c).with_members(&ids.iter().cloned().collect());
            download::has_files(c, Some(&ids))
        });
    let made = page.read(|c| c.generations.get(first).is_some_and(|g| !g.is_empty()));
    Some(About {
        several_run,
        several_files,
        made,
        kind: if ids.len() == 1 { kind } else { String::new() },
        title,
        locked,
        has_output,
        picture: crate::web::canvas::actions::open::can_edit(page, first),
        ids,
    })
}

/// The bar.
#[component]
pub fn ActionBar(
    page: Page,
    /// Every way to run what is selected.
    run_menu: RunMenu,
) -> impl IntoView {
    let about = Memo::new(move |_| about(page));
    let hidden = move || {
        page.busy.get()
            || page.far.get()
            || page.renaming.with(Option::is_some)
            || page.screen.get().0 < 480.0
    };
    move || {
        let about = about.get().filter(|_| !hidden())?;
        // Who may only look is offered what there is to look at and to take along.
        let is_any = page.can(Right::Edit) || about.has_output || about.several_files;
        is_any.then(|| bar(page, about, run_menu))
    }
}

/// The screen rectangle of what is selected, tracking it.
pub(super) fn held_rect(page: Page, ids: &[String]) -> Option<Rect> {
    let rects: Vec<Rect> = ids
        .iter()
        .take(100)
        .filter_map(|id| page.node(id))
        .map(|s| {
            let (p, (w, h)) = (s.pos.get(), s.size.get());
            Rect::new(p.x, p.y, w, h)
        })
        .collect();
    let rect = Rect::around(rects)?;
    let camera = page.camera.get();
    let corner = camera.to_screen(Point::new(rect.x, rect.y));
    Some(Rect::new(corner.x, corner.y, rect.w * camera.zoom, rect.h * camera.zoom))
}

/// Where a bar stands above a card, `off` px further away than the nearest one. Without room above it goes below; a card
/// as high as the screen has it at the top edge, over itself.
fn top_beside(rect: Rect, screen_height: f64, off: f64) -> f64 {
    let (above, below) = (rect.y - 52.0 - off, rect.bottom() + 12.0 + off);
    let lowest = screen_height - 120.0;
    let top = if above < 64.0 && below <= lowest { below } else { above };
    top.clamp(64.0, lowest.max(64.0))
}

/// The style of a bar beside a card, in what the panels leave free.
pub(super) fn style_beside(page: Page, rect: Rect, off: f64) -> String {
    let (w, h) = page.screen.get();
    if rect.bottom() < 0.0 || rect.y > h || rect.right() < 0.0 || rect.x > w {
        return "display:none".to_owned();
    }
    let free = free_screen(page);
    let least = (free.x - 12.0).max(12.0);
    let left = rect.x.max(least);
    let top = top_beside(rect, h, off);
    // As far to the left as its own width asks for, which only the browser knows.
    let (room, back) = (free.right() - left, least - left);
    format!(
        "left:{left:.0}px;top:{top:.0}px;transform:translateX(max({back:.0}px, min(0px, {room:.0}px - 100%)))"
    )
}

fn bar(page: Page, about: About, run_menu: RunMenu) -> impl IntoView {
    let spec = nodes::spec(&about.kind);
    let single = about.ids.len() == 1;
    let may = page.can(Right::Edit);
    let id = StoredValue::new(about.ids.first().cloned().unwrap_or_default());
    let ids = about.ids.clone();
    let style = move || {
        let Some(rect) = held_rect(page, &ids) else { return "display:none".to_owned() };
        style_beside(page, rect, 0.0)
    };
    let runs = spec.is_some_and(NodeSpec::runs);
    let ids_kept = StoredValue::new(about.ids.clone());
    let tool = move |name: &'static str, label: &'static str, run: Callback<()>| {
        view! {
            <button class="ib" title=label aria-label=label on:click=move |_| run.run(())>{icon(name)}</button>
        }
    };
    let duplicate = Callback::new(move |()| edit::duplicate(page, [32.0, 32.0]));
    let lock = Callback::new(move |()| edit::toggle_lock(page));
    let has = about.has_output && single;
    let download = Callback::new(move |()| {
        if has {
            download::download(page, &id.get_value());
        } else {
            let ids = ids_kept.with_value(|ids| ids.iter().cloned().collect());
            download::download_archive(page, Some(&ids));
        }
    });
    let preview = Callback::new(move |()| {
        crate::web::canvas::actions::open::preview(page, &id.get_value());
    });
    let edit = Callback::new(move |()| {
        crate::web::canvas::actions::open::image_editor(page, &id.get_value())
    });
    let reset = Callback::new(move |()| edit::reset_creation(page, &id.get_value()));
    let replace = Callback::new(move |()| {
        crate::web::canvas::transfer::upload::pick_for(page, &id.get_value())
    });
    let library =
        Callback::new(move |()| crate::web::canvas::actions::open::library(page, &id.get_value()));
    let delete = Callback::new(move |()| edit::delete_selection(page));
    let group = Callback::new(move |()| edit::group(page));
    let ungroup = Callback::new(move |()| edit::ungroup(page));
    let lock_word = if about.locked { "Unlock" } else { "Lock" };
    let label = if single { about.title } else { format!("{} nodes", about.ids.len()) };
    view! {
        <div class="island actions" data-floating role="toolbar" aria-label=label style=style>
            {(page.can(Right::Run) && (runs || about.several_run)).then(|| view! { {run_menu(page, ids_kept)} <i class="sep-v"></i> })}
            {(may && about.kind == "sticky_note").then(|| view! { <Colors page=page id=id /> <i class="sep-v"></i> })}
            {may.then(|| tool("duplicate", "Duplicate", duplicate))}
            {(may && !single).then(|| view! { <Arrange page=page /> })}
            {(may && !single).then(|| tool("group", "Group", group))}
            {(may && about.kind == "group").then(|| tool("group", "Ungroup", ungroup))}
            {(may && runs).then(|| tool("lock", lock_word, lock))}
            {(has || about.several_files).then(|| tool("download", "Download", download))}
            {has.then(|| tool("eye", "Open preview", preview))}
            {(about.picture && single).then(|| tool("brush", "Edit image", edit))}
            {(may && single && about.kind == "upload").then(|| tool("swap", "Replace file", replace))}
            {(may && single && about.kind == "media").then(|| tool("swap", "Replace file", library))}
            {(may && single && runs && about.made && about.kind != "evaluator").then(|| tool("swap", "Replace creation", library))}
            {(may && has && runs && about.kind != "evaluator").then(|| tool("reset", "Reset creation", reset))}
            {may.then(|| view! { <i class="sep-v"></i> {tool("trash", "Delete", delete)} })}
        </div>
    }
}

/// Lining up and spreading out what is selected, as a menu.
#[component]
fn Arrange(page: Page) -> impl IntoView {
    let anchor = NodeRef::<leptos::html::Button>::new();
    let is_open = RwSignal::new(false);
    let close = Callback::new(move |()| is_open.set(false));
    let item = move |name: &'static str, label: &'static str, act: fn(Page)| {
        let run = Callback::new(move |()| {
            is_open.set(false);
            act(page);
        });
        view! { <MenuItem name=name label=label run=run /> }
    };
    let menu = move || {
        let anchor = anchor.get_untracked().filter(|_| is_open.get())?;
        Some(view! {
            <Menu label="Arrange" anchor=anchor.into() on_close=close>
                {item("align-left", "Align left", |page| arrange::align(page, Side::Left))}
                {item("align-right", "Align right", |page| arrange::align(page, Side::Right))}
                {item("align-top", "Align top", |page| arrange::align(page, Side::Top))}
                {item("align-bottom", "Align bottom", |page| arrange::align(page, Side::Bottom))}
                <hr />
                {item("spread-h", "Distribute horizontally", |page| arrange::distribute(page, Axis::Horizontal))}
                {item("spread-v", "Distribute vertically", |page| arrange::distribute(page, Axis::Vertical))}
                {item("grid", "Tidy up", arrange::tidy)}
            </Menu>
        })
    };
    view! {
        <button class="ib" title="Arrange" aria-label="Arrange" aria-haspopup="menu" node_ref=anchor
            aria-expanded=move || is_open.get().to_string() on:click=move |_| is_open.set(true)>{icon("align-left")}</button>
        {menu}
    }
}

#[component]
fn Colors(page: Page, id: StoredValue<String>) -> impl IntoView {
    ["yellow", "rose", "sky", "sage"]
        .map(|color| {
            let label = format!("{} note", crate::core::card_layout::port_label(color));
            let set = move |_| {
                page.edit(|txn| {
                    let value = serde_json::Value::from(color);
                    gesso_protocol::schema::set_node_value(txn, &id.get_value(), "color", &value);
                });
            };
            view! {
                <button class="ib" title=label.clone() aria-label=label on:click=set>
                    <i class="note-dot" data-n=color></i>
                </button>
            }
        })
        .collect_view()
}
