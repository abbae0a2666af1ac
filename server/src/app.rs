//! The server put together: what every handler and task works with, and its beginning and end.

use std::error::Error;
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use gesso_media::{Programs, ToolRunner};
use gesso_protocol::catalog::{Catalog, CatalogError};
use gesso_protocol::ids::{CanvasId, WorkspaceId};
use gesso_protocol::schema::{Message, Outcome};
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::accounts::Accounts;
use crate::accounts::oidc::{IdentityProviders, OidcError};
use crate::assets::{AssetError, AssetLimits, Assets, Blobs};
use crate::canvas_assets::CanvasAssets;
use crate::clock::now_ms;
use crate::config::ServeOptions;
use crate::db::{Db, DbError};
use crate::events::Events;
use crate::failpoint::Failpoints;
use crate::http::body_budget::{Bodies, BodyLimits};
use crate::mentions::{self, MentionLimiter};
use crate::newcomers::Newcomers;
use crate::providers::Providers;
use crate::quotas::Quotas;
use crate::room::{RoomHooks, RoomLimits, Rooms};
use crate::run::{RunLimits, Runs, RunsSetup};
use crate::serve::limits::ConnectionLimits;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("the data folder {folder} cannot be used: {source}")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// Another server works in the data folder.
    #[error(
        "another Gesso works in the data folder {0}; stop it, or give this one a folder of its own with --data"
    )]
    Locked(String),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The assets.
    #[error(transparent)]
    Assets(#[from] AssetError),
    /// Sign-in with OpenID Connect.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The catalogue.
    #[error("{file}: {source}")]
    Catalog {
        /// The file.
        file: String,
        /// Why.
        source: CatalogError,
    },
    /// The price plan.
    #[error("{0}")]
    PricePlan(String),
}

/// Everything a handler works with.
#[derive(Clone)]
pub struct App {
    /// The settings.
    pub options: Arc<ServeOptions>,
    /// The database.
    pub db: Db,
    /// The bytes of assets.
    pub blobs: Blobs,
    /// Assets: their bytes and what is known of them.
    pub assets: Assets,
    /// The models.
    pub catalog: Arc<Catalog>,
    /// Who computes them.
    pub providers: Providers,
    /// The open canvases.
    pub rooms: Rooms,
    /// The runs.
    pub runs: Runs,
    /// The workspace's notices that the list changed.
    pub events: Events,
    /// Names and colours that were given to newcomers.
    pub newcomers: Arc<Newcomers>,
    /// The roles of people.
    pub access: Access,
    /// Sign-in.
    pub accounts: Arc<Accounts>,
    /// Those with which people may sign in.
    pub identity_providers: Arc<IdentityProviders>,
    /// How much one person and the workspace may use.
    pub quotas: Arc<Quotas>,
    /// Files of canvases, for guests.
    pub canvas_assets: Arc<CanvasAssets>,
    /// The memory that bodies of requests may take.
    pub bodies: Bodies,
    /// Limits of connections.
    pub connection_limits: ConnectionLimits,
    /// Tells everything to end.
    pub shutdown: CancellationToken,
    /// Held as long as the server works in the data folder.
    _lock: Arc<File>,
}

impl App {
    /// Opens everything and takes up the runs that were left.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: ServeOptions) -> Result<Self, StartError> {
        let providers = Providers::built_in(tools(&options.data)?);
        Self::start_with(options, providers, Failpoints::from_env()).await
    }

    /// The same with other providers, and with places where it can be killed.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_with(
        options: ServeOptions,
        providers: Providers,
        failpoints: Failpoints,
    ) -> Result<Self, StartError> {
        let identity_providers = IdentityProviders::read(options.oidc.as_deref())?;
        let catalog = Arc::new(load_catalog(&options)?);
        let lock = Arc::new(lock_folder(&options)?);
        tools(&options.data)?.sweep();
        let db = Db::open(options.database.as_deref(), &options.data).await?;
        db.grant_first(&WorkspaceId::default(), options.first_credits, now_ms()).await?;
        let asset_limits =
            AssetLimits { upload_bytes_max: options.upload_max_bytes, ..AssetLimits::default() };
        let blobs = Blobs::open(&options.data.join("assets"), tools(&options.data)?, asset_limits)?;
        let assets = Assets::new(blobs.clone(), db.clone());
        let events = Events::new();
        let shutdown = CancellationToken::new();
        let hooks =
            Arc::new(Hooks { db: db.clone(), events: events.clone(), mentions: Arc::default() });
        let rooms = Rooms::new(db.clone(), limits(&options), hooks);
        let runs = Runs::new(RunsSetup {
            db: db.clone(),
            rooms: rooms.clone(),
            blobs: blobs.clone(),
            providers: providers.clone(),
            catalog: Arc::clone(&catalog),
            events: events.clone(),
            limits: run_limits(&options),
            failpoints,
            shutdown: shutdown.clone(),
        });
        let (body_limits, connection_limits) = incoming_limits(&options);
        let app = Self {
            newcomers: Arc::default(),
            access: Access::new(db.clone(), options.needs_accounts()),
            accounts: Arc::default(),
            identity_providers: Arc::new(identity_providers),
            quotas: Arc::new(Quotas::of(&options)),
            canvas_assets: Arc::default(),
            bodies: Bodies::new(body_limits),
            connection_limits,
            options: Arc::new(options),
            db,
            blobs,
            assets,
            catalog,
            providers,
            rooms,
            runs,
            events,
            shutdown,
            _lock: lock,
        };
        let taken_up = app.runs.recover().await?;
        if taken_up > 0 {
            tracing::info!(runs = taken_up, "took up the runs that were left");
        }
        Ok(app)
    }

    /// Ends the work after [`Self::shutdown`] in order: runs are left where they stand, rooms are flushed, sockets are
    /// told to come back.
    pub async fn settle(&self) {
        self.runs.stopped().await;
        self.rooms.shutdown().await;
    }
}

