//! Gestures of the pointer on the canvas, as a state chart.
//!
//! The web layer turns events into [`Input`]s and carries out the [`Effect`]s; everything in between (thresholds,
//! what a click selects, where a wire may land) is decided here, without a browser, so that it can be tested.
//! Invariant: whatever state the chart is in, `Input::Cancel` leads to `State::Idle` and undoes what was begun.

mod chart;
mod connecting;
mod dragging;
mod idle;
pub mod marquee;
pub mod pointing;

pub use chart::{
    Button, Editor, Effect, Input, Mods, PortRef, SLOP, Side, State, Target, Wire, World,
};

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
            State::Marquee(b) => self.marquee(b, input, world, &mut out),
            State::Connecting(wire) => self.connecting(wire, input, world, &mut out),
        }
        out
    }

    fn cancel(&mut self, out: &mut Vec<Effect>) {
        match std::mem::take(&mut self.state) {
            State::Idle | State::Pointing(_) | State::Panning(_) => {}
            State::Dragging(_) => out.push(Effect::DragCancel),
            State::Resizing(id, _) => out.push(Effect::ResizeCancel(id)),
            State::Marquee(b) => {
                self.selection = b.base;
                out.extend([Effect::Marquee(None), Effect::Selected]);
            }
            State::Connecting(_) => out.push(Effect::WireMoved),
        }
    }
}

#[cfg(test)]
mod tests;
