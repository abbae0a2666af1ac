//! Everything that tells whether a change is acceptable, in one go.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::postgres::Cluster;
use crate::shell::{self, Workspace};
use crate::{client, contract, fuzz, tools, wasm_target};

/// Where the integration tests find a PostgreSQL.
const POSTGRES_ENV: &str = "GESSO_TEST_POSTGRES";
/// Where tests find the built server.
const BINARY_ENV: &str = "GESSO_BIN";

/// Runs all steps; a failed one does not keep the others from running.
pub(crate) fn run(work: &Workspace) -> Result<ExitCode> {
    let mut report = Report::default();
    let missing = tools::for_tests();
    if !missing.is_empty() {
        report.failed.push(format!("tools: still missing {}", missing.join(", ")));
    }

    report.step("format", || shell::must(&mut work.cargo(&["fmt", "--all", "--check"])));
    let dist = report.keep("browser client", || client::build(work));
    report.step("clippy, native", || {
        clippy(work, &["--workspace", "--all-targets"], dist.as_deref())
    });
    report.step("clippy, wasm", || {
        let target =
            ["-p", "gesso-client", "-p", "gesso-protocol", "--target", wasm_target::TARGET];
        clippy(work, &target, None)
    });
    report.step("docs", || {
        let mut cargo = native(
            work,
            &["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"],
            dist.as_deref(),
        );
        shell::must(cargo.env("RUSTDOCFLAGS", "-D warnings"))
    });
    let binary = report.keep("server and tests", || {
        // Together with the tests: alone it is built of crates with fewer features, and all of them twice.
        let all = ["test", "--workspace", "--lib", "--bins", "--tests", "--no-run"];
        shell::must(&mut native(work, &all, dist.as_deref()))?;
        Ok(work.binary("debug"))
    });

    let cluster = report.keep("PostgreSQL", Cluster::start);
    let url = cluster.as_ref().map(Cluster::url);
    report.count("tests", native_tests(work, dist.as_deref(), binary.as_deref(), url.as_deref()));
    report.count("doc tests", native(work, &["test", "--workspace", "--doc"], dist.as_deref()));
    drop(cluster);
    report.step("crafted and honest histories", || {
        fuzz::run(work, fuzz::SUITE_SECONDS, fuzz::SUITE_SEED)
    });

    if let Some(binary) = &binary {
        report.step("HTTP API by its description", || contract::check(work, binary));
    }
    if let (Some(_), Some(binary)) = (&dist, &binary) {
        browser(work, binary, &mut report);
    } else {
        report.failed.push("browser tests: there is nothing built to test".to_owned());
    }
    Ok(report.end())
}

/// A native cargo command with the client inside the server. All steps pass the same, or cargo builds the server twice.
fn native(work: &Workspace, args: &[&str], dist: Option<&Path>) -> Command {
    let mut cargo = work.cargo(args);
    if let Some(dist) = dist {
        cargo.env(client::DIST_ENV, dist);
    }
    cargo
}

fn clippy(work: &Workspace, what: &[&str], dist: Option<&Path>) -> Result<()> {
    let mut cargo = native(work, &[&["clippy", "--quiet"], what].concat(), dist);
    cargo.args(["--", "-D", "warnings"]);
    shell::must(&mut cargo)
}

fn native_tests(
    work: &Workspace,
    dist: Option<&Path>,
    binary: Option<&Path>,
    url: Option<&str>,
) -> Command {
    let nextest = shell::ask(&mut work.cargo(&["nextest", "--version"])).is_some();
    let args: &[&str] = if nextest {
        &["nextest", "run", "--workspace", "--no-fail-fast"]
    } else {
        &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]
    };
    let mut cargo = native(work, args, dist);
    if let Some(url) = url {
        cargo.env(POSTGRES_ENV, url);
    }
    if let Some(binary) = binary {
        cargo.env(BINARY_ENV, binary);
    }
    cargo
}

fn browser(work: &Workspace, binary: &Path, report: &mut Report) {
    let dir = work.root.join("tests/browser");
    report.step("npm packages", || tools::node_modules(&dir));
    let files = match test_files(&dir) {
        Ok(files) => files,
        Err(error) => return report.failed.push(format!("browser tests: {error:#}")),
    };
    let mut node = node_in(&dir, binary);
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]).args(files);
    report.count("browser tests", node);
}

/// Node in a folder, told where server and browser are.
pub(crate) fn node_in(dir: &Path, binary: &Path) -> Command {
    let mut node = Command::new("node");
    node.current_dir(dir).env(BINARY_ENV, binary);
    if let Some(chromium) = tools::chromium() {
        node.env("GESSO_CHROMIUM", chromium);
    }
    node
}

fn test_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in
        std::fs::read_dir(dir).with_context(|| format!("could not read {}", dir.display()))?
    {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    if files.is_empty() {
        bail!("there is none in {}", dir.display());
    }
    files.sort();
    Ok(files)
}

