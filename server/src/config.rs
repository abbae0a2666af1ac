//! Settings of the server. Every option is also an environment variable `GESSO_…`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use gesso_protocol::pricing::Money;

use crate::defaults;

/// The most credits of one grant.
const GRANT_MAX: Money = Money(1_000_000_000_000);

/// A self-hosted canvas where a team works live, together.
#[derive(Debug, Parser)]
#[command(name = "gesso", version, about)]
pub struct Cli {
    /// The command; `serve` where none is named.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Format of the log.
    #[arg(long, env = "GESSO_LOG_FORMAT", global = true, value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// Options of `serve`.
    #[command(flatten)]
    pub serve: ServeOptions,
}

impl Cli {
    /// Reads the command line of this process. An option of `serve` in front of another command would be that of
    /// nobody: it is refused, as everything is that cannot be read, which ends the process.
    pub fn read() -> Self {
        match Self::try_read(std::env::args_os()) {
            Ok(cli) => cli,
            Err(error) => error.exit(),
        }
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub fn try_read(
        args: impl IntoIterator<Item = impl Into<std::ffi::OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let matches = command.clone().try_get_matches_from(args)?;
        if let Some(name) = matches.subcommand_name() {
            let is_given = |arg: &&Arg| {
                let source = matches.value_source(arg.get_id().as_str());
                source == Some(ValueSource::CommandLine) && !arg.is_global_set()
            };
            let given = command.get_arguments().find(is_given).and_then(Arg::get_long);
            let what = given.map(|option| {
                format!("--{option} belongs behind the command: gesso {name} --{option} …")
            });
            if let Some(what) = what {
                return Err(command.error(ErrorKind::ArgumentConflict, what));
            }
        }
        Self::from_arg_matches(&matches)
    }
}

/// Format of the log. Its lines name the canvas, the run or the invocation they are about, as a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// The commands of the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves canvases (the default).
    Serve(Box<ServeOptions>),
    /// The workspace's credits.
    #[command(subcommand)]
    Credits(CreditsCommand),
    /// Tells what is usable here, what is missing and how to get it.
    Doctor(DoctorOptions),
    /// Draws a vector picture; the server calls itself so, to be able to end it.
    #[command(hide = true, name = gesso_media::DRAW_ARGUMENT)]
    DrawSvg {
        /// Width in pixels; 0 asks for the size.
        width: u32,
    },
}

/// Options of `gesso doctor`.
#[derive(Clone, Debug, Args)]
pub struct DoctorOptions {
    /// The folder of the database and the assets.
    #[arg(long, env = "GESSO_DATA", default_value = "./data")]
    pub data: PathBuf,
    /// A folder of TOML files with further models.
    #[arg(long, env = "GESSO_CATALOG")]
    pub catalog: Option<PathBuf>,
    /// The PostgreSQL database, where the server uses one.
    #[arg(long, env = "GESSO_DATABASE")]
    pub database: Option<String>,
    /// Writes the bytes of damaged canvases that were set aside into this folder.
    #[arg(long)]
    pub save_damaged: Option<PathBuf>,
}

/// The commands on credits.
#[derive(Debug, Subcommand)]
pub enum CreditsCommand {
    /// Adds credits, also while the server runs, and prints the new balance.
    Grant(GrantOptions),
}

/// Options of `gesso credits grant`.
#[derive(Clone, Debug, Args)]
pub struct GrantOptions {
    /// Number of credits, with at most three decimals.
    #[arg(value_parser = grant, allow_negative_numbers = true)]
    pub amount: Money,
    /// Why, as the ledger shows it.
    #[arg(long, default_value = "granted")]
    pub note: String,
    /// The folder of the database.
    #[arg(long, env = "GESSO_DATA", default_value = "./data")]
    pub data: PathBuf,
    /// The PostgreSQL database, where the server uses one.
    #[arg(long, env = "GESSO_DATABASE")]
    pub database: Option<String>,
}

