//! Builds, runs and tests Gesso.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

mod client;
mod contract;
mod dist;
mod fuzz;
mod postgres;
mod shell;
mod suite;
mod tools;
mod vendor;
mod wasm_target;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::shell::Workspace;

const HELP: &str = "\
cargo xtask COMMAND

  run [-- ARGS]   install ffmpeg and espeak-ng where it may, build everything and start the server: gesso serve ARGS
  build           build the finished binary, browser client inside (target/release/gesso)
  client          build only the browser client (target/client/dist)
  test            install what the tests need, then run every check and every test
  bench NAME      measure, one line a figure: canvas, runs, studio, sync (`bench sync --help` for its options)
  fuzz [SECONDS] [SEED]
                  play crafted and honest histories into rooms and have Yjs read them (60 s; hours find more)
  help            this text

GESSO_CLIENT_PROFILE=dev builds the browser client in seconds instead of small, for work on it.
";

/// The benchmarks there are: binaries `bench_…` of the package `tests`, and the canvas in a browser.
const BENCHES: [&str; 4] = ["canvas", "runs", "studio", "sync"];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<ExitCode> {
    let (command, rest) = args.split_first().map_or(("help", args), |(c, rest)| (c.as_str(), rest));
    let rest = rest.strip_prefix(&["--".to_owned()]).unwrap_or(rest);
    if command != "run"
        && command != "bench"
        && command != "fuzz"
        && let Some(extra) = rest.first()
    {
        bail!("`{command}` takes no `{extra}`; see cargo xtask help");
    }
    match command {
        "run" => run(rest),
        "build" => {
            let binary = build(&Workspace::find()?)?;
            println!("built {}", binary.display());
            Ok(ExitCode::SUCCESS)
        }
        "client" => {
            let dist = client::build(&Workspace::find()?)?;
            println!("built {}", dist.display());
            Ok(ExitCode::SUCCESS)
        }
        "bench" => bench(rest),
        "fuzz" => {
            let number = |at: usize, default: u64| match rest.get(at) {
                Some(text) => text.parse().with_context(|| format!("`{text}` is no number")),
                None => Ok(default),
            };
            let (seconds, seed) = (number(0, fuzz::SUITE_SECONDS)?, number(1, fuzz::SUITE_SEED)?);
            fuzz::run(&Workspace::find()?, seconds, seed)?;
            Ok(ExitCode::SUCCESS)
        }
        "test" => suite::run(&Workspace::find()?),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("there is no `{other}`\n\n{HELP}"),
    }
}

/// The finished binary with the client inside.
fn build(work: &Workspace) -> Result<std::path::PathBuf> {
    let dist = client::build(work)?;
    let mut cargo = work.cargo(&["build", "--release", "--package", "gesso-server"]);
    cargo.env(client::DIST_ENV, &dist);
    shell::must(&mut cargo)?;
    eprintln!("built with {:.1} CPU-minutes", shell::cpu_seconds() / 60.0);
    Ok(work.binary("release"))
}

fn run(args: &[String]) -> Result<ExitCode> {
    tools::for_models();
    let binary = build(&Workspace::find()?)?;
    let mut gesso = std::process::Command::new(&binary);
    gesso.arg("serve").args(args);
    shell::become_it(gesso)
}

/// Runs a benchmark of the repository, optimized; what follows its name is for it.
fn bench(args: &[String]) -> Result<ExitCode> {
    let Some((name, rest)) = args.split_first() else {
        bail!("name a benchmark: {}", BENCHES.join(", "))
    };
    if !BENCHES.contains(&name.as_str()) {
        bail!("there is no benchmark `{name}`; there are: {}", BENCHES.join(", "));
    }
    let work = Workspace::find()?;
    if name == "canvas" {
        let dir = work.root.join("tests/browser/bench");
        tools::node_modules(&dir)?;
        let binary = build(&work)?;
        shell::must(suite::node_in(&dir, &binary).arg("canvas.mjs").args(rest))?;
        return Ok(ExitCode::SUCCESS);
    }
    let binary = format!("bench_{name}");
    if name == "sync" {
        // It measures the server as a process of its own.
        shell::must(&mut work.cargo(&["build", "--release", "--package", "gesso-server"]))?;
    }
    let mut run = work.cargo(&["run", "--release", "--package", "tests", "--bin", &binary]);
    shell::must(run.arg("--").args(rest))?;
    Ok(ExitCode::SUCCESS)
}