/// Results so far.
#[derive(Default)]
struct Report {
    /// Each step, what it took by the clock and in CPU time, in seconds.
    times: Vec<(String, f32, f32)>,
    failed: Vec<String>,
    tests_passed: u32,
    tests_failed: u32,
}

impl Report {
    /// A step that gives something later steps need.
    fn keep<T>(&mut self, name: &str, act: impl FnOnce() -> Result<T>) -> Option<T> {
        println!("\n== {name}");
        let (start, cpu) = (Instant::now(), shell::cpu_seconds());
        let result = act();
        let (seconds, cpu) = (start.elapsed().as_secs_f32(), shell::cpu_seconds() - cpu);
        println!("== {name}: {seconds:.1} s, {cpu:.1} s of CPU");
        self.times.push((name.to_owned(), seconds, cpu));
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                println!("{error:#}");
                self.failed.push(name.to_owned());
                None
            }
        }
    }

    fn step(&mut self, name: &str, act: impl FnOnce() -> Result<()>) {
        self.keep(name, act);
    }

    /// A step whose tests are counted.
    fn count(&mut self, name: &str, mut command: Command) {
        let mut seen = Counts::default();
        self.step(name, || {
            if shell::watched(&mut command, |line| seen.read(line))? {
                return Ok(());
            }
            bail!("`{}` failed", shell::told(&command))
        });
        self.tests_passed += seen.passed;
        self.tests_failed += seen.failed;
    }

    fn end(self) -> ExitCode {
        println!();
        println!("   clock        CPU");
        for (name, seconds, cpu) in &self.times {
            let word = if self.failed.contains(name) { "FAILED" } else { "ok" };
            println!("{seconds:8.1} s {cpu:8.1} s  {word:6}  {name}");
        }
        let cpu: f32 = self.times.iter().map(|(_, _, cpu)| cpu).sum();
        println!("{:.1} CPU-minutes", cpu / 60.0);
        for name in &self.failed {
            println!("failed: {name}");
        }
        // A step that failed without a failed test (a build, a lint) counts as one failure.
        let failed = self.tests_failed.max(u32::try_from(self.failed.len()).unwrap_or(u32::MAX));
        println!("{} passed, {failed} failed", self.tests_passed);
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Numbers of tests, as the runners tell them at their end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u32,
    failed: u32,
}

impl Counts {
    fn read(&mut self, line: &str) {
        let line = plain(line);
        // Indented it is what nextest repeats of one failed test, which its summary counts already.
        let of_suite = line.starts_with("test result:");
        let line = line.trim();
        if line.starts_with("Summary [") || of_suite {
            // `Summary [ 1.2s] 9 tests run: 8 passed (1 slow), 1 failed, 0 skipped`, `test result: ok. 8 passed; 0 failed; …`
            self.passed += before(line, "passed");
            self.failed += before(line, "failed") + before(line, "timed out");
        } else if let Some(rest) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) {
            // Node's runner: `ℹ pass 8`, `ℹ fail 0`
            match rest.split_once(' ') {
                Some(("pass", n)) => self.passed += n.parse().unwrap_or(0),
                Some(("fail" | "cancelled", n)) => self.failed += n.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

/// The number in front of a word; 0 where it is not there.
fn before(line: &str, word: &str) -> u32 {
    line.find(word)
        .and_then(|at| {
            line[..at].trim_end().rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        })
        .unwrap_or(0)
}

/// Without the colours of a terminal.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((text, code)) = rest.split_once('\u{1b}') {
        out += text;
        rest = code.split_once('m').map_or("", |(_, after)| after);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(lines: &[&str]) -> (u32, u32) {
        let mut counts = Counts::default();
        lines.iter().for_each(|line| counts.read(line));
        (counts.passed, counts.failed)
    }

    #[test]
    fn counts_are_read_from_every_runner() {
        assert_eq!(
            counts(&[
                "     Summary [   1.204s] 9 tests run: 8 passed (1 slow), 1 failed, 2 skipped"
            ]),
            (8, 1)
        );
        assert_eq!(
            counts(&[
                "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] 3 tests run: 2 passed, 1 timed out, 0 skipped"
            ]),
            (2, 1)
        );
        assert_eq!(
            counts(&[
                "test result: FAILED. 4 passed; 2 failed; 0 ignored",
                "test result: ok. 1 passed; 0 failed"
            ]),
            (5, 2)
        );
        assert_eq!(counts(&["ℹ tests 7", "ℹ pass 5", "ℹ fail 1", "ℹ cancelled 1"]), (5, 2));
        assert_eq!(counts(&["    test result: FAILED. 0 passed; 1 failed; 0 ignored"]), (0, 0));
        assert_eq!(counts(&["it passed and failed", "3 passed"]), (0, 0));
    }
}
