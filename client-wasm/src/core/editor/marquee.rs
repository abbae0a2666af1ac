//! The marquee: what it touches is selected while it grows.

use crate::core::editor::chart::Marquee;

use super::chart::{Editor, Effect, Input, State, World};
use crate::core::geometry::Rect;

impl Editor {
    pub(super) fn marquee(
        &mut self,
        b: Marquee,
        input: &Input,
        world: &impl World,
        out: &mut Vec<Effect>,
    ) {
        match input {
            Input::Move { at, .. } => {
                let rect = Rect::spanned(b.start, world.camera().to_canvas(*at));
                let mut ids = world.touching(rect);
                ids.extend(b.base.iter().cloned());
                out.push(Effect::Marquee(Some(rect)));
                if self.select(ids) {
                    out.push(Effect::Selected);
                }
                self.state = State::Marquee(b);
            }
            Input::Up { .. } => out.push(Effect::Marquee(None)),
            Input::Down { .. } | Input::Cancel => self.state = State::Marquee(b),
        }
    }
}
