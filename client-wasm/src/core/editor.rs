//! What the pointer does on the canvas, as a state chart.
//!
//! The web layer turns events into [`Input`]s and carries out the [`Effect`]s; everything in between (thresholds,
//! what a click selects, where a wire may land) is decided here, without a browser, so that it can be tested.
//! Invariant: whatever state the chart is in, `Input::Cancel` leads to `State::Idle` and undoes what was begun.

use std::collections::BTreeSet;

use super::geometry::{Camera, Point, Rect};

pub mod brushing;
mod connecting;
mod dragging;
mod idle;
pub mod pointing;

pub use connecting::Wire;

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

/// What lies under the pointer.
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
    /// Whether a click adds to the selection.
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
        /// What is there.
        target: Target,
    },
    /// Moved, pressed or not.
    Move {
        /// Where.
        at: Point,
        /// What is there.
        over: Target,
    },
    /// Let go.
    Up {
        /// Where.
        at: Point,
        /// What is there.
        over: Target,
    },
    /// Escape, a second finger, or the browser took the pointer away.
    Cancel,
}

/// What the page has to do.
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
    Brush(Option<Rect>),
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

/// What the chart asks about the canvas.
pub trait World {
    /// Where one looks from.
    fn camera(&self) -> Camera;
    /// The nodes a marquee touches.
    fn touching(&self, rect: Rect) -> BTreeSet<String>;
    /// Why these two ports cannot be connected, as a sentence; `Ok` when they can.
    ///
    /// # Errors
    /// The sentence that stands beside the pointer.
    fn refusal(&self, a: &PortRef, b: &PortRef) -> Result<(), String>;
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
    Pointing(pointing::Pointing),
    /// Moving the camera; the last screen position.
    Panning(Point),
    /// Moving nodes; where it began, in canvas units.
    Dragging(Point),
    /// Changing a node's size.
    Resizing(String, Point),
    /// Drawing a marquee.
    Brushing(brushing::Brushing),
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
    /// Takes one event and says what to do.
    pub fn handle(&mut self, input: &Input, world: &impl World) -> Vec<Effect> {
        let mut out = Vec::new();
        if *input == Input::Cancel {
            self.cancel(&mut out);
            return out;
        }
        match std::mem::take(&mut self.state) {
            State::Idle => self.idle(input, world, &mut out),
            State::Pointing(p) => self.pointing(p, input, world, &mut out),
            State::Panning(last) => self.panning(last, input, &mut out),
            State::Dragging(start) => self.dragging(start, input, world, &mut out),
            State::Resizing(id, start) => self.resizing(id, start, input, world, &mut out),
            State::Brushing(b) => self.brushing(b, input, world, &mut out),
            State::Connecting(wire) => self.connecting(wire, input, world, &mut out),
        }
        out
    }

    fn cancel(&mut self, out: &mut Vec<Effect>) {
        match std::mem::take(&mut self.state) {
            State::Idle | State::Pointing(_) | State::Panning(_) => {}
            State::Dragging(_) => out.push(Effect::DragCancel),
            State::Resizing(id, _) => out.push(Effect::ResizeCancel(id)),
            State::Brushing(b) => {
                self.selection = b.base;
                out.extend([Effect::Brush(None), Effect::Selected]);
            }
            State::Connecting(_) => out.push(Effect::WireMoved),
        }
    }

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

#[cfg(test)]
mod tests;
