//! A wire between the port it was drawn from and the pointer.

use super::chart::{Editor, Effect, Input, PortRef, Side, State, Target, World};
use crate::core::editor::Wire;
use crate::core::geometry::Point;

/// The output and the input of a pair of ports drawn in either direction.
fn oriented(a: PortRef, b: PortRef) -> (PortRef, PortRef) {
    match a.side {
        Side::Out => (a, b),
        Side::In => (b, a),
    }
}

impl Editor {
    /// Starts a wire at a port; at an input that is taken, the wire in it comes off instead.
    pub(super) fn pick_up(
        &mut self,
        port: PortRef,
        at: Point,
        world: &impl World,
        out: &mut Vec<Effect>,
    ) {
        let (from, replaces) = match (port.side, world.plugged(&port)) {
            (Side::In, Some((key, output))) => (output, Some(key)),
            _ => (port, None),
        };
        self.hold(from, at, replaces, out);
    }

    /// Takes a wire from a port into the hand, in place of a connection whose end comes off.
    pub(super) fn hold(
        &mut self,
        from: PortRef,
        at: Point,
        replaces: Option<String>,
        out: &mut Vec<Effect>,
    ) {
        self.state = State::Connecting(Wire { from, at, over: None, replaces });
        out.push(Effect::WireMoved);
    }

    pub(super) fn connecting(
        &mut self,
        mut wire: Wire,
        input: &Input,
        world: &impl World,
        out: &mut Vec<Effect>,
    ) {
        match input {
            Input::Move { at, over } => {
                wire.at = world.camera().to_canvas(*at);
                wire.over = match over {
                    Target::Port(port) if *port != wire.from => {
                        let verdict = world.refusal(&wire.from, port);
                        Some((port.clone(), verdict))
                    }
                    Target::Port(_)
                    | Target::Canvas
                    | Target::Node(_)
                    | Target::Edge(_)
                    | Target::Corner(_)
                    | Target::Own => None,
                };
                self.state = State::Connecting(wire);
                out.push(Effect::WireMoved);
            }
            Input::Up { at, over } => {
                out.push(Effect::WireMoved);
                self.let_go(wire, *at, over, world, out);
            }
            Input::Down { .. } | Input::Cancel => self.state = State::Connecting(wire),
        }
    }

    fn let_go(
        &mut self,
        wire: Wire,
        at: Point,
        over: &Target,
        world: &impl World,
        out: &mut Vec<Effect>,
    ) {
        match over {
            Target::Port(port) if *port == wire.from => {}
            Target::Port(port) => {
                if world.refusal(&wire.from, port).is_ok() {
                    let (from, to) = oriented(wire.from, port.clone());
                    out.push(Effect::Connect { from, to, replaces: wire.replaces });
                }
            }
            Target::Canvas | Target::Edge(_) => {
                out.push(Effect::DropWire { from: wire.from, at, replaces: wire.replaces });
            }
            // Over a card but beside its ports: neither a connection nor a place for a new node.
            Target::Node(_) | Target::Corner(_) | Target::Own => {}
        }
    }
}
