//! State that every part of the canvas page shares: the replica with its connection, the gesture chart, and the signals
//! the views read. [`Page`] is a handle that can be copied into closures.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use gesso_protocol::catalog::{Catalog, Model};
use gesso_protocol::graph::Graph;
use gesso_protocol::plan::Target;
use gesso_protocol::schema::{Connection, Meta, NewNode, Node, RunInfo};
use leptos::prelude::*;

use crate::core::card_layout;
use crate::core::cull::{Look, cull};
use crate::core::doc::{Changes, Replica, TransactionMut};
use crate::core::editor::{Editor, PortRef, Wire};
use crate::core::geometry::{Camera, Point, Rect, ZOOM_FAR};
use crate::core::index::SpatialIndex;
use crate::core::keymap::Keymap;
use crate::core::presence::{Caret, Emote, Presence, ServerPresence, User};
use crate::core::sync::{Saving, SyncClient};
use crate::web::canvas::store::keys;
pub use crate::web::canvas::store::node_signals::{NodeSignals, NodeView};
use crate::web::canvas::store::overlays::Overlays;
use crate::web::ui::session::{Session, use_session};
use crate::web::ui::toast::Toasts;
use gesso_protocol::api::Me;
use gesso_protocol::api::accounts::CanvasRole;

/// Least time between two looks at the whole canvas, in ms.
const SLOW_MS: u64 = 200;

/// Nodes on the move.
#[derive(Debug, Default)]
pub struct Drag {
    /// Where each began.
    pub from: BTreeMap<String, Point>,
    /// When their places were last written.
    pub written_ms: f64,
    /// True if places are shown that were not written yet.
    pub dirty: bool,
}

/// The request with which Spotlight was opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Text that is in the field already.
    pub query: String,
    /// Where the new node goes, in canvas units; `None`: the middle of the screen.
    pub at: Option<Point>,
    /// The wire it is to be connected to, and the connection that one came off.
    pub wire: Option<(PortRef, Option<String>)>,
    /// True if the cards of the canvas are searched, and not what can be added.
    pub finds_cards: bool,
}

/// State that is not a signal: views do not read it.
pub struct Core {
    /// The document.
    pub replica: Replica,
    /// The connection.
    pub sync: SyncClient,
    /// Gestures.
    pub editor: Editor,
    /// The places of nodes, for finding them.
    pub index: SpatialIndex,
    /// Signals of nodes that were drawn once.
    pub nodes: BTreeMap<String, NodeSignals>,
    /// Measured heights.
    pub heights: BTreeMap<String, f64>,
    /// Nodes on the move.
    pub drag: Option<Drag>,
    /// The socket.
    pub socket: Option<crate::web::canvas::store::session::Socket>,
    /// True if a frame was asked for.
    pub frame_due: bool,
    /// True if the graph has to be read again.
    pub graph_due: bool,
    /// True if something moved in or out of view.
    pub view_due: bool,
    /// The part of the canvas that [`Page::visible`] was computed for.
    pub seen: Option<Rect>,
    /// Replicas the server would not take, kept for download.
    pub aside: Vec<Vec<u8>>,
    /// Titles of the nodes that this page wrote to and that are not saved yet, by their ids.
    pub unsaved: BTreeMap<String, String>,
    /// True if somebody was told that their role does not allow what they tried.
    pub is_refusal_told: bool,
    /// Where this page types.
    pub caret: Option<Caret>,
    /// When something was last typed.
    pub typed_ms: f64,
    /// True if others are told that this page types.
    pub typing: bool,
    /// The words said beside the pointer, and the sticker last held up.
    pub says: Option<String>,
    /// See `says`.
    pub emote: Option<Emote>,
    /// The pointer, in canvas units.
    pub pointer: Option<Point>,
    /// When awareness was last brought up to date.
    pub told_ms: f64,
    /// Awareness is to be brought up to date.
    pub tell_due: bool,
    /// The run that was last asked for, and when, in ms since 1970.
    pub asked: Option<(Target, f64)>,
    /// True if the first fit was done.
    pub fitted: bool,
    /// True if [`Page::slow_places`] is about to count.
    pub slow_due: bool,
    /// True if [`Page::slow_revision`] is about to count with it.
    pub content_due: bool,
    /// True if cards were plain boxes when last looked.
    pub was_far: bool,
    /// Features that are told of changes.
    pub changed: Vec<fn(Page, &Changes)>,
    /// Features that have a part in every frame.
    pub frames: Vec<fn(Page)>,
    /// The entry that the browser keeps of this page.
    pub kept: crate::web::canvas::store::overlays::Kept,
}

