//! Moving nodes and changing their size.

use super::chart::{Editor, Effect, Input, State, World};
use crate::core::geometry::Point;

impl Editor {
    pub(super) fn dragging(
        &mut self,
        start: Point,
        input: &Input,
        world: &impl World,
        out: &mut Vec<Effect>,
    ) {
        match input {
            Input::Move { at, .. } => {
                let by = world.camera().to_canvas(*at) - start;
                out.push(Effect::DragTo(by.x, by.y));
                self.state = State::Dragging(start);
            }
            Input::Up { .. } => out.push(Effect::DragEnd),
            Input::Down { .. } | Input::Cancel => self.state = State::Dragging(start),
        }
    }

    pub(super) fn resizing(
        &mut self,
        id: String,
        start: Point,
        input: &Input,
        world: &impl World,
        out: &mut Vec<Effect>,
    ) {
        match input {
            Input::Move { at, .. } => {
                let by = world.camera().to_canvas(*at) - start;
                out.push(Effect::ResizeTo(id.clone(), by.x, by.y));
                self.state = State::Resizing(id, start);
            }
            Input::Up { .. } => out.push(Effect::ResizeEnd),
            Input::Down { .. } | Input::Cancel => self.state = State::Resizing(id, start),
        }
    }
}
