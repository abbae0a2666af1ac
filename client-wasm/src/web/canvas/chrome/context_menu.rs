//! The menu under the pointer, for cards, wires and the bare canvas.

use crate::web::canvas::actions::camera;
use crate::web::canvas::store::overlays::Context;
use crate::web::dom::step_in_menu;
use leptos::html;
use leptos::prelude::*;

use crate::core::editor::Target;
use crate::core::geometry::Point;
use crate::core::grouping::Groups;
use crate::core::keymap::Command;
use crate::core::results;
use crate::core::rights::Right;
use crate::core::stacking::Shift;
use crate::web::canvas::actions::arrange;
use crate::web::canvas::actions::edit;
use crate::web::canvas::actions::run;
use crate::web::canvas::store::page::{Asked, Page};
use crate::web::canvas::transfer::download;
use crate::web::ui::icons::icon;
use gesso_protocol::nodes;
use gesso_protocol::plan::Mode;

/// A line of a menu: its icon, its words, the command whose keys stand beside it, the right it takes, and what it does.
type Line = (&'static str, &'static str, Option<Command>, Option<Right>, Callback<()>);

fn line(
    icon: &'static str,
    label: &'static str,
    keys: impl Into<Option<Command>>,
    run: impl Fn() + Send + Sync + 'static,
) -> Line {
    (icon, label, keys.into(), None, Callback::new(move |()| run()))
}

/// A line that is there for those alone who have a right.
fn only(right: Right, (icon, label, keys, _, run): Line) -> Line {
    (icon, label, keys, Some(right), run)
}

/// Leaves out what one may not do, and the rules that then part nothing.
fn allowed(page: Page, lines: Vec<Option<Line>>) -> Vec<Option<Line>> {
    let is_offered = |line: &Option<Line>| {
        line.as_ref().is_none_or(|(_, _, _, needs, _)| needs.is_none_or(|right| page.may(right)))
    };
    let mut left: Vec<Option<Line>> = lines.into_iter().filter(is_offered).collect();
    left.dedup_by(|a, b| a.is_none() && b.is_none());
    if left.first().is_some_and(Option::is_none) {
        left.remove(0);
    }
    left.pop_if(|last| last.is_none());
    left
}

fn for_node(page: Page, id: &str) -> Vec<Option<Line>> {
    let (kind, is_fixed) =
        page.read(|c| c.nodes.get(id).map(|n| (n.kind.clone(), n.fixed))).unwrap_or_default();
    let spec = nodes::spec(&kind);
    let runs = spec.is_some_and(nodes::NodeSpec::runs);
    let id = StoredValue::new(id.to_owned());
    let mut lines = Vec::new();
    if runs {
        lines.push(Some(only(
            Right::Run,
            line("play", "Run node", Command::RunSelected, move || {
                run::start(page, run::target(Mode::Node, Some(&id.get_value())));
            }),
        )));
        lines.push(Some(only(
            Right::Run,
            line("right", "Run downstream", None, move || {
                run::start(page, run::target(Mode::Downstream, Some(&id.get_value())));
            }),
        )));
        lines.push(None);
    }
    lines.push(Some(only(
        Right::Edit,
        line("rename", "Rename", Command::Rename, move || page.renaming.set(Some(id.get_value()))),
    )));
    lines.push(Some(only(
        Right::Edit,
        line("duplicate", "Duplicate", Command::Duplicate, move || {
            edit::duplicate(page, [32.0, 32.0])
        }),
    )));
    if crate::web::canvas::actions::open::can_edit(page, &id.get_value()) {
        lines.push(Some(only(
            Right::Edit,
            line("brush", "Edit image", None, move || {
                crate::web::canvas::actions::open::image_editor(page, &id.get_value());
            }),
        )));
    }
    let several = page.read(|c| {
        let count = results::result_refs(c, &id.get_value()).len();
        (kind == "group" || count > 1)
            && download::has_files(c, Some(&Groups::of(c).with_members(&[id.get_value()].into())))
    });
    if several {
        lines.push(Some(line("download", "Download all results", None, move || {
            download::download_archive(page, Some(&[id.get_value()].into()));
        })));
    }
    if kind == "group" {
        lines.push(Some(only(
            Right::Edit,
            line("group", "Ungroup", Command::Ungroup, move || edit::ungroup(page)),
        )));
    } else {
        lines.push(Some(only(
            Right::Edit,
            line("group", "Group", Command::Group, move || edit::group(page)),
        )));
    }
    if runs {
        lines.push(Some(only(
            Right::Edit,
            line("lock", "Lock or unlock", Command::ToggleLock, move || edit::toggle_lock(page)),
        )));
    }
    let fix = if is_fixed { "Let go of its place" } else { "Fix in place" };
    let fix = line("pin", fix, Command::ToggleFixed, move || edit::toggle_fixed(page));
    lines.push(Some(only(Right::Edit, fix)));
    let restack = |icon, label, command, shift| {
        let line = line(icon, label, command, move || arrange::restack(page, shift));
        Some(only(Right::Edit, line))
    };
    lines.push(restack("up", "Bring to front", Command::ToFront, Shift::ToFront));
    lines.push(restack("down", "Send to back", Command::ToBack, Shift::ToBack));
    lines.push(None);
    let delete = line("trash", "Delete", Command::Delete, move || edit::delete_selection(page));
    lines.push(Some(only(Right::Edit, delete)));
    lines
}