/// The handle.
#[derive(Clone, Copy)]
pub struct Page {
    core: StoredValue<Rc<RefCell<Core>>, LocalStorage>,
    /// The canvas's id.
    pub id: StoredValue<String>,
    /// Where one looks from.
    pub camera: RwSignal<Camera>,
    /// Size of the canvas element, in pixels.
    pub screen: RwSignal<(f64, f64)>,
    /// Cards in the DOM, bottom first.
    pub visible: RwSignal<Arc<Vec<String>>>,
    /// Groups in the DOM, bottom first.
    pub frames: RwSignal<Arc<Vec<String>>>,
    /// Wires in the DOM.
    pub wires: RwSignal<Arc<Vec<String>>>,
    /// True if cards are plain boxes.
    pub far: Memo<bool>,
    /// True if there are so many of them that they are painted instead of being elements.
    pub painted: RwSignal<bool>,
    /// Cards that are drawn in full.
    pub detailed: RwSignal<Arc<BTreeSet<String>>>,
    /// Selected nodes.
    pub selection: RwSignal<BTreeSet<String>>,
    /// The graph.
    pub graph: RwSignal<Arc<Graph>>,
    /// Models.
    pub catalog: RwSignal<Arc<Catalog>>,
    /// Ids of models that cannot run here.
    pub unusable: RwSignal<Arc<BTreeMap<String, String>>>,
    /// Name and description.
    pub meta: RwSignal<Meta>,
    /// Runs, newest first.
    pub runs: RwSignal<Arc<Vec<RunInfo>>>,
    /// Everybody else.
    pub people: RwSignal<Arc<BTreeMap<u64, Presence>>>,
    /// Progress and queue.
    pub server: RwSignal<ServerPresence>,
    /// Saving.
    pub saving: RwSignal<Saving>,
    /// True if the document is here.
    pub loaded: RwSignal<bool>,
    /// Number of nodes.
    pub count: RwSignal<usize>,
    /// Who is signed in.
    pub session: Session,
    /// Oneself.
    pub me: RwSignal<Option<Me>>,
    /// One's role on the canvas; `None` until the server has told it.
    pub role: RwSignal<Option<CanvasRole>>,
    /// Credit balance, as text.
    pub credits: RwSignal<Option<String>>,
    /// The menu under the pointer.
    pub context: RwSignal<Option<crate::web::canvas::store::overlays::Context>>,
    /// The marquee.
    pub marquee: RwSignal<Option<Rect>>,
    /// The wire being drawn.
    pub wire: RwSignal<Option<Wire>>,
    /// Ports that fit the wire being drawn, and those that do not, by [`port_key`].
    pub fits: RwSignal<Arc<BTreeMap<String, bool>>>,
    /// Spotlight.
    pub spotlight: RwSignal<Option<Asked>>,
    /// The hand tool.
    pub hand: RwSignal<bool>,
    /// Space is held.
    pub space: RwSignal<bool>,
    /// Whom one follows.
    pub following: RwSignal<Option<u64>>,
    /// The minimap.
    pub minimap: RwSignal<bool>,
    /// The keys of commands.
    pub keys: RwSignal<Keymap>,
    /// The help dialog.
    pub help: RwSignal<bool>,
    /// Overlays that lie open above the canvas.
    pub overlays: Overlays,
    /// The node whose title is being edited.
    pub renaming: RwSignal<Option<String>>,
    /// True if the run panel is shown with nothing selected.
    pub run_panel: RwSignal<bool>,
    /// Complaints of a refused run, by node.
    pub complaints: RwSignal<Arc<BTreeMap<String, String>>>,
    /// Said to assistive technology.
    pub live: RwSignal<String>,
    /// Nodes are being dragged, or a marquee or wire drawn: what floats stays away.
    pub busy: RwSignal<bool>,
    /// Messages.
    pub toasts: Toasts,
    /// Uploads under way, by node.
    pub uploads: RwSignal<BTreeMap<String, crate::web::canvas::store::overlays::Upload>>,
    /// Runs that had not ended when last looked.
    pub active_runs: StoredValue<BTreeSet<String>>,
    /// Counts every change.
    pub revision: RwSignal<u64>,
    /// Counts changes of anything but places, a few times a second at most: for what plans the whole canvas.
    pub slow_revision: RwSignal<u64>,
    /// Counts every change, likewise: for what draws the whole canvas.
    pub slow_places: RwSignal<u64>,
}

