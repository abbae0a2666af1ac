//! Plays histories into a room without I/O (the very one the server runs) and tells what came of them, for Yjs to read.
//!
//! ```text
//! fuzz_room crafted SEED COUNT     histories made up from seeds, crafted updates among honest ones
//! fuzz_room for SECONDS SEED       the same, as many as the time allows
//! fuzz_room honest                 histories from standard input, one a line: "SEED hex,hex,…"
//! fuzz_room show SEED              the updates of one crafted history
//! ```
//!
//! Each history gives one line of JSON on standard output: what went into the room and out of it, its state as an
//! update and its content; `tests/browser/fuzz/compare.mjs` has Yjs read the same and compares. A seed is told on
//! standard error before it is played, so that a process that is killed by a sanitizer names it.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

mod craft;
mod play;
mod report;

// The room's core is the server's own source: building the whole server under a sanitizer would take too long.
#[path = "../../server/src/defaults.rs"]
#[expect(dead_code, unreachable_pub, reason = "the server uses the rest")]
mod defaults;
#[path = "../../server/src/room"]
#[expect(dead_code, unreachable_pub, reason = "the server uses the rest, and gives it away")]
mod room {
    pub(crate) mod budget;
    pub(crate) mod core;
    pub(crate) mod limits;
    #[cfg(test)]
    pub(crate) mod outbox;
    pub(crate) mod time;
}

use std::io::BufRead as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use play::Tally;
use report::{from_hex, to_hex};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|arg| arg.parse::<u64>().ok()).unwrap_or(0);
    let mut tally = Tally::default();
    match args.first().map(String::as_str) {
        Some("crafted") => {
            for seed in number(1)..number(1) + number(2) {
                play_seed(seed, &mut tally);
            }
        }
        Some("for") => {
            let end = Instant::now() + Duration::from_secs(number(1));
            let mut seed = number(2);
            while Instant::now() < end {
                play_seed(seed, &mut tally);
                seed += 1;
            }
        }
        Some("honest") => {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                let Some((seed, updates)) = line.split_once(' ') else { continue };
                let updates: Vec<Vec<u8>> =
                    updates.split(',').filter(|part| !part.is_empty()).map(from_hex).collect();
                eprintln!("history {seed}");
                let seed = seed.parse().unwrap_or(0);
                println!("{}", play::honest(seed, &updates, &mut tally));
            }
        }
        Some("show") => {
            for update in craft::history(number(1)) {
                println!("{}", to_hex(&update));
            }
        }
        _ => {
            eprintln!("fuzz_room crafted SEED COUNT | for SECONDS SEED | honest | show SEED");
            return ExitCode::FAILURE;
        }
    }
    eprintln!("{tally}");
    if tally.broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn play_seed(seed: u64, tally: &mut Tally) {
    eprintln!("seed {seed}");
    println!("{}", play::crafted(seed, &craft::history(seed), tally));
}
