//! The `gesso` command.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use gesso_server::app::App;
use gesso_server::clock::now_ms;
use gesso_server::config::{
    Cli, Command, CreditsCommand, DoctorOptions, GrantOptions, ServeOptions,
};
use gesso_server::db::Db;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("GESSO_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,gesso_server=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Some(Command::Serve(options)) => serve(options).await,
            Some(Command::Credits(CreditsCommand::Grant(options))) => grant(options).await,
            Some(Command::Doctor(options)) => doctor(&options),
            None => serve(cli.serve).await,
        }
    });
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
    let credits = db.grant(options.amount, &options.note, now_ms()).await?;
    db.close().await;
    writeln!(
        std::io::stdout(),
        "balance {} credits, {} of them held",
        credits.balance,
        credits.held
    )?;
    Ok(())
}

/// Ends well where everything is there, so that a script may ask.
fn doctor(options: &DoctorOptions) -> Result<(), Box<dyn std::error::Error>> {
    let report = gesso_server::doctor::examine(options)?;
    write!(std::io::stdout(), "{}", report.text)?;
    if report.well { Ok(()) } else { Err("Something is missing: see the lines with --.".into()) }
}

async fn serve(options: ServeOptions) -> Result<(), Box<dyn std::error::Error>> {
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
    let url = format!("http://{}", listener.local_addr()?);
    let mut out = std::io::stdout();
    writeln!(out, "listening on {url}")?;
    out.flush()?;
    if open {
        open_browser(&url);
    }
    gesso_server::serve(app, listener, stop_signal()).await?;
    Ok(())
}

fn open_browser(url: &str) {
    let command = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if let Err(error) = std::process::Command::new(command).arg(url).spawn() {
        tracing::warn!(%error, "the browser cannot be opened; open {url} yourself");
    }
}

/// Ends on Ctrl-C and on the signal that service managers and containers send.
async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
