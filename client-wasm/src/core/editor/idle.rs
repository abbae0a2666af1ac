//! Nothing pressed, and the camera being dragged.

use super::chart::Pointing;
use super::chart::{Button, Editor, Effect, Input, State, Target, World};
use crate::core::geometry::Point;

impl Editor {
    pub(super) fn idle(&mut self, input: &Input, _world: &impl World, _out: &mut Vec<Effect>) {
        let Input::Down { at, button, mods, target } = input else { return };
        self.state = match (button, target) {
            (_, Target::Own) => State::Idle,
            (Button::Pan, _) => State::Panning(*at),
            (Button::Main | Button::Touch, target) => State::Pointing(Pointing {
                at: *at,
                button: *button,
                mods: *mods,
                target: target.clone(),
            }),
        };
    }

    pub(super) fn panning(&mut self, last: Point, input: &Input, out: &mut Vec<Effect>) {
        match input {
            Input::Move { at, .. } => {
                out.push(Effect::Pan(at.x - last.x, at.y - last.y));
                self.state = State::Panning(*at);
            }
            Input::Up { .. } | Input::Cancel => {}
            Input::Down { .. } => self.state = State::Panning(last),
        }
    }
}