/// A port as a key of [`Page::fits`].
pub fn port_key(port: &PortRef) -> String {
    let side = match port.side {
        crate::core::editor::Side::In => "in",
        crate::core::editor::Side::Out => "out",
    };
    format!("{}/{side}:{}", port.node, port.port)
}

/// The time in ms since 1970.
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// A random number from 0 to 1.
pub fn random() -> f64 {
    js_sys::Math::random()
}

fn random_u32() -> u32 {
    (random() * f64::from(u32::MAX)) as u32
}

/// A fresh id.
pub fn fresh_id() -> String {
    let bits = (0..3).fold(0u128, |bits, _| bits << 32 | u128::from(random_u32()));
    gesso_protocol::ids::ulid(now_ms() as u64, bits)
}

/// A fresh replica: never with an id that was used before.
pub fn fresh_replica(canvas: &str) -> Replica {
    Replica::new(random_u32().max(1), canvas, Arc::new(|| js_sys::Date::now() as u64))
}

impl Page {
    /// A page for a canvas, not connected yet.
    pub fn new(id: &str) -> Self {
        let core = Core {
            replica: fresh_replica(id),
            sync: SyncClient::default(),
            editor: Editor::default(),
            index: SpatialIndex::default(),
            nodes: BTreeMap::new(),
            heights: BTreeMap::new(),
            drag: None,
            socket: None,
            frame_due: false,
            graph_due: false,
            view_due: false,
            seen: None,
            aside: Vec::new(),
            unsaved: BTreeMap::new(),
            is_refusal_told: false,
            caret: None,
            typed_ms: 0.0,
            typing: false,
            says: None,
            emote: None,
            pointer: None,
            told_ms: 0.0,
            tell_due: true,
            asked: None,
            fitted: false,
            slow_due: false,
            content_due: false,
            was_far: false,
            changed: Vec::new(),
            frames: Vec::new(),
            kept: crate::web::canvas::store::overlays::Kept::default(),
        };
        let session = use_session();
        let camera = RwSignal::new(Camera { x: 120.0, y: 96.0, zoom: 1.0 });
        Self {
            core: StoredValue::new_local(Rc::new(RefCell::new(core))),
            id: StoredValue::new(id.to_owned()),
            camera,
            screen: RwSignal::new((1280.0, 800.0)),
            visible: RwSignal::default(),
            frames: RwSignal::default(),
            wires: RwSignal::default(),
            far: Memo::new(move |_| camera.get().zoom < ZOOM_FAR),
            painted: RwSignal::new(false),
            detailed: RwSignal::default(),
            selection: RwSignal::default(),
            graph: RwSignal::default(),
            catalog: RwSignal::new(Arc::default()),
            unusable: RwSignal::default(),
            meta: RwSignal::default(),
            runs: RwSignal::default(),
            people: RwSignal::default(),
            server: RwSignal::default(),
            saving: RwSignal::new(Saving::Opening),
            loaded: RwSignal::new(false),
            count: RwSignal::new(0),
            session,
            me: session.me,
            role: RwSignal::new(None),
            credits: RwSignal::new(None),
            context: RwSignal::new(None),
            marquee: RwSignal::new(None),
            wire: RwSignal::new(None),
            fits: RwSignal::default(),
            spotlight: RwSignal::new(None),
            hand: RwSignal::new(false),
            space: RwSignal::new(false),
            following: RwSignal::new(None),
            minimap: RwSignal::new(true),
            keys: RwSignal::new(keys::load()),
            help: RwSignal::new(false),
            overlays: Overlays::new(),
            renaming: RwSignal::new(None),
            run_panel: RwSignal::new(!crate::web::dom::is_narrow()),
            complaints: RwSignal::default(),
            live: RwSignal::default(),
            busy: RwSignal::new(false),
            toasts: expect_context::<Toasts>(),
            uploads: RwSignal::default(),
            active_runs: StoredValue::default(),
            revision: RwSignal::new(0),
            slow_revision: RwSignal::new(0),
            slow_places: RwSignal::new(0),
        }
    }

