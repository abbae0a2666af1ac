//! Overlays that lie open above the canvas, and the items that cards of batches show. Nobody else sees any of it.

use crate::core::geometry::Point;
use std::collections::BTreeMap;
use std::sync::Arc;

use gesso_protocol::plan::Target;
use gesso_protocol::pricing::Money;
use gesso_protocol::schema::{Block, Format, Place, Thread};
use leptos::prelude::*;

use crate::core::price::Price;
use crate::core::results::ResultRef;
use crate::core::rich::Mark;
use crate::core::suggest::Suggestion;

/// A run that somebody is asked about first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirming {
    /// The target of the run.
    pub target: Target,
    /// The price of the run.
    pub price: Price,
}

/// Generations side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The node that made them.
    pub node: String,
    /// Their ids.
    pub generations: Vec<String>,
}

/// A result as large as the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previewed {
    /// The node that shows it.
    pub node: String,
    /// Which of its results.
    pub result: ResultRef,
}

/// Comments, as one person has them open.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Commenting {
    /// Nothing.
    #[default]
    No,
    /// The next click says where a new one belongs.
    Choosing,
    /// A new one, without a message yet.
    Fresh(Place),
    /// A thread, by its id.
    Open(String),
}

/// What the bar of formats asks a text for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatCommand {
    /// Marks what is selected, or what is typed next.
    Mark(Mark),
    /// Makes the lines of what is selected a block, or paragraphs where they are one.
    Block(Block),
    /// Takes the keyboard back.
    Focus,
}

/// A formatted text that has the keyboard.
#[derive(Clone)]
pub struct Writing {
    /// Node.
    pub node: String,
    /// True if letters are selected.
    pub has_selection: bool,
    /// The format of what is selected, or of what is typed next; its block is the line's.
    pub format: Format,
    /// Does what the bar asks for.
    pub run: Callback<FormatCommand>,
}

/// The nodes that somebody may name where they have typed an `@`.
#[derive(Clone)]
pub struct Mentioning {
    /// Left and bottom of the caret, in px of the screen.
    pub place: (f64, f64),
    /// Ids and titles, the best first; at least one.
    pub nodes: Vec<(String, String)>,
    /// The one that Enter takes.
    pub chosen: usize,
    /// Names the node of that place in the list.
    pub take: Callback<usize>,
}

/// The handle.
#[derive(Clone, Copy)]
pub struct Overlays {
    /// The content of a node, as large as the window.
    pub preview: RwSignal<Option<Previewed>>,
    /// The grid of a batch: the node.
    pub grid: RwSignal<Option<String>>,
    /// The review: the evaluator.
    pub review: RwSignal<Option<String>>,
    /// The comparison.
    pub compare: RwSignal<Option<Compared>>,
    /// The picture editor: the node and the item.
    pub image_editor: RwSignal<Option<(String, String)>>,
    /// Where one says something beside one's pointer, in canvas units, while the field for it is open.
    pub chat: RwSignal<Option<Point>>,
    /// The wires that suggest themselves for a card that was put down.
    pub suggestion: RwSignal<Option<Suggestion>>,
    /// The formatted text that somebody writes in.
    pub writing: RwSignal<Option<Writing>>,
    /// The nodes that a text may name where its caret is.
    pub mentioning: RwSignal<Option<Mentioning>>,
    /// The comment that is open or being begun.
    pub commenting: RwSignal<Commenting>,
    /// The threads of comments, by id.
    pub threads: RwSignal<Arc<BTreeMap<String, Thread>>>,
    /// The dialog that says who may come in.
    pub sharing: RwSignal<bool>,
    /// What somebody is told whose role became lower while the page was open.
    pub role_news: RwSignal<Option<String>>,
    /// Number of versions of the canvas that are kept aside on this page.
    pub aside: RwSignal<usize>,
    /// The library for a node that takes a file.
    pub library: RwSignal<Option<String>>,
    /// The library beside the canvas.
    pub shelf: RwSignal<bool>,
    /// Ways to get what models that cannot run here need, by model.
    pub hints: RwSignal<BTreeMap<String, Vec<String>>>,
    /// The question before a large run.
    pub confirming: RwSignal<Option<Confirming>>,
    /// The item each card shows, where somebody picked one.
    pub items: RwSignal<BTreeMap<String, String>>,
    /// On a narrow screen, where the panel of a node is a sheet at the bottom: that it is unfolded.
    pub sheet: RwSignal<bool>,
    /// The credit balance.
    pub balance: RwSignal<Option<Money>>,
    /// Evaluators that wait for a person and the message that told it.
    pub waiting: StoredValue<BTreeMap<String, u64>>,
}

impl Overlays {
    /// Nothing is open.
    pub fn new() -> Self {
        Self {
            preview: RwSignal::new(None),
            grid: RwSignal::new(None),
            review: RwSignal::new(None),
            compare: RwSignal::new(None),
            image_editor: RwSignal::new(None),
            chat: RwSignal::new(None),
            suggestion: RwSignal::new(None),
            writing: RwSignal::new(None),
            mentioning: RwSignal::new(None),
            commenting: RwSignal::new(Commenting::No),
            threads: RwSignal::default(),
            sharing: RwSignal::new(false),
            role_news: RwSignal::new(None),
            aside: RwSignal::new(0),
            library: RwSignal::new(None),
            shelf: RwSignal::new(false),
            hints: RwSignal::default(),
            confirming: RwSignal::new(None),
            items: RwSignal::default(),
            sheet: RwSignal::new(false),
            balance: RwSignal::new(None),
            waiting: StoredValue::default(),
        }
    }
}

impl Default for Overlays {
    fn default() -> Self {
        Self::new()
    }
}

/// The subject of the menu.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    pub(crate) target: crate::core::editor::Target,
    pub(crate) at: Point,
}

/// The entry that the browser keeps of this page.
#[derive(Debug, Default)]
pub struct Kept {
    /// Number of unsaved edits the entry holds.
    pub(crate) edits: u64,
    /// State vector of the replica that the entry holds, once it is written.
    pub(crate) vector: Option<Vec<u8>>,
    /// Keys of entries of earlier pages that were taken in.
    pub(crate) taken: Vec<String>,
    /// A write is under way.
    pub(crate) busy: bool,
    /// The canvas is kept as it was seen.
    pub(crate) has_seen: bool,
    /// It changed since then.
    pub(crate) is_stale: bool,
    /// When that was, in ms since 1970.
    pub(crate) seen_ms: f64,
}

/// A file on its way, as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    /// The file's name.
    pub name: String,
    /// Where it is.
    pub state: UploadState,
    /// The picture itself, out of the page's own memory.
    pub picture: Option<String>,
    /// The node was made for it.
    pub(crate) fresh: bool,
}

/// Where a file is on its way.
#[derive(Clone, Debug, PartialEq)]
pub enum UploadState {
    /// Others go first.
    Waiting,
    /// So many percent are there.
    Under(f64),
    /// It was refused, and why.
    Failed(String),
}
