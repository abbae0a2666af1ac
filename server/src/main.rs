//! The `gesso` command.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use gesso_media::serve_drawing;
use gesso_protocol::ids::WorkspaceId;
use gesso_server::accounts::{commands, first_owner_link};
use gesso_server::app::{App, draw_with};
use gesso_server::clock::now_ms;
use gesso_server::config::{
    Cli, Command, CreditsCommand, DoctorOptions, GrantOptions, LogFormat, ServeOptions,
};
use gesso_server::db::Db;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// After how many seconds a server that was told to stop ends in any case.
const STOP_S: u64 = 9;
/// Exit code of the program when it was told to stop twice.
const TOLD_TWICE: i32 = 130;
/// The most open files that are asked for.
#[cfg(unix)]
const OPEN_FILES: u64 = 65_536;
/// Number of open files that connections leave to everything else.
const OWN_FILES: u64 = 256;

/// Gives memory back to the system soon after rooms, pictures and answers are done with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the log tells if nobody says otherwise: targets and their levels.
const LOG_FILTER: &str = "warn,gesso_server=info";

/// Sends the log to standard error. `GESSO_LOG` names targets and levels, like [`LOG_FILTER`].
///
/// # Errors
/// When the variable cannot be read.
fn init_log(format: LogFormat) -> Result<(), String> {
    let wanted = std::env::var("GESSO_LOG").ok().filter(|text| !text.trim().is_empty());
    let filter: Targets = wanted.as_deref().unwrap_or(LOG_FILTER).parse().map_err(|error| {
        format!(
            "GESSO_LOG cannot be read ({error}); write a level, or targets with one: {LOG_FILTER}"
        )
    })?;
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log = match format {
        LogFormat::Text => log.with_filter(filter).boxed(),
        LogFormat::Json => log.json().flatten_event(true).with_filter(filter).boxed(),
    };
    tracing_subscriber::registry().with(log).init();
    Ok(())
}

fn main() -> ExitCode {
    let cli = Cli::read();
    if let Some(Command::DrawSvg { width }) = cli.command {
        let drawn = serve_drawing(width, std::io::stdin().lock(), std::io::stdout().lock());
        return if drawn.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if let Err(error) = init_log(cli.log_format) {
        // There is no log yet. Without standard error nobody can be told.
        writeln!(std::io::stderr(), "{error}").ok();
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Some(Command::Serve(options)) => serve(*options).await,
            Some(Command::Credits(CreditsCommand::Grant(options))) => grant(options).await,
            Some(Command::Doctor(options)) => doctor(&options).await,
            Some(Command::User(command)) => print(commands::user(command).await),
            Some(Command::Token(command)) => print(commands::token(command).await),
            // Answered above, without any of this.
            Some(Command::DrawSvg { .. }) => Ok(()),
            None => serve(cli.serve).await,
        }
    });
    // Work that nobody can interrupt, such as the drawing of a picture, is not waited for.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) -> ExitCode {
    tracing::error!("{error}");
    ExitCode::FAILURE
}

/// Works beside a running server: the database takes one writer at a time and each waits for its turn.
async fn grant(options: GrantOptions) -> Result<(), Box<dyn std::error::Error>> {
    let file = options.data.join("gesso.db");
    if options.database.is_none() && !file.exists() {
        return Err(format!(
            "there is no database in {}. Name the server's folder with --data, or start the server once.",
            options.data.display()
        )
        .into());
    }
    let db = Db::open(options.database.as_deref(), &options.data).await?;
    let workspace = WorkspaceId::new(options.workspace.as_str());
    if db.workspace(&workspace).await?.is_none() {
        return Err(format!(
            "there is no workspace {workspace}. GET /api/workspaces tells the ids of yours."
        )
        .into());
    }
    let credits = db.grant(&workspace, options.amount, &options.note, now_ms()).await?;
    db.close().await;
    writeln!(
        std::io::stdout(),
        "balance {} credits, {} of them held",
        credits.balance,
        credits.held
    )?;
    Ok(())
}

