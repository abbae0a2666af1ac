//! `cargo xtask bench sync`: live editing under load, one line a figure, against Gesso and any other server that speaks
//! the protocol of `y-websocket`.
//!
//! The servers run one after the other through the same scenes. What a server needs is read from `/proc`: CPU time per
//! delivery (one edit that reached one person) says most, since waiting for the processor is not counted in it; times
//! are as noisy as the machine is busy.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

mod client;
mod scenes;
mod server;

use clap::Parser;

use scenes::{Figure, Scale};
use server::Server;

/// Instructions for installing the three peers whose figures stand beside these in the documentation.
const PEERS: &str = "\
Peers that can be measured beside it, each on a port of its own, without a document yet:

  y-websocket-server 0.1.1
    npm install @y/websocket-server@0.1.1 y-leveldb@0.2.0 yjs@13
    HOST=127.0.0.1 PORT=9101 YPERSISTENCE=./leveldb npx y-websocket-server & echo $!

  Hocuspocus 4.7.0 (Node 22 or newer; the npm package node@24 brings one)
    npm install @hocuspocus/server@4.7.0 @hocuspocus/extension-database@4.7.0 node@24
    a script that starts `new Server({address: '127.0.0.1', port: 9102, quiet: true, extensions: [new Database({fetch, store})]})`
    with `fetch` and `store` over a table of `node:sqlite` (docs/benchmarks.md has it whole);
    it wants the room's name before every message: write hocuspocus+ws://

  y-sweet 0.9.1
    cargo install y-sweet --version 0.9.1 --locked
    y-sweet serve ./data --port 9103 & echo $!
    its socket of a document is ws://127.0.0.1:9103/d/ROOM/ws/ROOM: give ws://127.0.0.1:9103/d/{room}/ws/{room}

  cargo xtask bench sync --peer y-websocket=ws://127.0.0.1:9101,PID --peer hocuspocus=hocuspocus+ws://127.0.0.1:9102,PID
";

/// Live editing under load, one line a figure.
#[derive(Debug, Parser)]
#[command(name = "bench sync", after_help = PEERS)]
struct Options {
    /// A server to measure beside Gesso: its name, the address before the name of a room (or with `{room}` where that
    /// belongs) and the id of its process.
    #[arg(long = "peer", value_name = "NAME=URL,PID")]
    peers: Vec<String>,
    /// Shorter and smaller: for a first look.
    #[arg(long)]
    quick: bool,
    /// Only these scenes: quiet, fan-50, fan-200, presence, stalled, large, rooms.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Leaves Gesso out.
    #[arg(long)]
    no_gesso: bool,
    /// The `gesso` to measure; the one beside this program where nothing is said.
    #[arg(long)]
    gesso: Option<std::path::PathBuf>,
}

fn main() {
    let options = Options::parse();
    let pinned = server::pin(std::process::id(), 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(options, pinned));
}

async fn run(options: Options, pinned: bool) {
    let scale = if options.quick { Scale::QUICK } else { Scale::FULL };
    let mut servers = Vec::new();
    if !options.no_gesso {
        servers.push(Server::gesso(options.gesso.as_deref(), pinned).await);
    }
    for peer in &options.peers {
        match Server::peer(peer, pinned) {
            Ok(server) => servers.push(server),
            Err(why) => {
                eprintln!("error: --peer {peer}: {why}");
                std::process::exit(2);
            }
        }
    }
    let places = if pinned { "servers on core 0, load on core 1" } else { "nothing pinned" };
    println!("{places}; load average {}", server::load_average());
    for name in scenes::NAMES {
        if !options.only.is_empty() && !options.only.iter().any(|only| only == name) {
            continue;
        }
        let mut columns: Vec<(String, Vec<Figure>)> = Vec::new();
        for server in &mut servers {
            let figures = scenes::play(name, server, scale).await;
            columns.push((server.name.clone(), figures));
        }
        print(&columns);
    }
    println!("load average {}", server::load_average());
}

/// One line a figure: Gesso's value (or that of the first server), then every other's and how many times as much it is.
fn print(columns: &[(String, Vec<Figure>)]) {
    let Some((first, figures)) = columns.first() else { return };
    for (row, figure) in figures.iter().enumerate() {
        let mut line = format!("{:<52} {first} {}", figure.what, figure.text());
        for (name, others) in &columns[1..] {
            let Some(other) = others.get(row) else { continue };
            line += &format!("   {name} {}", other.text());
            if let (Some(value), Some(other)) = (figure.value, other.value)
                && other > 0.0
            {
                line += &format!(" (ratio {:.2})", value / other);
            }
        }
        println!("{line}   [{}]", figure.bar);
    }
}
