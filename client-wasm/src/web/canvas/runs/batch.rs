//! A batch: the stack on the card, and the grid that opens from it.

use crate::web::canvas::parts::face::live_face;
use crate::web::canvas::parts::price::price_tag;
use crate::web::dom::arrows;
use gesso_protocol::pricing::Quote;
use gesso_protocol::schema::Failure;
use leptos::prelude::*;

use crate::core::results::{self, Counts, Item, ResultRef};
use crate::core::status::NodeStatus;
use crate::core::words::many;
use crate::web::canvas::actions::run;
use crate::web::canvas::parts::status_mark::item_mark;
use crate::web::canvas::store::overlays::{Compared, Previewed};
use crate::web::canvas::store::page::Page;
use crate::web::canvas::store::showing::Showing;
use crate::web::canvas::transfer::download;
use crate::web::ui::dialog::Dialog;
use crate::web::ui::icons::icon;

/// Above so many items they are shown page by page.
const UNPAGED: usize = 200;
/// Items on a page.
const PAGE: usize = 60;
/// So many results of one item stand side by side.
const SPAN_MAX: usize = 4;

/// The grid.
#[component]
pub fn Grid(page: Page) -> impl IntoView {
    move || page.overlays.grid.get().map(|id| view! { <Open page=page id=id /> })
}

/// State that the cells of one grid share.
#[derive(Clone, Copy)]
struct Cells {
    page: Page,
    id: StoredValue<String>,
    /// Results picked to be compared.
    picked: RwSignal<Vec<ResultRef>>,
    /// Price of trying one again.
    price: Memo<Option<Quote>>,
    /// True if a run has the node in hand: until it ends, nothing is tried again.
    active: Memo<bool>,
}

#[component]
fn Open(page: Page, id: String) -> impl IntoView {
    let Some(signals) = page.node(&id) else { return ().into_any() };
    let title = signals.view.with_untracked(|v| v.node.shown_title().to_owned());
    let view = signals.view.clone();
    let id = StoredValue::new(id);
    let refs = Memo::new(move |_| {
        view.track();
        page.read(|c| results::result_refs(c, &id.get_value()))
    });
    let view = signals.view.clone();
    let counts = Memo::new(move |_| {
        view.track();
        page.read(|c| Counts::of(c, &id.get_value()))
    });
    let price = Memo::new(move |_| {
        counts.track();
        let open = refs.with(|refs| {
            page.read(|c| {
                let items = c.results.get(&id.get_value())?.items.clone();
                let mut keys = refs.iter().map(|result| &result.key);
                keys.find(|k| items.get(*k).is_some_and(|i| NodeStatus::of_item(i).can_retry()))
                    .cloned()
            })
        });
        open.and_then(|key| run::retry_price(page, Some(&id.get_value()), &[key]))
    });
    let view = signals.view.clone();
    let active = Memo::new(move |_| view.with(|v| v.state().is_active()));
    let cells = Cells { page, id, picked: RwSignal::default(), price, active };
    let at = RwSignal::new(0usize);
    let paged = Memo::new(move |_| refs.with(|refs| refs.len() > UNPAGED));
    let shown = move || {
        let n = refs.with(Vec::len);
        let range =
            if paged.get() { at.get() * PAGE..(at.get() * PAGE + PAGE).min(n) } else { 0..n };
        refs.with(|refs| {
            let page = refs.get(range).unwrap_or_default();
            page.chunk_by(|a, b| a.n == b.n).map(<[ResultRef]>::to_vec).collect::<Vec<_>>()
        })
    };
    let close = Callback::new(move |()| page.overlays.grid.set(None));
    let head = move || {
        let c = counts.get();
        let each = (c.results > c.total).then(|| format!(", {} results", c.results));
        format!("{}{}, {}", many(c.total, "item"), each.unwrap_or_default(), c.sentence())
    };
    view! {
        <Dialog title=title on_close=close width=1600>
            <div class="row grid-head">
                <span class="muted grow" role="status">{head}</span>
                <RetryAll cells=cells counts=counts />
                <Tools cells=cells refs=refs counts=counts />
            </div>
            <div class="cells" role="list" aria-label="Items" on:keydown=move |e| arrows(&e, "dialog[open] .cells", ".cell-main")>
                <For each=shown key=Vec::clone children=move |results| group(cells, results) />
            </div>
            {move || paged.get().then(|| pager(at, refs.with(Vec::len)))}
        </Dialog>
    }
    .into_any()
}

