//! Settings of the server. Every option is also an environment variable `GESSO_…`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use gesso_protocol::pricing::Money;

/// The most credits of one grant.
const GRANT_MAX: Money = Money(1_000_000_000_000);

/// A self-hosted canvas where a team works live, together.
#[derive(Debug, Parser)]
#[command(name = "gesso", version, about)]
pub struct Cli {
    /// What to do; `serve` where nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of `serve`.
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves canvases (the default).
    Serve(ServeOptions),
    /// The workspace's credits.
    #[command(subcommand)]
    Credits(CreditsCommand),
    /// Tells what is usable here, what is missing and how to get it.
    Doctor(DoctorOptions),
    /// Draws a vector picture; the server calls itself so, to be able to end it.
    #[command(hide = true, name = gesso_media::DRAW_ARGUMENT)]
    DrawSvg {
        /// How wide, in pixels; 0 asks for the size.
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

/// What can be done with credits.
#[derive(Debug, Subcommand)]
pub enum CreditsCommand {
    /// Adds credits, also while the server runs, and prints the new balance.
    Grant(GrantOptions),
}

/// Options of `gesso credits grant`.
#[derive(Clone, Debug, Args)]
pub struct GrantOptions {
    /// How many, with at most three decimals.
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
    #[arg(long, env = "GESSO_UPLOAD_MAX_BYTES", default_value_t = 256 * 1024 * 1024)]
    pub upload_max_bytes: u64,
    /// The most connections at once. Where the machine allows fewer open files it is less.
    #[arg(long, env = "GESSO_CONNECTIONS_MAX", default_value_t = 4_096)]
    pub connections_max: usize,
    /// How long the head of a request may take, and how long a connection may wait for its next one, in ms.
    #[arg(long, env = "GESSO_HEAD_MS", default_value_t = 20_000)]
    pub head_ms: u64,
    /// How long the body of a request may stand still, in ms.
    #[arg(long, env = "GESSO_BODY_STALL_MS", default_value_t = 20_000)]
    pub body_stall_ms: u64,
    /// How long the other side may take nothing of an answer, in ms.
    #[arg(long, env = "GESSO_WRITE_STALL_MS", default_value_t = 60_000)]
    pub write_stall_ms: u64,
    /// The memory that bodies of requests may take at once, in bytes. A file that is uploaded takes none.
    #[arg(long, env = "GESSO_BODIES_MAX_BYTES", default_value_t = 384 * 1024 * 1024)]
    pub bodies_max_bytes: usize,
    /// The part of it that one person may take.
    #[arg(long, env = "GESSO_BODIES_PERSON_MAX_BYTES", default_value_t = 160 * 1024 * 1024)]
    pub bodies_person_max_bytes: usize,
    /// The credits a new workspace starts with.
    #[arg(long, env = "GESSO_FIRST_CREDITS", default_value = "10000", value_parser = credits)]
    pub first_credits: Money,
    /// The largest WebSocket frame, in bytes.
    #[arg(long, env = "GESSO_FRAME_MAX_BYTES", default_value_t = 4 * 1024 * 1024)]
    pub frame_max_bytes: usize,
    /// The largest document, in encoded bytes.
    #[arg(long, env = "GESSO_DOCUMENT_MAX_BYTES", default_value_t = 256 * 1024 * 1024)]
    pub document_max_bytes: usize,
    /// The most nodes of a canvas.
    #[arg(long, env = "GESSO_NODES_MAX", default_value_t = 20_000)]
    pub nodes_max: usize,
    /// The most connections of a canvas.
    #[arg(long, env = "GESSO_CLIENTS_MAX", default_value_t = 500)]
    pub clients_max: usize,
    /// The most connections of one person.
    #[arg(long, env = "GESSO_SOCKETS_PERSON_MAX", default_value_t = 1_000)]
    pub sockets_person_max: usize,
    /// The most connections of the server.
    #[arg(long, env = "GESSO_SOCKETS_MAX", default_value_t = 10_000)]
    pub sockets_max: usize,
    /// How long a canvas nobody has open stays in memory, in ms.
    #[arg(long, env = "GESSO_ROOM_IDLE_MS", default_value_t = 10_000)]
    pub room_idle_ms: u64,
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
