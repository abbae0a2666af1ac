//! Roles of connections, which may change while they are open.

use gesso_protocol::api::accounts::CanvasRole;
use gesso_protocol::wire::{Frame, close};

use super::Core;
use super::effect::{ConnId, Effect, Refusal};

impl Core {
    /// Tells a connection its role, where it understands that.
    pub(super) fn tell_role(&mut self, conn: ConnId) {
        if let Some(state) = self.conns.get(&conn).filter(|state| state.wants_saved) {
            let frame = Frame::Role(state.role.id()).encode().into();
            self.effects.push(Effect::Send { conn, frame, covers: None });
        }
    }

    /// Ends a connection whose person may no longer see the canvas.
    pub(crate) fn end_access(&mut self, conn: ConnId, now_ms: u64) {
        if self.conns.contains_key(&conn) {
            let reason = "you no longer have access to this canvas".to_owned();
            self.leave(conn, now_ms);
            self.effects.push(Effect::Close { conn, code: close::NOT_ALLOWED, reason });
        }
    }

    /// Gives a connection another role; what it sent before is judged by it as far as it is not applied yet.
    pub(crate) fn set_role(&mut self, conn: ConnId, role: CanvasRole, now_ms: u64) {
        let Some(state) = self.conns.get_mut(&conn).filter(|state| state.role != role) else {
            return;
        };
        state.role = role;
        let is_left_behind = role == CanvasRole::Viewer && !state.pending.is_empty();
        if let Some(guards) = &mut self.guards {
            guards.exclude(conn);
            guards.include(conn, role);
        }
        self.tell_role(conn);
        if is_left_behind {
            // Counted as settled it would be called saved: the page is to keep it aside.
            let reason = "your role on this canvas changed before that was applied";
            self.refuse(conn, Refusal::new(close::REFUSED, reason), now_ms);
        }
    }
}