/// Options of `gesso serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeOptions {
    /// Where to listen. Anything but a loopback address needs accounts.
    #[arg(long, env = "GESSO_LISTEN", default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,
    /// The folder of the database and the assets.
    #[arg(long, env = "GESSO_DATA", default_value = "./data")]
    pub data: PathBuf,
    /// A PostgreSQL database instead of SQLite in the data folder.
    #[arg(long, env = "GESSO_DATABASE")]
    pub database: Option<String>,
    /// A folder of TOML files with further models.
    #[arg(long, env = "GESSO_CATALOG")]
    pub catalog: Option<PathBuf>,
    /// The price plan of the workspace: one of the catalogue's `[[plans]]`.
    #[arg(long, env = "GESSO_PRICE_PLAN")]
    pub price_plan: Option<String>,
    /// The address people reach the server at, where it differs from the one it listens on.
    #[arg(long, env = "GESSO_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Opens the browser once the server listens.
    #[arg(long, env = "GESSO_OPEN", default_value_t = false)]
    pub open: bool,
    /// The largest file that can be uploaded, in bytes.
    #[arg(long, env = "GESSO_UPLOAD_MAX_BYTES", default_value_t = defaults::assets::UPLOAD_BYTES_MAX)]
    pub upload_max_bytes: u64,
    /// The most connections at once. Where the machine allows fewer open files it is less.
    #[arg(long, env = "GESSO_CONNECTIONS_MAX", default_value_t = defaults::connections::CONNECTIONS_MAX)]
    pub connections_max: usize,
    /// Most time the head of a request may take, and a connection may wait for its next request, in ms.
    #[arg(long, env = "GESSO_HEAD_MS", default_value_t = ms(defaults::connections::HEAD))]
    pub head_ms: u64,
    /// Most time the body of a request may stand still, in ms.
    #[arg(long, env = "GESSO_BODY_STALL_MS", default_value_t = ms(defaults::bodies::STALL))]
    pub body_stall_ms: u64,
    /// Most time the other side may take nothing of an answer, in ms.
    #[arg(long, env = "GESSO_WRITE_STALL_MS", default_value_t = ms(defaults::connections::WRITE_STALL))]
    pub write_stall_ms: u64,
    /// The memory that bodies of requests may take at once, in bytes. A file that is uploaded takes none.
    #[arg(long, env = "GESSO_BODIES_MAX_BYTES", default_value_t = defaults::bodies::HELD_BYTES_MAX)]
    pub bodies_max_bytes: usize,
    /// The part of it that one person may take.
    #[arg(long, env = "GESSO_BODIES_PERSON_MAX_BYTES", default_value_t = defaults::bodies::PERSON_BYTES_MAX)]
    pub bodies_person_max_bytes: usize,
    /// The credits a new workspace starts with.
    #[arg(long, env = "GESSO_FIRST_CREDITS", default_value = "10000", value_parser = credits)]
    pub first_credits: Money,
    /// The largest WebSocket frame, in bytes.
    #[arg(long, env = "GESSO_FRAME_MAX_BYTES", default_value_t = defaults::rooms::FRAME_MAX_BYTES)]
    pub frame_max_bytes: usize,
    /// The largest document, in encoded bytes.
    #[arg(long, env = "GESSO_DOCUMENT_MAX_BYTES", default_value_t = defaults::rooms::DOCUMENT_MAX_BYTES)]
    pub document_max_bytes: usize,
    /// The most nodes of a canvas.
    #[arg(long, env = "GESSO_NODES_MAX", default_value_t = defaults::rooms::NODES_MAX)]
    pub nodes_max: usize,
    /// The most connections of a canvas.
    #[arg(long, env = "GESSO_CLIENTS_MAX", default_value_t = defaults::rooms::CLIENTS_MAX)]
    pub clients_max: usize,
    /// The most connections of one person.
    #[arg(long, env = "GESSO_SOCKETS_PERSON_MAX", default_value_t = defaults::rooms::SOCKETS_PERSON_MAX)]
    pub sockets_person_max: usize,
    /// The most connections of the server.
    #[arg(long, env = "GESSO_SOCKETS_MAX", default_value_t = defaults::rooms::SOCKETS_MAX)]
    pub sockets_max: usize,
    /// The most items of one list of a document.
    #[arg(long, env = "GESSO_LIST_ITEMS_MAX", default_value_t = defaults::rooms::LIST_ITEMS_MAX)]
    pub list_items_max: usize,
    /// Number of times a call of a model is tried in all.
    #[arg(long, env = "GESSO_ATTEMPTS_MAX", default_value_t = defaults::runs::ATTEMPTS_MAX)]
    pub attempts_max: u32,
    /// Time before a call is tried again, in ms; twice as long before each further attempt.
    #[arg(long, env = "GESSO_BACKOFF_MS", default_value_t = defaults::runs::BACKOFF_MS)]
    pub backoff_ms: u64,
    /// The longest that a provider can have a call wait, in ms.
    #[arg(long, env = "GESSO_RETRY_AFTER_MAX_MS", default_value_t = defaults::runs::RETRY_AFTER_MAX_MS)]
    pub retry_after_max_ms: u64,
    /// Most time one call of a model may take, in ms.
    #[arg(long, env = "GESSO_CALL_MAX_MS", default_value_t = defaults::runs::CALL_MAX_MS)]
    pub call_max_ms: u64,
    /// Time a run stays with a server that gives no sign of life, in ms; then another one takes it up.
    #[arg(long, env = "GESSO_LEASE_MS", default_value_t = defaults::runs::LEASE_MS,
          value_parser = clap::value_parser!(i64).range(1_000..))]
    pub lease_ms: i64,
    /// Time the result of a call that was stopped is kept aside, in ms.
    #[arg(long, env = "GESSO_LATE_KEPT_MS", default_value_t = defaults::runs::LATE_KEPT_MS,
          value_parser = clap::value_parser!(i64).range(0..))]
    pub late_kept_ms: i64,
    /// Time a canvas nobody has open stays in memory, in ms.
    #[arg(long, env = "GESSO_ROOM_IDLE_MS", default_value_t = defaults::rooms::IDLE_MS)]
    pub room_idle_ms: u64,
}

