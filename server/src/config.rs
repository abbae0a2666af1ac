//! Settings of the server. Every option is also an environment variable `GESSO_…`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use gesso_protocol::api::accounts::{Scope, WorkspaceRole};
use gesso_protocol::pricing::Money;
use ipnet::IpNet;

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
    /// Credits of workspaces.
    #[command(subcommand)]
    Credits(CreditsCommand),
    /// People who sign in.
    #[command(subcommand)]
    User(UserCommand),
    /// API tokens.
    #[command(subcommand)]
    Token(TokenCommand),
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
    /// The id of the workspace.
    #[arg(long, default_value = "default")]
    pub workspace: String,
    /// The folder of the database.
    #[arg(long, env = "GESSO_DATA", default_value = "./data")]
    pub data: PathBuf,
    /// The PostgreSQL database, where the server uses one.
    #[arg(long, env = "GESSO_DATABASE")]
    pub database: Option<String>,
}

/// The database that a command works on, beside a running server.
#[derive(Clone, Debug, Args)]
pub struct DatabaseOptions {
    /// The folder of the database.
    #[arg(long, env = "GESSO_DATA", default_value = "./data")]
    pub data: PathBuf,
    /// The PostgreSQL database, where the server uses one.
    #[arg(long, env = "GESSO_DATABASE")]
    pub database: Option<String>,
}

/// The commands on people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Adds somebody who signs in with a password.
    Add {
        /// Their e-mail address.
        email: String,
        /// The name that others see.
        #[arg(long)]
        name: String,
        /// Their role in the workspace: owner, admin, member or guest.
        #[arg(long, default_value = "member", value_parser = workspace_role)]
        role: WorkspaceRole,
        /// Reads their password from standard input, up to the end of the line.
        #[arg(long, required = true)]
        password_stdin: bool,
        /// The database.
        #[command(flatten)]
        on: DatabaseOptions,
    },
    /// Lists everybody: address, role, name and whether they are disabled.
    List {
        /// The database.
        #[command(flatten)]
        on: DatabaseOptions,
    },
    /// Sets another password, and signs them out everywhere.
    Passwd {
        /// Their e-mail address.
        email: String,
        /// Reads the password from standard input, up to the end of the line; else a link that sets it is printed.
        #[arg(long)]
        password_stdin: bool,
        /// The address of the server, for the link.
        #[arg(long, env = "GESSO_PUBLIC_URL", default_value = "http://127.0.0.1:8787")]
        public_url: String,
        /// The database.
        #[command(flatten)]
        on: DatabaseOptions,
    },
    /// Keeps somebody out: their sessions and tokens end at once.
    Disable {
        /// Their e-mail address.
        email: String,
        /// Lets them in again.
        #[arg(long)]
        undo: bool,
        /// The database.
        #[command(flatten)]
        on: DatabaseOptions,
    },
}

/// The commands on API tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Makes a token and prints it, alone.
    Create {
        /// The e-mail address of whose it is.
        #[arg(long)]
        user: String,
        /// A name to know it by.
        #[arg(long)]
        name: String,
        /// Its rights, with commas between: read, edit, run, admin.
        #[arg(long, value_delimiter = ',', default_value = "read", value_parser = scope)]
        scope: Vec<Scope>,
        /// Time until it ends, like 12h or 30d; never where nothing is said.
        #[arg(long, value_parser = lifetime)]
        expires: Option<Duration>,
        /// The database.
        #[command(flatten)]
        on: DatabaseOptions,
    },
    /// Lists the tokens of somebody: id, rights and name.
    List {
        /// The e-mail address of whose they are.
        #[arg(long)]
        user: String,
        /// The database.
        #[command(flatten)]
        on: DatabaseOptions,
    },
    /// Ends a token.
    Revoke {
        /// Its id.
        id: String,
        /// The database.
        #[command(flatten)]
        on: DatabaseOptions,
    },
}

fn workspace_role(text: &str) -> Result<WorkspaceRole, String> {
    let roles: Vec<&str> = WorkspaceRole::ALL.iter().map(|role| role.id()).collect();
    WorkspaceRole::from_id(text).ok_or_else(|| format!("a role is one of {}", roles.join(", ")))
}

fn scope(text: &str) -> Result<Scope, String> {
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.id()).collect();
    Scope::from_id(text.trim()).ok_or_else(|| format!("a scope is one of {}", scopes.join(", ")))
}

/// A length of time: a number with m, h or d behind it.
fn lifetime(text: &str) -> Result<Duration, String> {
    let wrong = || format!("“{text}” is no length of time; write one like 12h or 30d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

/// Options of `gesso serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeOptions {
    /// Where to listen. On anything but a loopback address people sign in.
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
    /// A TOML file of providers with which people may sign in by OpenID Connect.
    #[arg(long, env = "GESSO_OIDC")]
    pub oidc: Option<PathBuf>,
    /// People sign in, also on a loopback address; on any other they do in any case.
    #[arg(long, env = "GESSO_ACCOUNTS", default_value_t = false)]
    pub accounts: bool,
    /// A certificate with its chain (PEM), to speak TLS without a proxy. Other files in their place are taken up.
    #[arg(long, env = "GESSO_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of the certificate (PEM).
    #[arg(long, env = "GESSO_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Addresses of proxies in front of the server, which tell whom a request came from (`X-Forwarded-For`,
    /// `X-Forwarded-Proto`): networks like 10.0.0.0/8, with commas between.
    #[arg(long, env = "GESSO_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
    /// Opens the browser once the server listens.
    #[arg(long, env = "GESSO_OPEN", default_value_t = false)]
    pub open: bool,
    /// The largest file that can be uploaded, in bytes.
    #[arg(long, env = "GESSO_UPLOAD_MAX_BYTES", default_value_t = defaults::assets::UPLOAD_BYTES_MAX)]
    pub upload_max_bytes: u64,
    /// The most requests of one person within a minute, where people sign in; 0: any number.
    #[arg(long, env = "GESSO_REQUESTS_PER_MINUTE", default_value_t = defaults::quotas::REQUESTS_PER_MINUTE)]
    pub requests_per_minute: u32,
    /// The most files that one person brings within 24 hours; 0: any number.
    #[arg(long, env = "GESSO_UPLOADS_PER_DAY", default_value_t = defaults::quotas::UPLOADS_PER_DAY)]
    pub uploads_per_day: i64,
    /// The most bytes of all files together; 0: as many as there is room for.
    #[arg(long, env = "GESSO_STORAGE_MAX_BYTES", default_value_t = 0)]
    pub storage_max_bytes: i64,
    /// The most canvases; 0: any number.
    #[arg(long, env = "GESSO_CANVASES_MAX", default_value_t = 0)]
    pub canvases_max: i64,
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

impl ServeOptions {
    /// True if people sign in.
    pub fn needs_accounts(&self) -> bool {
        self.accounts || !self.listen.ip().is_loopback()
    }

    /// The address that people reach the server at, where the operator named it.
    pub fn public_base(&self) -> Option<&str> {
        self.public_url.as_deref().map(|url| url.trim_end_matches('/'))
    }
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let of_address = || text.parse::<std::net::IpAddr>().map(IpNet::from).ok();
    text.parse::<IpNet>().ok().or_else(of_address).ok_or_else(|| {
        format!("“{text}” is no network; write one like 10.0.0.0/8, or an address like 127.0.0.1")
    })
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
