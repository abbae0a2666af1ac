//! The fuzzer of rooms: `fuzz_room` plays crafted and honest histories, under `AddressSanitizer` where the toolchain allows, and
//! Yjs reads what came of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::shell::{self, Workspace};
use crate::tools;

/// Time that crafted histories are played in the suite, in seconds.
pub(crate) const SUITE_SECONDS: u64 = 60;
/// Where their seeds begin in the suite.
pub(crate) const SUITE_SEED: u64 = 1;
/// Number of honest histories that are played.
const HONEST: u64 = 400;
/// The targets for which Rust brings the sanitizer.
const SANITIZED: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// Plays histories for so many seconds, from this seed on, then honest ones; what Yjs reads has to be the same.
pub(crate) fn run(work: &Workspace, seconds: u64, seed: u64) -> Result<()> {
    let browser = work.root.join("tests/browser");
    tools::node_modules(&browser)?;
    let binary = build(work)?;
    let (seconds, seed) = (seconds.to_string(), seed.to_string());
    let mut crafted = Command::new(&binary);
    compare(&browser, crafted.args(["for", &seconds, &seed]).stdin(Stdio::null()))?;

    let mut maker = Command::new("node");
    maker.args(["fuzz/honest.mjs", &seed, &HONEST.to_string()]).current_dir(&browser);
    let mut maker = maker.stdout(Stdio::piped()).spawn().context("could not start node")?;
    let histories = maker.stdout.take().context("stdout is piped")?;
    let mut honest = Command::new(&binary);
    let compared = compare(&browser, honest.arg("honest").stdin(histories));
    drop(maker.wait());
    compared
}

/// Builds it with the sanitizer, or without where that fails.
fn build(work: &Workspace) -> Result<PathBuf> {
    let target = work.target.join("fuzz");
    let host = SANITIZED.into_iter().find(|target| {
        target.starts_with(std::env::consts::ARCH) && cfg!(all(unix, target_env = "gnu"))
    });
    if let Some(host) = host {
        let mut cargo =
            work.cargo(&["build", "--quiet", "--package", "gesso-fuzz", "--target", host]);
        // The sanitizers are parts of the compiler that are not stable yet; only this tool is built so.
        cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address -Copt-level=1");
        cargo.env("CARGO_TARGET_DIR", &target);
        match shell::must(&mut cargo) {
            Ok(()) => return Ok(target.join(host).join("debug/fuzz_room")),
            Err(error) => println!("going on without AddressSanitizer: {error:#}"),
        }
    }
    shell::must(&mut work.cargo(&["build", "--quiet", "--package", "gesso-fuzz"]))?;
    Ok(work.target.join("debug/fuzz_room"))
}

/// Runs the fuzzer and has Yjs read along.
fn compare(browser: &Path, fuzzer: &mut Command) -> Result<()> {
    let told = browser.join("node_modules/.fuzz.log");
    let log = std::fs::File::create(&told)?;
    // Leaks are no fault here: a room that breaks forgets its document on purpose.
    fuzzer.env("ASAN_OPTIONS", "detect_leaks=0").stdout(Stdio::piped()).stderr(log);
    let mut fuzzing = fuzzer.spawn().context("could not start the fuzzer")?;
    let histories = fuzzing.stdout.take().context("stdout is piped")?;
    let mut reader = Command::new("node");
    reader.arg("fuzz/compare.mjs").current_dir(browser).stdin(histories);
    let reads = shell::must(&mut reader);
    let status = fuzzing.wait()?;
    let said = std::fs::read_to_string(&told).unwrap_or_default();
    let last: Vec<&str> = said.lines().rev().take(40).collect();
    if !status.success() {
        let report: Vec<&str> = last.into_iter().rev().collect();
        bail!("`{}` ended with {status}:\n{}", shell::told(fuzzer), report.join("\n"));
    }
    println!("{}", last.first().copied().unwrap_or_default());
    reads
}