fn for_canvas(page: Page, p: Point) -> Vec<Option<Line>> {
    let at = page.camera.get_untracked().to_canvas(p);
    let mut lines = vec![
        Some(only(
            Right::Edit,
            line("plus", "Add a node", Command::Spotlight, move || {
                page.spotlight.set(Some(Asked { at: Some(at), ..Asked::default() }));
            }),
        )),
        Some(only(
            Right::Edit,
            line("note", "Sticky note", Command::Add("sticky_note"), move || {
                edit::add(page, edit::blank("sticky_note"), Some(at));
            }),
        )),
        Some(line("group", "Select all", Command::SelectAll, move || edit::select_all(page))),
        None,
        Some(line("fit", "Fit all", Command::FitAll, move || camera::fit_all(page))),
        Some(only(Right::Edit, line("undo", "Undo", Command::Undo, move || page.undo()))),
    ];
    if page.read(|c| download::has_files(c, None)) {
        lines.push(None);
        lines.push(Some(line("download", "Download all results", None, move || {
            download::download_archive(page, None);
        })));
    }
    lines
}

/// True if a wire hands over its batch whole; `None` where there is nothing to choose.
fn whole_batch(page: Page, key: &str) -> Option<bool> {
    let graph = page.graph.get_untracked();
    let edge = graph.edge(key)?;
    let spec = graph.spec(&edge.edge.to_node)?;
    let several = spec.inputs.iter().any(|p| p.name == edge.edge.to_port && p.many);
    let batch = edge.batch || edge.edge.items_all;
    (several && batch && spec.id != "evaluator").then_some(edge.edge.items_all)
}

/// The menu.
#[component]
pub fn ContextMenu(page: Page) -> impl IntoView {
    move || page.context.get().and_then(|context| menu(page, context))
}

fn menu(page: Page, context: Context) -> Option<AnyView> {
    let lines: Vec<Option<Line>> = match &context.target {
        Target::Node(id) => for_node(page, id),
        Target::Edge(key) => {
            let whole = whole_batch(page, key);
            let key = StoredValue::new(key.clone());
            let toggle = whole.map(|whole| {
                let (name, label) = if whole {
                    ("list", "Give it item by item")
                } else {
                    ("grid", "Give the whole batch at once")
                };
                let whole = line(name, label, None, move || {
                    edit::set_whole_batch(page, &key.get_value(), !whole)
                });
                Some(only(Right::Edit, whole))
            });
            toggle
                .into_iter()
                .chain(std::iter::once({
                    let delete = line("trash", "Delete", None, move || {
                        edit::delete_edge(page, &key.get_value())
                    });
                    Some(only(Right::Edit, delete))
                }))
                .collect()
        }
        Target::Canvas | Target::Port(_) | Target::Corner(_) | Target::Own => {
            for_canvas(page, context.at)
        }
    };
    let lines = allowed(page, lines);
    if lines.is_empty() {
        return None;
    }
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(menu) = node.get() {
            crate::web::dom::focus(&menu);
        }
    });
    let close = move || page.context.set(None);
    let keys = move |e: web_sys::KeyboardEvent| {
        let Some(menu) = node.get_untracked() else { return };
        match e.key().as_str() {
            "Escape" | "Tab" => close(),
            "ArrowDown" | "ArrowUp" => step_in_menu(&menu, e.key() == "ArrowDown"),
            _ => return,
        }
        e.prevent_default();
        e.stop_propagation();
    };
    let (w, h) = page.screen.get_untracked();
    let height = 34.0 * lines.len() as f64 + 12.0;
    let left = context.at.x.min(w - 250.0).max(8.0);
    let top = context.at.y.min(h - height).max(8.0);
    let rows = lines
        .into_iter()
        .map(|line| match line {
            None => view! { <hr /> }.into_any(),
            Some((name, label, command, _, run)) => {
                let keys =
                    command.map(|command| page.keys.with_untracked(|keys| keys.shown(command)));
                let keys = crate::web::dom::keys(&keys.unwrap_or_default());
                let class = if label == "Delete" { "menu-item danger" } else { "menu-item" };
                let act = move |_| {
                    close();
                    run.run(());
                };
                view! {
                    <button class=class role="menuitem" on:click=act>
                        {icon(name)}{label}<span class="end" aria-hidden="true">{keys}</span>
                    </button>
                }
                .into_any()
            }
        })
        .collect_view();
    Some(
        view! {
        <div class="menu-back" data-floating on:pointerdown=move |_| close() on:contextmenu=move |e| e.prevent_default()></div>
        <div class="menu is-floating" role="menu" aria-label="Actions" tabindex="-1" data-floating node_ref=node
            style=format!("left:{left:.0}px;top:{top:.0}px") on:keydown=keys>
            {rows}
        </div>
    }
        .into_any(),
    )
}
