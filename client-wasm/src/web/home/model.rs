//! State that the parts of the home page share.

use crate::core::rights;
use crate::web::http::{self, ApiError, Made};
use crate::web::nav::{Nav, use_nav};
use crate::web::ui::session::{Session, use_session};
use crate::web::ui::toast::Toasts;
use gesso_protocol::api::{CanvasBody, NewCanvas, TemplateBody};
use gesso_protocol::fold::fold;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::cmp::Reverse;

/// As many as the server gives at once.
pub(super) const LIST: &str = "/api/canvases?limit=1000";

/// In which order the canvases are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Changed,
    Created,
    Name,
}

impl Sort {
    pub(crate) const ALL: [Self; 3] = [Self::Changed, Self::Created, Self::Name];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Changed => "Last changed",
            Self::Created => "Newest",
            Self::Name => "Name",
        }
    }

    pub(super) fn apply(self, list: &mut [CanvasBody]) {
        match self {
            Self::Changed => list.sort_by_key(|canvas| Reverse(canvas.updated_at)),
            Self::Created => list.sort_by_key(|canvas| Reverse(canvas.created_at)),
            Self::Name => list.sort_by_cached_key(|canvas| fold(&canvas.name)),
        }
    }
}

/// Everything the parts of the page share.
#[derive(Clone, Copy)]
pub(super) struct Home {
    pub(super) nav: Nav,
    pub(super) toasts: Toasts,
    pub(super) session: Session,
    /// True if this person may make canvases.
    pub(super) makes: Memo<bool>,
    /// `None` until the first answer.
    pub(super) canvases: RwSignal<Option<Vec<CanvasBody>>>,
    /// Why the list is not up to date.
    pub(super) stale: RwSignal<Option<String>>,
    pub(super) templates: RwSignal<Vec<TemplateBody>>,
    pub(super) open: RwSignal<Option<Open>>,
    pub(super) busy: RwSignal<bool>,
    pub(super) asking: StoredValue<bool>,
}

impl Home {
    pub(super) fn new() -> Self {
        let session = use_session();
        Self {
            nav: use_nav(),
            toasts: expect_context::<Toasts>(),
            session,
            makes: Memo::new(move |_| {
                let role = session.me.with(|me| Some(me.as_ref()?.account.as_ref()?.role));
                rights::makes(role)
            }),
            canvases: RwSignal::new(None),
            stale: RwSignal::new(None),
            templates: RwSignal::default(),
            open: RwSignal::new(None),
            busy: RwSignal::new(false),
            asking: StoredValue::new(false),
        }
    }

    /// Asks for the list, one question at a time.
    pub(super) fn refresh(self) {
        if self.asking.try_get_value() != Some(false) {
            return;
        }
        self.asking.set_value(true);
        spawn_local(async move {
            let answer = http::list::<CanvasBody>(LIST).await;
            // The page may have been left meanwhile.
            if self.asking.try_set_value(false).is_some() {
                return;
            }
            match answer {
                Ok(list) => {
                    self.stale.set(None);
                    if self.canvases.with_untracked(|old| old.as_ref() != Some(&list)) {
                        self.canvases.set(Some(list));
                    }
                }
                Err(error) => self.stale.set(Some(error.detail)),
            }
        });
    }

    pub(super) fn create(self) {
        self.make(async move { http::post("/api/canvases", &NewCanvas::default()).await });
    }

    pub(super) fn use_template(self, id: &str) {
        let path = format!("/api/templates/{id}/use");
        self.make(async move { http::post(&path, &http::nothing()).await });
    }

    /// Makes a copy and stays; the copy comes up in the list.
    pub(super) fn duplicate(self, canvas: &CanvasBody) {
        let path = format!("/api/canvases/{}/duplicate", canvas.id);
        let name = canvas.name.clone();
        spawn_local(async move {
            match http::post::<Made>(&path, &http::nothing()).await {
                Ok(made) => {
                    let open = Callback::new(move |()| self.nav.go(&format!("/c/{}", made.id)));
                    self.toasts.act(
                        "duplicate",
                        &format!("“{name}” is copied."),
                        "Open the copy",
                        open,
                    );
                    self.refresh();
                }
                Err(error) => self.toasts.bad(&error.detail),
            }
        });
    }

    /// Makes one canvas and goes there; a second click meanwhile makes no second one.
    pub(super) fn make(self, made: impl Future<Output = Result<Made, ApiError>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        spawn_local(async move {
            match made.await {
                Ok(made) => self.nav.go(&format!("/c/{}", made.id)),
                Err(error) => self.toasts.bad(&error.detail),
            }
            // Gone with the page where it worked.
            let _gone = self.busy.try_set(false);
        });
    }
}

/// Which dialog is open.
#[derive(Clone, Debug)]
pub(super) enum Open {
    /// All templates.
    Templates,
    /// Name and description of a canvas.
    Rename(CanvasBody),
    /// The question whether a canvas is to be deleted.
    Delete(CanvasBody),
}