/// The results of one item, under its name where there are several.
fn group(cells: Cells, results: Vec<ResultRef>) -> AnyView {
    let first = results.first().filter(|result| result.one.is_some() && !result.key.is_empty());
    let head = first.map(|result| {
        let label = cells.page.read(|c| results::label(c, &result.key));
        view! { <div class="cell-head" aria-hidden="true"><span class="n num">{result.n}</span>{label}</div> }
    });
    let span = results.len().min(SPAN_MAX);
    let all = results.into_iter().map(|result| view! { <Cell cells=cells result=result /> });
    let all = all.collect_view();
    if head.is_none() {
        return all.into_any();
    }
    view! { <div class="cell-group" role="presentation" style=format!("--span:{span}")>{head}{all}</div> }
        .into_any()
}

fn pager(at: RwSignal<usize>, total: usize) -> impl IntoView {
    let pages = total.div_ceil(PAGE);
    let words = move || {
        let first = at.get() * PAGE;
        format!("{} to {} of {total}", first + 1, (first + PAGE).min(total))
    };
    view! {
        <nav class="row pager" aria-label="Pages">
            <button class="btn s" disabled={move || at.get() == 0} on:click=move |_| at.update(|a| *a -= 1)>{icon("left")}"Back"</button>
            <span class="muted num" role="status">{words}</span>
            <button class="btn s" disabled={move || at.get() + 1 >= pages} on:click=move |_| at.update(|a| *a += 1)>"On"{icon("right")}</button>
        </nav>
    }
}

#[component]
fn RetryAll(cells: Cells, counts: Memo<Counts>) -> impl IntoView {
    let Cells { page, id, .. } = cells;
    let several = Memo::new(move |_| {
        let c = counts.get();
        c.failed > 1 && !cells.active.get()
    });
    let retry = move |_| {
        let node = id.get_value();
        let run = page.read(|c| c.results.get(&node).and_then(|r| r.run.clone()));
        if let Some(run) = run {
            run::retry(page, &run, Some(&node), &failed(page, &node));
        }
    };
    let price = move || {
        counts.track();
        let node = id.get_value();
        run::retry_price(page, Some(&node), &failed(page, &node)).and_then(price_tag)
    };
    move || {
        several.get().then(|| {
            view! { <button data-needs="run" class="btn s" on:click=retry>{icon("reset")}"Retry failed "{price}</button> }
        })
    }
}

fn failed(page: Page, node: &str) -> Vec<String> {
    page.read(|c| {
        let items = c.results.get(node).into_iter().flat_map(|r| r.items.iter());
        items
            .filter(|(_, i)| NodeStatus::of_item(i) == NodeStatus::Failed)
            .map(|(k, _)| k.clone())
            .collect()
    })
}

#[component]
fn Tools(cells: Cells, refs: Memo<Vec<ResultRef>>, counts: Memo<Counts>) -> impl IntoView {
    let Cells { page, id, picked, .. } = cells;
    let compare = move |_| {
        let node = id.get_value();
        let generations: Vec<String> = page.read(|c| {
            picked.with_untracked(|refs| {
                refs.iter().filter_map(|r| results::item_as(c, &node, r)?.generation).collect()
            })
        });
        page.overlays.compare.set(Some(Compared { node, generations }));
    };
    let download = move |_| {
        let node = id.get_value();
        match refs.get_untracked().as_slice() {
            [only] => download::download_result(page, &node, only),
            _ => download::download_archive(page, Some(&[node].into())),
        }
    };
    let done = Memo::new(move |_| counts.with(|c| c.done + c.results - c.total));
    let few = move || picked.with(|p| p.len() < 2);
    view! {
        <button class="btn s" disabled=few title="Pick two or more items first" on:click=compare>
            {icon("compare")}"Compare"
        </button>
        <button class="btn s" disabled={move || done.get() == 0} on:click=download>
            {icon("download")}{move || format!("Download {}", done.get())}
        </button>
    }
}

