//! Random graphs, runs, failures, cancels, reviews, edits and kills: whatever happens, nothing is lost, charged twice
//! or changed once it has ended.
//!
//! `GESSO_RANDOM_SEEDS` seeds are played (16 where nothing is said), from `GESSO_RANDOM_FROM` (1) on. A failure tells
//! its seed, the graph and what was done.

mod check;
mod graph;
mod market;
mod play;
mod rng;
mod world;

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use play::{Log, Play, Tally};

/// Number of seeds played at once.
const AT_ONCE: usize = 2;
/// After how many failures the others are not played any more.
const FAILURES_MAX: usize = 3;

fn from_env(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

fn failure(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
}

#[test]
fn nothing_is_lost_whatever_happens() {
    let first = from_env("GESSO_RANDOM_FROM", 1);
    let count = from_env("GESSO_RANDOM_SEEDS", 16);
    let next = AtomicU64::new(first);
    let failures: Mutex<Vec<String>> = Mutex::default();
    let total: Mutex<Tally> = Mutex::default();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= first + count || failures.lock().unwrap().len() >= FAILURES_MAX {
                return;
            }
            let log = Log::default();
            match std::panic::catch_unwind(AssertUnwindSafe(|| Play::seed(seed, &log))) {
                Ok(tally) => total.lock().unwrap().add(tally),
                Err(panic) => {
                    let log = log.lock().unwrap();
                    let failed = format!("seed {seed}\n{log}{}", failure(&*panic));
                    failures.lock().unwrap().push(failed);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let total = total.into_inner().unwrap();
    tell(count, &total);
    if count >= 16 {
        let Tally { runs, answers, kills, reviews, retries, calls, items } = &total;
        let least = [*runs, answers.len(), *kills, *reviews, *retries, *calls, *items];
        assert!(!least.contains(&0), "the seeds do too little to mean anything: {total:?}");
    }
}

#[expect(clippy::print_stdout, reason = "asked for with --nocapture")]
fn tell(count: u64, total: &Tally) {
    println!("{count} seeds: {total:?}");
}
