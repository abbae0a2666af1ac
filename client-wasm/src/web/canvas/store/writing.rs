//! What one may do on the canvas, and the ways to write into it: nothing is written here without the right to.

use gesso_protocol::api::accounts::CanvasRole;
use leptos::prelude::*;

use crate::core::doc::{Changes, TransactionMut};
use crate::core::rights::{self, Right};
use crate::web::canvas::store::page::{Core, Page};

impl Page {
    /// True if one may do something here; tracked, for what is offered.
    pub fn can(self, right: Right) -> bool {
        rights::offers(self.role.get(), right)
    }

    /// The same, untracked.
    pub fn may(self, right: Right) -> bool {
        rights::offers(self.role.get_untracked(), right)
    }

    /// True if one may do something here; who may not is told so, once.
    pub fn demand(self, right: Right) -> bool {
        if self.may(right) {
            return true;
        }
        let was_told = std::mem::replace(&mut self.core().borrow_mut().is_refusal_told, true);
        let words = rights::refusal(self.role.get_untracked().unwrap_or(CanvasRole::Viewer));
        if was_told {
            self.live.set(words);
        } else {
            self.toasts.say("eye", &words);
        }
        false
    }

    /// One person's edit as a step of undo of its own. Nothing is written without the right to.
    pub fn edit<R: Default>(self, write: impl FnOnce(&mut TransactionMut<'_>) -> R) -> R {
        self.write(Right::Edit, write)
    }

    /// What one writes into a comment, as a step of undo of its own.
    pub fn comment<R: Default>(self, write: impl FnOnce(&mut TransactionMut<'_>) -> R) -> R {
        self.write(Right::Comment, write)
    }

    fn write<R: Default>(
        self,
        needs: Right,
        write: impl FnOnce(&mut TransactionMut<'_>) -> R,
    ) -> R {
        if !self.demand(needs) {
            return R::default();
        }
        let core = self.core();
        core.borrow_mut().replica.stop_undo();
        let (answer, changes) = core.borrow_mut().replica.edit(write);
        self.draw(&changes);
        core.borrow_mut().replica.stop_undo();
        answer
    }

    /// An edit that belongs to the step of undo in hand.
    pub fn edit_more<R: Default>(self, write: impl FnOnce(&mut TransactionMut<'_>) -> R) -> R {
        if !self.demand(Right::Edit) {
            return R::default();
        }
        let (answer, changes) = self.core().borrow_mut().replica.edit(write);
        self.draw(&changes);
        answer
    }

    /// An edit of a text, which is its own way of writing; `None` without the right to.
    pub fn type_into(self, write: impl FnOnce(&mut Core) -> Changes) -> Option<Changes> {
        self.demand(Right::Edit).then(|| write(&mut self.core().borrow_mut()))
    }

    /// Takes back one's own last step.
    pub fn undo(self) {
        if !self.demand(Right::Edit) {
            return;
        }
        let changes = self.core().borrow_mut().replica.undo();
        match changes {
            Some(changes) => self.draw(&changes),
            None => self.live.set("Nothing to undo".to_owned()),
        }
    }

    /// Does it again.
    pub fn redo(self) {
        if !self.demand(Right::Edit) {
            return;
        }
        let changes = self.core().borrow_mut().replica.redo();
        match changes {
            Some(changes) => self.draw(&changes),
            None => self.live.set("Nothing to redo".to_owned()),
        }
    }
}