    /// Returns the state that is not a signal. Never hold the borrow while a view may run.
    pub fn core(self) -> Rc<RefCell<Core>> {
        self.core.get_value()
    }

    /// The same for callbacks that may outlive the page.
    pub fn try_core(self) -> Option<Rc<RefCell<Core>>> {
        self.core.try_get_value()
    }

    /// A path of the API, asked of the workspace that the canvas belongs to. Nothing of a page that is gone.
    pub fn at(self, path: &str) -> String {
        format!("{path}?canvas={}", self.id.try_get_value().unwrap_or_default())
    }

    /// Reads the plain copy of the document.
    pub fn read<T>(self, f: impl FnOnce(&gesso_protocol::schema::Canvas) -> T) -> T {
        f(self.core().borrow().replica.canvas())
    }

    /// Oneself, as others see it.
    pub fn user(self) -> User {
        self.me.with_untracked(|me| match me {
            Some(me) => User { id: me.id.clone(), name: me.name.clone(), color: me.color.clone() },
            None => User::default(),
        })
    }

    /// True if a model can run here.
    pub fn usable(self) -> impl Fn(&Model) -> bool {
        let unusable = self.unusable.get_untracked();
        move |model| !unusable.contains_key(&model.id)
    }

    /// The signals of a node, made when first asked for.
    pub fn node(self, id: &str) -> Option<NodeSignals> {
        let core = self.core();
        let mut core = core.borrow_mut();
        if let Some(signals) = core.nodes.get(id) {
            return Some(signals.clone());
        }
        let view = view_of(&core.replica, id)?;
        let rect = core.index.get(id).unwrap_or_else(|| rect_of(&core, &view.node));
        let signals = NodeSignals {
            view: ArcRwSignal::new(Arc::new(view)),
            pos: ArcRwSignal::new(Point::new(rect.x, rect.y)),
            size: ArcRwSignal::new((rect.w, rect.h)),
        };
        core.nodes.insert(id.to_owned(), signals.clone());
        Some(signals)
    }

    /// Brings signals in line with what changed.
    pub fn draw(self, changes: &Changes) {
        if changes.is_empty() {
            return;
        }
        let core = self.core();
        let mut guard = core.borrow_mut();
        let core = &mut *guard;
        core.kept.is_stale = true;
        if changes.local {
            let there = changes.nodes.iter().filter_map(|id| core.replica.canvas().nodes.get(id));
            let all = there.chain(&changes.removed);
            let titles = all.map(|node| (node.id.clone(), node.shown_title().to_owned()));
            core.unsaved.extend(titles.collect::<Vec<_>>());
        }
        let mut gone = Vec::new();
        for id in changes.nodes.union(&changes.outcome) {
            match view_of(&core.replica, id) {
                Some(view) => {
                    let dragged = core.drag.as_ref().is_some_and(|d| d.from.contains_key(id));
                    if !dragged {
                        core.index.set(id, rect_of(core, &view.node));
                    }
                    if let Some(signals) = core.nodes.get(id) {
                        if !dragged {
                            let pos = Point::new(view.node.pos[0], view.node.pos[1]);
                            set_if_new(&signals.pos, pos);
                        }
                        let rect = rect_of(core, &view.node);
                        set_if_new(&signals.size, (rect.w, rect.h));
                        // Its place has a signal of its own: a card that only moved is not drawn anew.
                        if changes.outcome.contains(id) || !changes.moved.contains(id) {
                            signals.view.set(Arc::new(view));
                        }
                    }
                }
                None => {
                    core.index.remove(id);
                    core.nodes.remove(id);
                    core.heights.remove(id);
                    if core.editor.forget(id) {
                        gone.push(id.clone());
                    }
                }
            }
        }
        core.view_due |= !changes.nodes.is_empty() || !changes.edges.is_empty();
        core.graph_due |= changes.structure;
        self.count.set(core.replica.canvas().nodes.len());
        if changes.meta {
            self.meta.set(core.replica.canvas().meta.clone());
        }
        if changes.runs {
            let mut runs: Vec<RunInfo> = core.replica.canvas().runs.values().cloned().collect();
            runs.sort_by_key(|run| std::cmp::Reverse(run.number));
            self.runs.set(Arc::new(runs));
        }
        if !gone.is_empty() {
            self.selection.set(core.editor.selection.clone());
        }
        drop(guard);
        // What was wrong may not be any more: nobody is told twice.
        if !self.complaints.with_untracked(|c| c.is_empty())
            && (changes.structure
                || self
                    .complaints
                    .with_untracked(|c| c.keys().any(|id| changes.nodes.contains(id))))
        {
            self.complaints.set(Arc::default());
        }
        self.revision.update(|n| *n += 1);
        self.count_slowly(!changes.is_of_places_alone());
        if !changes.local && !gone.is_empty() {
            self.tell_deleted(&gone, changes);
        }
        let changed = self.core().borrow().changed.clone();
        for tell in changed {
            tell(self, changes);
        }
        self.frame();
    }

