//! The chart of gestures: its states, what goes in and what comes out.

use crate::core::geometry::{Camera, Point, Rect};
use gesso_protocol::schema::Edge;
use std::collections::BTreeSet;

/// Screen pixels the pointer may tremble before a press becomes a drag.
pub const SLOP: f64 = 4.0;

/// Which side of a node a port is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// An input, on the left edge.
    In,
    /// An output, on the right edge.
    Out,
}

/// One port of one node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortRef {
    /// The node's id.
    pub node: String,
    /// Which edge of the card.
    pub side: Side,
    /// The port's name.
    pub port: String,
}

impl PortRef {
    /// Where a connection comes from.
    pub fn output_of(edge: &Edge) -> Self {
        Self { node: edge.from_node.clone(), side: Side::Out, port: edge.from_port.clone() }
    }

    /// Where a connection goes.
    pub fn input_of(edge: &Edge) -> Self {
        Self { node: edge.to_node.clone(), side: Side::In, port: edge.to_port.clone() }
    }
}

/// The thing under the pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The bare canvas.
    Canvas,
    /// A card.
    Node(String),
    /// A port.
    Port(PortRef),
    /// A wire, by its key.
    Edge(String),
    /// The corner that changes a node's size.
    Corner(String),
    /// Something that handles the pointer by itself (a text field, a button).
    Own,
}

/// Which button or finger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// The main button of a mouse or a pen.
    Main,
    /// The wheel pressed, or Space held, or the hand tool: pans.
    Pan,
    /// A finger.
    Touch,
}

/// Keys held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mods {
    /// Shift.
    pub shift: bool,
    /// Ctrl, or Command.
    pub command: bool,
    /// Alt, or Option.
    pub alt: bool,
}

impl Mods {
    /// True if a click adds to the selection.
    pub fn adds(self) -> bool {
        self.shift || self.command
    }
}

/// One event of the pointer, positions in screen pixels.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Pressed.
    Down {
        /// Where.
        at: Point,
        /// With what.
        button: Button,
        /// Keys held.
        mods: Mods,
        /// The thing at this place.
        target: Target,
    },
    /// Moved, pressed or not.
    Move {
        /// Where.
        at: Point,
        /// The thing at this place.
        over: Target,
    },
    /// Let go.
    Up {
        /// Where.
        at: Point,
        /// The thing at this place.
        over: Target,
    },
    /// Escape, a second finger, or the browser took the pointer away.
    Cancel,
}

/// An effect that the page has to carry out.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Move the camera by screen pixels.
    Pan(f64, f64),
    /// [`Editor::selection`] changed.
    Selected,
    /// The bare canvas was clicked: close what floats, leave text fields.
    Cleared,
    /// Nodes start to move; with `copy` it is copies of them that do.
    DragStart {
        /// Alt was held.
        copy: bool,
    },
    /// The nodes being dragged are this far (canvas units) from where they began.
    DragTo(f64, f64),
    /// They stay there.
    DragEnd,
    /// They go back.
    DragCancel,
    /// A node's corner is this far (canvas units) from where it began.
    ResizeTo(String, f64, f64),
    /// The size stays.
    ResizeEnd,
    /// The size goes back.
    ResizeCancel(String),
    /// The marquee changed (canvas units), `None` when it is gone.
    Marquee(Option<Rect>),
    /// [`Editor::wire`] changed.
    WireMoved,
    /// Connect the two, in place of the connection `replaces`.
    Connect {
        /// The output.
        from: PortRef,
        /// The input.
        to: PortRef,
        /// The connection whose end was picked up.
        replaces: Option<String>,
    },
    /// A wire was let go over nothing: ask what belongs there.
    DropWire {
        /// The port it comes from.
        from: PortRef,
        /// Screen position.
        at: Point,
        /// The connection whose end was picked up.
        replaces: Option<String>,
    },
    /// A wire was clicked.
    EdgeClicked(String, Point),
}

/// The chart's questions about the canvas.
pub trait World {
    /// Where one looks from.
    fn camera(&self) -> Camera;
    /// True if a node is to stay where it is.
    fn is_fixed(&self, id: &str) -> bool;
    /// The nodes a marquee touches.
    fn touching(&self, rect: Rect) -> BTreeSet<String>;
    /// Why these two ports cannot be connected, as a sentence; `Ok` when they can.
    ///
    /// # Errors
    /// The sentence that stands beside the pointer.
    fn refusal(&self, a: &PortRef, b: &PortRef) -> Result<(), String>;
    /// The port that a connection keeps when its end at this point (canvas units) is taken; `None` where no end is near.
    fn loose_end(&self, key: &str, at: Point) -> Option<PortRef>;
    /// The connection that ends at this input, where the port takes one and has one: its key and its output.
    fn plugged(&self, port: &PortRef) -> Option<(String, PortRef)>;
}

/// The state of the chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// Nothing is pressed.
    #[default]
    Idle,
    /// Pressed, not moved yet.
    Pointing(Pointing),
    /// Moving the camera; the last screen position.
    Panning(Point),
    /// Moving nodes; where it began, in canvas units.
    Dragging(Point),
    /// Changing a node's size.
    Resizing(String, Point),
    /// Drawing a marquee.
    Marquee(Marquee),
    /// Drawing a wire.
    Connecting(Wire),
}

/// The chart and what is selected.
#[derive(Debug, Default)]
pub struct Editor {
    /// Where the chart is.
    pub state: State,
    /// Ids of the selected nodes.
    pub selection: BTreeSet<String>,
}

impl Editor {
    /// The wire being drawn.
    pub fn wire(&self) -> Option<&Wire> {
        if let State::Connecting(wire) = &self.state { Some(wire) } else { None }
    }

    /// Replaces the selection. `true` when it changed.
    pub fn select(&mut self, ids: impl IntoIterator<Item = String>) -> bool {
        let ids: BTreeSet<String> = ids.into_iter().collect();
        let changed = ids != self.selection;
        self.selection = ids;
        changed
    }

    /// A node is gone. `true` when it was selected.
    pub fn forget(&mut self, id: &str) -> bool {
        self.selection.remove(id)
    }
}

/// A marquee being drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Marquee {
    pub(super) start: Point,
    pub(super) base: BTreeSet<String>,
}

/// A press that waits to become something.
#[derive(Clone, Debug, PartialEq)]
pub struct Pointing {
    pub(super) at: Point,
    pub(super) button: Button,
    pub(super) mods: Mods,
    pub(super) target: Target,
}

impl Pointing {
    /// The node that was pressed.
    pub fn node(&self) -> Option<&str> {
        if let Target::Node(id) = &self.target { Some(id) } else { None }
    }

    /// The port that was pressed.
    pub fn port(&self) -> Option<&PortRef> {
        if let Target::Port(port) = &self.target { Some(port) } else { None }
    }
}

/// A wire being drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    /// The end that stays.
    pub from: PortRef,
    /// Where the loose end is, in canvas units.
    pub at: Point,
    /// The port under the pointer and whether the wire may land there.
    pub over: Option<(PortRef, Result<(), String>)>,
    /// The connection whose end was picked up.
    pub replaces: Option<String>,
}
