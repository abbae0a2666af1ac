//! Pressed and not moved yet: a click, or the beginning of a gesture.

use super::chart::Marquee;
use super::chart::{Button, Editor, Effect, Input, Mods, SLOP, State, Target, World};
use crate::core::editor::chart::Pointing;
use crate::core::geometry::Point;

impl Editor {
    pub(super) fn pointing(
        &mut self,
        p: Pointing,
        input: &Input,
        world: &impl World,
        out: &mut Vec<Effect>,
    ) {
        match input {
            Input::Move { at, over } if at.distance(p.at) >= SLOP => {
                self.begin(p, world, out);
                // The gesture takes the way the pointer has gone already.
                let rest = Input::Move { at: *at, over: over.clone() };
                out.extend(self.handle(&rest, world));
            }
            Input::Up { .. } => self.click(p, out),
            Input::Move { .. } | Input::Down { .. } | Input::Cancel => {
                self.state = State::Pointing(p);
            }
        }
    }

    fn begin(&mut self, p: Pointing, world: &impl World, out: &mut Vec<Effect>) {
        let start = world.camera().to_canvas(p.at);
        match p.target {
            Target::Canvas | Target::Edge(_) if p.button == Button::Touch => {
                self.state = State::Panning(p.at);
            }
            // A finger moves only what a tap selected before: else one could not pan over cards.
            Target::Node(id) if p.button == Button::Touch && !self.selection.contains(&id) => {
                self.state = State::Panning(p.at);
            }
            // Over what is fixed a marquee can be drawn as over the bare canvas.
            Target::Node(id) if world.is_fixed(&id) && !p.mods.alt => {
                self.draw_marquee(p.mods, start)
            }
            Target::Node(id) => {
                if !self.selection.contains(&id) {
                    if !p.mods.adds() {
                        self.selection.clear();
                    }
                    self.selection.insert(id);
                    out.push(Effect::Selected);
                }
                out.push(Effect::DragStart { copy: p.mods.alt });
                self.state = State::Dragging(start);
            }
            Target::Port(port) => self.pick_up(port, start, world, out),
            Target::Corner(id) => self.state = State::Resizing(id, start),
            Target::Edge(key) if let Some(from) = world.loose_end(&key, start) => {
                self.hold(from, start, Some(key), out);
            }
            Target::Canvas | Target::Edge(_) => self.draw_marquee(p.mods, start),
            Target::Own => {}
        }
    }

    fn draw_marquee(&mut self, mods: Mods, start: Point) {
        let base = if mods.adds() { self.selection.clone() } else { Default::default() };
        self.state = State::Marquee(Marquee { start, base });
    }

    fn click(&mut self, p: Pointing, out: &mut Vec<Effect>) {
        match p.target {
            Target::Node(id) => {
                let changed = if p.mods.adds() {
                    if !self.selection.remove(&id) {
                        self.selection.insert(id);
                    }
                    true
                } else {
                    self.select([id])
                };
                if changed {
                    out.push(Effect::Selected);
                }
            }
            Target::Canvas => {
                if !p.mods.adds() && self.select([]) {
                    out.push(Effect::Selected);
                }
                out.push(Effect::Cleared);
            }
            Target::Edge(key) => out.push(Effect::EdgeClicked(key, p.at)),
            Target::Port(_) | Target::Corner(_) | Target::Own => {}
        }
    }
}
