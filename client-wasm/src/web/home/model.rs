//! State that the parts of the home page share.

use super::workspaces::Workspaces;
use crate::core::rights;
use crate::web::http::{self, ApiError, Made};
use crate::web::nav::{Nav, use_nav};
use crate::web::ui::session::{Session, use_session};
use crate::web::ui::toast::Toasts;
use gesso_protocol::api::accounts::WorkspaceBody;
use gesso_protocol::api::{CanvasBody, Credits, NewCanvas, TemplateBody};
use gesso_protocol::fold::fold;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::cmp::Reverse;

/// As many as the server gives at once.
const LIST: &str = "/api/canvases?limit=1000";

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
    /// The workspaces one is in.
    pub(super) workspaces: Workspaces,
    /// True if this person may make canvases in the workspace that is shown.
    pub(super) makes: Memo<bool>,
    /// `None` until the first answer.
    pub(super) canvases: RwSignal<Option<Vec<CanvasBody>>>,
    /// Why the list is not up to date.
    pub(super) stale: RwSignal<Option<String>>,
    /// The credits of the workspace that is shown.
    pub(super) credits: RwSignal<Option<Credits>>,
    pub(super) templates: RwSignal<Vec<TemplateBody>>,
    pub(super) open: RwSignal<Option<Open>>,
    pub(super) busy: RwSignal<bool>,
    pub(super) asking: StoredValue<bool>,
}

impl Home {
    pub(super) fn new() -> Self {
        let session = use_session();
        let workspaces = Workspaces::new(session);
        Self {
            nav: use_nav(),
            toasts: expect_context::<Toasts>(),
            session,
            workspaces,
            makes: Memo::new(move |_| rights::makes(workspaces.role())),
            canvases: RwSignal::new(None),
            stale: RwSignal::new(None),
            credits: RwSignal::new(None),
            templates: RwSignal::default(),
            open: RwSignal::new(None),
            busy: RwSignal::new(false),
            asking: StoredValue::new(false),
        }
    }

    /// The path of the list: all that one may see where they are of one workspace.
    fn list_path(self) -> String {
        if self.workspaces.are_several() { self.workspaces.at(LIST) } else { LIST.to_owned() }
    }

    /// Asks for the list and the credits, one question at a time.
    pub(super) fn refresh(self) {
        if self.asking.try_get_value() != Some(false) {
            return;
        }
        self.asking.set_value(true);
        spawn_local(async move {
            self.workspaces.look_once().await;
            self.refresh_credits();
            let answer = loop {
                let path = self.list_path();
                let answer = http::list::<CanvasBody>(&path).await;
                // Another workspace may have been chosen meanwhile.
                if self.list_path() == path || self.asking.try_get_value().is_none() {
                    break answer;
                }
            };
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
                Err(error) => {
                    if error.status == 404 {
                        // One may be in this workspace no more.
                        self.workspaces.look().await;
                    }
                    self.stale.try_set(Some(error.detail));
                }
            }
        });
    }

    fn refresh_credits(self) {
        spawn_local(async move {
            let path = self.workspaces.at("/api/credits");
            let answer = http::get::<Credits>(&path).await;
            // Another workspace may have been chosen meanwhile.
            if let Ok(now) = answer
                && path == self.workspaces.at("/api/credits")
            {
                self.credits.try_set(Some(now));
            }
        });
    }

    /// Another workspace was chosen: nothing of the one before stays.
    pub(super) fn moved(self) {
        self.canvases.set(None);
        self.credits.set(None);
        if self.asking.get_value() {
            self.refresh_credits();
        } else {
            self.refresh();
        }
    }

    /// A new canvas, in the workspace that is shown.
    fn fresh(self) -> NewCanvas {
        NewCanvas { workspace: self.workspaces.id(), ..NewCanvas::default() }
    }

    pub(super) fn create(self) {
        let new = self.fresh();
        self.make(async move { http::post("/api/canvases", &new).await });
    }

    pub(super) fn use_template(self, id: &str) {
        let (path, new) = (format!("/api/templates/{id}/use"), self.fresh());
        self.make(async move { http::post(&path, &new).await });
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
    /// The name of a workspace, or of a new one.
    Workspace(Option<WorkspaceBody>),
}