#[component]
fn Cell(cells: Cells, result: ResultRef) -> impl IntoView {
    let Cells { page, id, picked, price, .. } = cells;
    let Some(signals) = page.node(&id.get_value()) else { return ().into_any() };
    let (n, nth) = (result.n, result.one.as_ref().map(|(nth, _)| *nth));
    let key = StoredValue::new(result.key.clone());
    let result = StoredValue::new(result);
    let view = signals.view.clone();
    let item = Memo::new(move |_| {
        view.track();
        let made = page.read(|c| result.with_value(|r| results::item_as(c, &id.get_value(), r)));
        made.unwrap_or_default()
    });
    let status = Memo::new(move |_| item.with(|i| i.status));
    let flows = Memo::new(move |_| {
        signals.view.track();
        let is_shown =
            page.read(|c| result.with_value(|r| results::is_shown(c, &id.get_value(), r)));
        nth.is_some() && is_shown
    });
    let on_card = Memo::new(move |_| {
        let is_item =
            page.overlays.items.with(|i| i.get(&id.get_value()) == Some(&key.get_value()));
        if nth.is_some() { flows.get() } else { is_item }
    });
    let is_picked = Memo::new(move |_| picked.with(|p| result.with_value(|r| p.contains(r))));
    let name = move || {
        item.with(|i| {
            let label = if i.label.is_empty() { String::new() } else { format!(", {}", i.label) };
            let flows = if flows.get() { ", passed on" } else { "" };
            format!("Item {n}{label}, {}{flows}", i.status.word().to_lowercase())
        })
    };
    let caption = move || match nth {
        Some(nth) => format!("Result {nth}"),
        None => item.with(|i| i.label.clone()),
    };
    let open = move || {
        page.overlays.items.update(|i| {
            i.insert(id.get_value(), key.get_value());
        });
        if item.with_untracked(|i| i.showing != Showing::Nothing) {
            page.overlays
                .preview
                .set(Some(Previewed { node: id.get_value(), result: result.get_value() }));
        }
    };
    let pick = move |_| {
        picked.update(|p| {
            let result = result.get_value();
            if let Some(at) = p.iter().position(|r| *r == result) {
                p.remove(at);
            } else {
                p.push(result);
            }
        });
    };
    let tick = move || {
        (status.get().is_done()).then(|| {
            view! {
                <button class="pick-tick" class:is-on=move || is_picked.get()
                    aria-pressed=move || is_picked.get().to_string()
                    aria-label=format!("Pick item {n} to compare") title="Pick to compare" on:click=pick>
                    {icon("check")}
                </button>
            }
        })
    };
    let mark = move || {
        let status = status.get();
        (!matches!(status, NodeStatus::Completed))
            .then(|| item_mark(status, status.word().to_owned()))
    };
    view! {
        <div class="cell" role="listitem" data-item=key.get_value() data-state=move || status.get().id()>
            <div class="thumb" class:is-picked=move || on_card.get() || is_picked.get()
                class:is-failed=move || status.get() == NodeStatus::Failed
                class:is-running=move || matches!(status.get(), NodeStatus::Running | NodeStatus::Retrying)
                class:is-quiet=move || matches!(status.get(), NodeStatus::Cancelled | NodeStatus::Blocked | NodeStatus::Pending | NodeStatus::Idle)>
                {move || item.with(|i| live_face(&i.showing, &i.label, 640))}
                <button class="cell-main" aria-label=name autofocus=n == 1 on:click=move |_| open()></button>
                {move || middle(cells, key, &item.get(), price)}
                {tick}
            </div>
            <div class="row cell-cap">
                {nth.is_none().then(|| view! { <span class="n num">{n}</span> })}
                <span class="grow tx" title=move || item.with(|i| i.label.clone())>{caption}</span>
                {mark}
                {move || status.get().is_done().then(|| tools(cells, result, item, flows))}
            </div>
        </div>
    }
    .into_any()
}