    /// Has a feature told of every change, after the signals are in line with it.
    pub fn on_change(self, tell: fn(Page, &Changes)) {
        self.core().borrow_mut().changed.push(tell);
    }

    /// Has a feature do its part of every frame, after what is in the DOM was decided.
    pub fn every_frame(self, work: fn(Page)) {
        self.core().borrow_mut().frames.push(work);
    }

    fn count_slowly(self, is_content: bool) {
        let core = self.core();
        let mut held = core.borrow_mut();
        held.content_due |= is_content;
        if std::mem::replace(&mut held.slow_due, true) {
            return;
        }
        drop(held);
        set_timeout(
            move || {
                let Some(core) = self.try_core() else { return };
                let is_content = {
                    let mut held = core.borrow_mut();
                    held.slow_due = false;
                    std::mem::take(&mut held.content_due)
                };
                self.slow_places.update(|n| *n += 1);
                if is_content {
                    self.slow_revision.update(|n| *n += 1);
                }
            },
            Duration::from_millis(SLOW_MS),
        );
    }

    fn tell_deleted(self, gone: &[String], changes: &Changes) {
        let lost: Vec<Node> =
            changes.removed.iter().filter(|n| gone.contains(&n.id)).cloned().collect();
        let cut = changes.cut.clone();
        let Some(first) = lost.first() else { return };
        let people = self.people.get_untracked();
        let who = match people.values().collect::<Vec<_>>().as_slice() {
            [one] if !one.user.name.is_empty() => one.user.name.clone(),
            _ => "Somebody".to_owned(),
        };
        let what = match lost.len() {
            1 => first.shown_title().to_owned(),
            n => format!("{n} nodes"),
        };
        let text = format!("{who} deleted {what}, which you had selected");
        self.toasts.act(
            "trash",
            &text,
            "Undo",
            Callback::new(move |()| self.bring_back(&lost, &cut)),
        );
    }

    /// Adds deleted nodes again under their ids, with the wires that still have both ends.
    pub fn bring_back(self, lost: &[Node], cut: &[gesso_protocol::schema::Edge]) {
        use gesso_protocol::schema;
        self.edit(|txn| {
            for node in lost.iter().filter(|node| node.kind != schema::UNREADABLE) {
                schema::add_node(txn, &NewNode::of(node));
            }
            for edge in cut {
                let there =
                    |txn: &TransactionMut<'_>, id: &str| schema::read_node(txn, id).is_some();
                if there(txn, &edge.from_node) && there(txn, &edge.to_node) {
                    schema::connect(txn, &Connection::of(edge));
                }
            }
        });
    }

    /// Everything is drawn anew, after the replica was replaced.
    pub fn redraw(self) {
        let core = self.core();
        let mut guard = core.borrow_mut();
        let core = &mut *guard;
        core.index = SpatialIndex::default();
        let ids: Vec<String> = core.replica.canvas().nodes.keys().cloned().collect();
        for id in &ids {
            let rect = rect_of(core, &core.replica.canvas().nodes[id]);
            core.index.set(id, rect);
        }
        let known: BTreeSet<String> = ids.into_iter().collect();
        core.nodes.retain(|id, _| known.contains(id));
        core.editor.selection.retain(|id| known.contains(id));
        self.selection.set(core.editor.selection.clone());
        self.overlays.threads.set(Arc::new(core.replica.threads().clone()));
        core.view_due = true;
        core.graph_due = true;
        drop(guard);
        self.frame();
    }

    /// Asks for a frame in which views that depend on place and graph are brought up to date and edits are sent.
    pub fn frame(self) {
        let core = self.core();
        let mut core = core.borrow_mut();
        if core.frame_due {
            return;
        }
        core.frame_due = true;
        request_animation_frame(move || {
            if self.try_core().is_some() {
                self.on_frame();
            }
        });
    }

