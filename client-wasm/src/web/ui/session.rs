//! Who is signed in; every page finds it in its context.

use std::time::Duration;

use gesso_protocol::api::Me;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::web::http;
use crate::web::nav::take_sign_in_ending;

/// A page is shown after so long, even where the server has not said yet who asks: it may not be reached.
const PATIENCE: Duration = Duration::from_millis(400);

/// What is known of whoever is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The server was asked and has not answered.
    Asking,
    /// They may use the pages, as far as is known.
    In,
    /// Nobody is signed in.
    Out,
}

/// The handle.
#[derive(Clone, Copy)]
pub struct Session {
    /// Oneself; `None` until the server has said so.
    pub me: RwSignal<Option<Me>>,
    door: RwSignal<Door>,
    /// What is to be told of a sign-in with a provider that did not work.
    ending: RwSignal<Option<&'static str>>,
}

impl Session {
    /// Asks the server, and hears of every answer that says that nobody is signed in.
    pub fn new() -> Self {
        let session = Self {
            me: RwSignal::new(None),
            door: RwSignal::new(Door::Asking),
            ending: RwSignal::new(take_sign_in_ending()),
        };
        http::on_unauthorized(move || session.left());
        spawn_local(session.look());
        set_timeout(move || session.open(), PATIENCE);
        session
    }

    /// What is known; tracked.
    pub fn door(self) -> Door {
        self.door.get()
    }

    /// What is to be told of a sign-in with a provider that did not work, once.
    pub fn take_ending(self) -> Option<&'static str> {
        self.ending.try_update_untracked(Option::take).flatten()
    }

    /// True if whoever is here has an account; tracked.
    pub fn has_account(self) -> bool {
        self.me.with(|me| me.as_ref().is_some_and(|me| me.account.is_some()))
    }

    /// Asks who is here, also after somebody signed in.
    pub async fn look(self) {
        match http::get::<Me>("/api/me").await {
            Ok(me) => {
                self.me.set(Some(me));
                self.door.set(Door::In);
            }
            // Nobody is signed in, and that was heard already.
            Err(error) if error.status == 401 => {}
            Err(_) => self.open(),
        }
    }

    /// Nobody is signed in any more: whatever page is open gives way to the one that asks for it.
    pub fn left(self) {
        // Who it was is known until somebody else is here: what their page keeps now is theirs.
        if self.door.get_untracked() != Door::Out {
            self.door.set(Door::Out);
        }
    }

    /// Signs out on this device.
    ///
    /// # Errors
    /// The sentence that says why it did not work.
    pub async fn sign_out(self) -> Result<(), String> {
        match http::delete("/api/session").await {
            Err(error) if error.status != 401 => Err(error.detail),
            Ok(()) | Err(_) => {
                self.left();
                Ok(())
            }
        }
    }

    fn open(self) {
        if self.door.get_untracked() == Door::Asking {
            self.door.set(Door::In);
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

/// The session of this page.
pub fn use_session() -> Session {
    expect_context::<Session>()
}