impl axum::extract::FromRef<App> for Assets {
    fn from_ref(app: &App) -> Self {
        app.assets.clone()
    }
}

fn incoming_limits(options: &ServeOptions) -> (BodyLimits, ConnectionLimits) {
    let body = BodyLimits {
        held_bytes_max: options.bodies_max_bytes,
        person_bytes_max: options.bodies_person_max_bytes,
        stall: Duration::from_millis(options.body_stall_ms),
        ..BodyLimits::default()
    };
    let connections = ConnectionLimits {
        connections_max: options.connections_max,
        head: Duration::from_millis(options.head_ms),
        write_stall: Duration::from_millis(options.write_stall_ms),
        ..ConnectionLimits::default()
    };
    (body, connections)
}

fn limits(options: &ServeOptions) -> RoomLimits {
    RoomLimits {
        has_accounts: options.needs_accounts(),
        frame_max_bytes: options.frame_max_bytes,
        document_max_bytes: options.document_max_bytes,
        nodes_max: options.nodes_max,
        clients_max: options.clients_max,
        sockets_person_max: options.sockets_person_max,
        sockets_max: options.sockets_max,
        list_items_max: options.list_items_max,
        idle_ms: options.room_idle_ms,
        ..RoomLimits::default()
    }
}

fn run_limits(options: &ServeOptions) -> RunLimits {
    RunLimits {
        attempts_max: options.attempts_max,
        backoff_ms: options.backoff_ms,
        retry_after_max_ms: options.retry_after_max_ms,
        call_max_ms: options.call_max_ms,
        lease_ms: options.lease_ms,
        late_kept_ms: options.late_kept_ms,
    }
}

/// The program that vector pictures are drawn with, in processes that can be ended.
static DRAWER: OnceLock<PathBuf> = OnceLock::new();

/// Lets vector pictures be drawn by this program, which is Gesso's own, from now on; the first word counts.
pub fn draw_with(program: PathBuf) {
    DRAWER.get_or_init(|| program);
}

/// Where models work, inside the data folder.
///
/// # Errors
/// [`StartError::Folder`].
pub fn tools(data: &std::path::Path) -> Result<ToolRunner, StartError> {
    let mut programs = Programs::find();
    if let Some(drawer) = DRAWER.get() {
        programs = programs.with_own(drawer.clone());
    }
    ToolRunner::new(programs, &data.join("scratch")).map_err(|error| StartError::Folder {
        folder: data.display().to_string(),
        source: std::io::Error::other(error),
    })
}

/// A data folder belongs to one server: two would drive the same runs.
fn lock_folder(options: &ServeOptions) -> Result<File, StartError> {
    let folder = options.data.display().to_string();
    let failed = |source| StartError::Folder { folder: folder.clone(), source };
    std::fs::create_dir_all(&options.data).map_err(failed)?;
    let file = File::create(options.data.join("gesso.lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::Locked(folder)),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// The built-in models and those of a folder of TOML files.
///
/// # Errors
/// [`StartError::Folder`] and [`StartError::Catalog`].
pub fn catalog_with(folder: Option<&std::path::Path>) -> Result<Catalog, StartError> {
    let broken = |source| StartError::Catalog { file: "the studio's own".to_owned(), source };
    let mut catalog = Catalog::read(gesso_studio::models::CATALOG).map_err(broken)?;
    if let Some(folder) = folder {
        add_folder(&mut catalog, folder)?;
    }
    Ok(catalog)
}

fn load_catalog(options: &ServeOptions) -> Result<Catalog, StartError> {
    let mut catalog = catalog_with(options.catalog.as_deref())?;
    if let Some(plan) = &options.price_plan {
        catalog.choose_plan(plan).map_err(StartError::PricePlan)?;
    }
    Ok(catalog)
}

fn add_folder(catalog: &mut Catalog, folder: &std::path::Path) -> Result<(), StartError> {
    let failed = |source| StartError::Folder { folder: folder.display().to_string(), source };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .map_err(failed)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(failed)?;
        catalog
            .add_toml(&text)
            .map_err(|source| StartError::Catalog { file: file.display().to_string(), source })?;
    }
    Ok(())
}

struct Hooks {
    db: Db,
    events: Events,
    mentions: Arc<MentionLimiter>,
}

impl RoomHooks for Hooks {
    fn outcome<'a>(
        &'a self,
        canvas: &'a CanvasId,
        chosen: Vec<String>,
    ) -> BoxFuture<'a, Result<Outcome, Box<dyn Error + Send + Sync>>> {
        Box::pin(async move { Ok(self.db.outcome(canvas, &chosen).await?) })
    }

    fn said(&self, canvas: &CanvasId, thread: String, message: Message) {
        if message.mentions.is_empty() {
            return;
        }
        let (db, events, canvas) = (self.db.clone(), self.events.clone(), canvas.clone());
        let limiter = Arc::clone(&self.mentions);
        tokio::spawn(async move {
            if let Err(error) =
                mentions::tell(&db, &events, &limiter, &canvas, thread, message).await
            {
                tracing::error!(%error, canvas = canvas.as_str(), "somebody cannot be told of a mention");
            }
        });
    }

    fn edited(&self, canvas: &CanvasId) {
        self.events.changed(canvas);
    }
}