/// Prints what a command answers.
fn print(
    done: Result<String, Box<dyn std::error::Error>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let text = done?;
    write!(std::io::stdout(), "{text}")?;
    Ok(())
}

/// Ends well where everything is there, so that a script may ask.
async fn doctor(options: &DoctorOptions) -> Result<(), Box<dyn std::error::Error>> {
    let report = gesso_server::doctor::examine(options).await?;
    write!(std::io::stdout(), "{}", report.text)?;
    if report.well { Ok(()) } else { Err("Something is missing: see the lines with --.".into()) }
}

async fn serve(mut options: ServeOptions) -> Result<(), Box<dyn std::error::Error>> {
    let stop = stop_signal()?;
    if let Some(files) = raise_open_files() {
        // Connections leave a part of them to the database, the assets and programs.
        let free = files.saturating_sub(OWN_FILES).max(files / 2);
        options.connections_max = options.connections_max.min(usize::try_from(free)?);
    }
    if let Some(program) = own_program() {
        draw_with(program);
    }
    let open = options.open;
    let listen = options.listen;
    let app = App::start(options).await?;
    let listener = match tokio::net::TcpListener::bind(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            return Err(format!(
                "cannot listen on {listen}: {error}. Choose another address with --listen."
            )
            .into());
        }
    };
    let listens = listener.local_addr()?;
    let scheme = if app.options.tls_cert.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{listens}");
    let mut out = std::io::stdout();
    writeln!(out, "listening on {url}")?;
    if let Some(link) = first_owner_link(&app.db, &app.options, listens).await? {
        writeln!(out, "nobody has an account yet: create the owner's at {link}")?;
    }
    out.flush()?;
    if open {
        open_browser(&url);
    }
    gesso_server::serve(app, listener, stop.cancelled_owned()).await?;
    Ok(())
}

/// This very program, also after its file was replaced by a newer one.
fn own_program() -> Option<PathBuf> {
    let running = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    if running.exists() { Some(running) } else { std::env::current_exe().ok() }
}

fn open_browser(url: &str) {
    let command = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if let Err(error) = std::process::Command::new(command).arg(url).spawn() {
        tracing::warn!(%error, "the browser cannot be opened; open {url} yourself");
    }
}

/// Tells of the first signal to stop; after it a second one, or [`STOP_S`] seconds, end the program where it stands.
/// This has a thread of its own, so that it works however busy all others are.
fn stop_signal() -> Result<CancellationToken, Box<dyn std::error::Error>> {
    let stop = CancellationToken::new();
    let told = stop.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Heard from here on, not only once the thread has come that far.
    let mut signals = {
        let _context = runtime.enter();
        Signals::listen()?
    };
    let watch = move || {
        let code = runtime.block_on(async move {
            signals.next().await;
            told.cancel();
            tokio::select! {
                () = signals.next() => {
                    tracing::warn!("told to stop twice: ending at once");
                    TOLD_TWICE
                }
                () = tokio::time::sleep(Duration::from_secs(STOP_S)) => {
                    tracing::error!("could not stop in order within {STOP_S} s: ending at once");
                    1
                }
            }
        });
        std::process::exit(code);
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(watch)?;
    Ok(stop)
}

/// Ctrl-C, and the signal that service managers and containers send.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Lets the process have as many open files as the system allows it; answers how many, where there is a bound.
#[cfg(unix)]
fn raise_open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(OPEN_FILES).min(OPEN_FILES);
    let current = limit.current?;
    if current >= wanted {
        return Some(current);
    }
    let raised = Rlimit { current: Some(wanted), maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => Some(wanted),
        Err(error) => {
            tracing::warn!(%error, "no more than {current} files can be open");
            Some(current)
        }
    }
}

#[cfg(not(unix))]
fn raise_open_files() -> Option<u64> {
    None
}