fn tools(
    cells: Cells,
    result: StoredValue<ResultRef>,
    item: Memo<Item>,
    flows: Memo<bool>,
) -> impl IntoView {
    let Cells { page, id, .. } = cells;
    let Some(signals) = page.node(&id.get_value()) else { return ().into_any() };
    let starred = Memo::new(move |_| {
        let made = item.with(|i| i.generation.clone());
        made.is_some_and(|g| signals.view.with(|v| v.node.stars.contains(&g)))
    });
    let star = move |_| {
        if let Some(made) = item.with_untracked(|i| i.generation.clone()) {
            crate::web::canvas::actions::edit::star(
                page,
                &id.get_value(),
                &made,
                !starred.get_untracked(),
            );
        }
    };
    let download = move |_| {
        result.with_value(|result| download::download_result(page, &id.get_value(), result))
    };
    let (key, one) = result.with_value(|result| (result.key.clone(), result.one.clone()));
    let choose = one.map(|(nth, generation)| {
        let click = move |_| {
            crate::web::canvas::actions::edit::choose(page, &id.get_value(), &key, &generation)
        };
        view! {
            <button data-needs="edit" class="ib s" title="Show this one and pass it on" aria-label=format!("Pass on result {nth}")
                aria-pressed=move || flows.get().to_string() on:click=click>
                {icon("send")}
            </button>
        }
    });
    view! {
        {choose}
        <button data-needs="edit" class="ib s" aria-label="Star" aria-pressed=move || starred.get().to_string() on:click=star>
            {move || if starred.get() { icon("star-on") } else { icon("star") }}
        </button>
        <button class="ib s" aria-label="Download" on:click=download>{icon("download")}</button>
    }
    .into_any()
}

/// Over the picture: what went wrong and the way out of it, or the sign that it waits or works.
fn middle(
    cells: Cells,
    key: StoredValue<String>,
    item: &Item,
    price: Memo<Option<Quote>>,
) -> AnyView {
    let Cells { page, id, .. } = cells;
    let retry = move || {
        let click = move |_| {
            let node = id.get_value();
            let run = page.read(|c| c.results.get(&node).and_then(|r| r.run.clone()));
            if let Some(run) = run {
                run::retry(page, &run, Some(&node), &[key.get_value()]);
            }
        };
        let off = move || cells.active.get();
        let why = move || off().then_some("The run is still at work. Try again when it has ended.");
        view! { <button data-needs="run" class="btn s" disabled=off title=why on:click=click>"Retry "{move || price.get().and_then(price_tag)}</button> }
    };
    let detail = item.error.as_ref().map(|e: &Failure| crate::core::words::sentence(&e.detail));
    match item.status {
        NodeStatus::Failed => view! {
            <div class="mid-card">{icon("warn")}<span>{detail.unwrap_or_else(|| "It failed".to_owned())}</span>{retry()}</div>
        }
        .into_any(),
        NodeStatus::Cancelled | NodeStatus::Blocked => view! {
            <div class="mid-card">
                <span>{detail.unwrap_or_else(|| "Stopped. Nothing was charged for it.".to_owned())}</span>{retry()}
            </div>
        }
        .into_any(),
        NodeStatus::Retrying => {
            view! { <div class="mid" role="status">{detail.unwrap_or_default()}</div> }.into_any()
        }
        NodeStatus::Running => {
            view! { <div class="mid">{item_mark(NodeStatus::Running, String::new())}</div> }.into_any()
        }
        NodeStatus::Pending => {
            view! { <div class="mid-card">{item_mark(NodeStatus::Pending, String::new())}</div> }.into_any()
        }
        NodeStatus::Idle
        | NodeStatus::Completed
        | NodeStatus::Reused
        | NodeStatus::Paused
        | NodeStatus::Outdated
        | NodeStatus::Locked => ().into_any(),
    }
}
