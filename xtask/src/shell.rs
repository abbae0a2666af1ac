//! Running other programs, and where things are.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// The workspace and where its builds go.
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    cargo: PathBuf,
}

/// CPU time of all programs that were run and waited for, in seconds; 0 where the system does not tell.
pub(crate) fn cpu_seconds() -> f32 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // proc(5): behind the name, which may hold anything, fields 16 and 17 are `cutime` and `cstime`, in hundredths.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(13).take(2);
    ticks.filter_map(|field| field.parse::<f32>().ok()).sum::<f32>() / 100.0
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn find() -> Result<Self> {
        // Asked at run time: clones that share a target folder share this program too, whichever of them built it.
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.parent().context("xtask sits in the workspace")?;
        let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        let out = Command::new(&cargo)
            .args(["metadata", "--no-deps", "--format-version=1"])
            .current_dir(root)
            .stderr(Stdio::inherit())
            .output()
            .context("cargo metadata")?;
        let metadata: serde_json::Value =
            serde_json::from_slice(&out.stdout).context("what cargo metadata answered")?;
        let target =
            metadata["target_directory"].as_str().context("cargo knows its target folder")?;
        Ok(Self { root: root.to_owned(), target: PathBuf::from(target), cargo })
    }

    /// A cargo command in the workspace.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut cargo = Command::new(&self.cargo);
        cargo.args(args).current_dir(&self.root);
        cargo
    }

    /// The `gesso` binary of a profile.
    pub(crate) fn binary(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join(format!("gesso{}", std::env::consts::EXE_SUFFIX))
    }
}

/// A command as one would type it.
pub(crate) fn told(command: &Command) -> String {
    let program =
        Path::new(command.get_program()).file_stem().unwrap_or_default().to_string_lossy();
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    std::iter::once(program).chain(args).collect::<Vec<_>>().join(" ")
}

/// Runs to the end with our own output; anything but success is an error.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    let status =
        command.status().with_context(|| format!("could not start `{}`", told(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", told(command));
    }
    Ok(())
}

/// Returns the output of a command, trimmed; `None` where it is missing or fails.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let out = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// True if a program is on the PATH.
pub(crate) fn on_path(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|dir| dir.join(program).is_file())
}

/// Runs at most so long; `false` where it failed, was missing or was stopped for its time.
pub(crate) fn within(command: &mut Command, limit: Duration) -> bool {
    let Ok(mut child) = command.stdin(Stdio::null()).spawn() else { return false };
    let end = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(100)),
            Ok(None) | Err(_) => {
                stop(&mut child);
                return false;
            }
        }
    }
}

/// Ends a child for good.
pub(crate) fn stop(child: &mut std::process::Child) {
    // It may have ended by itself in between.
    if child.kill().is_ok() || child.try_wait().is_ok() {
        drop(child.wait());
    }
}

/// Runs a command, shows every line and hands it to `see`; `Ok(true)` where it succeeded.
pub(crate) fn watched(command: &mut Command, mut see: impl FnMut(&str) + Send) -> Result<bool> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{}`", told(command)))?;
    let out = child.stdout.take().context("stdout is piped")?;
    let err = child.stderr.take().context("stderr is piped")?;
    let see = std::sync::Mutex::new(&mut see);
    let pump = |from: &mut dyn Read| {
        for line in BufReader::new(from).split(b'\n') {
            let Ok(line) = line else { return };
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            if let Ok(mut see) = see.lock() {
                see(&line);
            }
        }
    };
    std::thread::scope(|scope| {
        let (mut out, mut err) = (out, err);
        let pump = &pump;
        scope.spawn(move || pump(&mut out));
        scope.spawn(move || pump(&mut err));
    });
    Ok(child.wait().context("waiting for it")?.success())
}

/// Goes on as another program.
#[cfg(unix)]
pub(crate) fn become_it(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(error).with_context(|| format!("could not start `{}`", told(&command)))
}

/// Goes on as another program.
#[cfg(not(unix))]
pub(crate) fn become_it(mut command: Command) -> Result<ExitCode> {
    let status =
        command.status().with_context(|| format!("could not start `{}`", told(&command)))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