    fn on_frame(self) {
        let core = self.core();
        let (graph, view) = {
            let mut core = core.borrow_mut();
            core.frame_due = false;
            (std::mem::take(&mut core.graph_due), std::mem::take(&mut core.view_due))
        };
        if graph {
            let graph = Graph::materialize(core.borrow().replica.canvas());
            self.graph.set(Arc::new(graph));
        }
        self.cull(view || graph);
        let frames = self.core().borrow().frames.clone();
        for work in frames {
            work(self);
        }
    }

    /// Moves the camera.
    pub fn set_camera(self, camera: Camera) {
        if camera != self.camera.get_untracked() {
            self.camera.set(camera);
            self.core().borrow_mut().tell_due = true;
            self.frame();
        }
    }

    /// The canvas rectangle on screen.
    pub fn view_rect(self) -> Rect {
        let (w, h) = self.screen.get_untracked();
        self.camera.get_untracked().view(w, h)
    }

    /// Decides what is in the DOM ([`cull()`]).
    fn cull(self, is_forced: bool) {
        let view = self.view_rect();
        let core = self.core();
        let mut core = core.borrow_mut();
        let is_far = self.far.get_untracked();
        let crossed = std::mem::replace(&mut core.was_far, is_far) != is_far;
        let (cards, detailed) = (self.visible.get_untracked(), self.detailed.get_untracked());
        let look = Look {
            view,
            seen: core.seen,
            is_forced: is_forced || crossed,
            is_far,
            selection: &core.editor.selection,
            cards: &cards,
            detailed: &detailed,
        };
        let edges = core.replica.edges_by_node();
        let Some(culled) = cull(core.replica.canvas(), &core.index, edges, &look) else {
            return;
        };
        core.seen = Some(culled.seen);
        core.view_due |= culled.is_unfinished;
        drop(core);
        if self.painted.get_untracked() != culled.is_painted {
            self.painted.set(culled.is_painted);
        }
        if *detailed != culled.detailed {
            self.detailed.set(Arc::new(culled.detailed));
        }
        set_list(self.visible, culled.cards);
        set_list(self.frames, culled.frames);
        set_list(self.wires, culled.wires);
        if culled.is_unfinished {
            self.frame();
        }
    }

    /// A card was measured.
    pub fn measured(self, id: &str, height: f64) {
        let core = self.core();
        let mut guard = core.borrow_mut();
        let core = &mut *guard;
        let old = core.heights.insert(id.to_owned(), height);
        if old == Some(height) {
            return;
        }
        let Some(mut rect) = core.index.get(id) else { return };
        rect.h = height;
        core.index.set(id, rect);
        if let Some(signals) = core.nodes.get(id) {
            set_if_new(&signals.size, (rect.w, rect.h));
        }
    }

    /// Selects nodes.
    pub fn select(self, ids: impl IntoIterator<Item = String>) {
        let core = self.core();
        let changed = core.borrow_mut().editor.select(ids);
        if changed {
            self.selected();
        }
    }

    /// The chart's selection changed: views and others learn of it.
    pub fn selected(self) {
        let core = self.core();
        let selection = core.borrow().editor.selection.clone();
        self.selection.set(selection);
        let mut core = core.borrow_mut();
        core.tell_due = true;
        core.view_due = true;
        drop(core);
        self.frame();
    }
}

fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: &ArcRwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}

fn set_list(signal: RwSignal<Arc<Vec<String>>>, list: Vec<String>) {
    if signal.with_untracked(|old| **old != list) {
        signal.set(Arc::new(list));
    }
}

fn view_of(replica: &Replica, id: &str) -> Option<NodeView> {
    let canvas = replica.canvas();
    Some(NodeView {
        node: canvas.nodes.get(id)?.clone(),
        result: canvas.results.get(id).cloned(),
        generations: canvas.generations.get(id).cloned().unwrap_or_default(),
    })
}

/// Where a node is, with its measured height where there is one.
pub fn rect_of(core: &Core, node: &Node) -> Rect {
    let measured = core.heights.get(&node.id).copied();
    let h = if card_layout::tall(&node.kind) { None } else { measured };
    let h = h.unwrap_or_else(|| card_layout::guessed_height(node));
    Rect::new(node.pos[0], node.pos[1], card_layout::width(node), h)
}