const fn ms(time: Duration) -> u64 {
    time.as_millis() as u64
}

fn credits(text: &str) -> Result<Money, String> {
    match Money::parse(text) {
        Some(money) if money >= Money::ZERO => Ok(money),
        _ => Err("credits are a number of at least 0 with at most three decimals".to_owned()),
    }
}

fn grant(text: &str) -> Result<Money, String> {
    match Money::parse(text) {
        Some(money) if money > Money::ZERO && money <= GRANT_MAX => Ok(money),
        _ => Err(format!(
            "a grant is a number of credits above 0, at most {GRANT_MAX}, with at most three decimals"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_in_front_of_another_command_is_refused() {
        for line in ["--data /x serve", "--data /x credits grant 7", "--listen 127.0.0.1:1 doctor"]
        {
            let line = format!("gesso {line}");
            let error = Cli::try_read(line.split(' ')).unwrap_err().to_string();
            assert!(error.contains("belongs behind the command"), "{line}: {error}");
        }
        for line in
            ["", "--data /x", "serve --data /x", "--log-format json serve", "doctor --data /x"]
        {
            let line = format!("gesso {line}");
            let cli = Cli::try_read(line.split_whitespace()).unwrap();
            let data = match &cli.command {
                Some(Command::Serve(options)) => options.data.clone(),
                _ => cli.serve.data.clone(),
            };
            let is_given = line.contains("gesso --data") || line.contains("serve --data");
            assert_eq!(data == std::path::Path::new("/x"), is_given, "{line}");
        }
    }
}
