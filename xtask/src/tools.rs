//! Programs that tests and models need beside Rust: found, installed where that is possible, or named.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;

/// A program and the Debian package that brings it.
struct Tool {
    program: &'static str,
    package: &'static str,
}

/// Programs that only the tests need.
const FOR_TESTS: [Tool; 6] = [
    Tool { program: "node", package: "nodejs" },
    Tool { program: "npm", package: "npm" },
    Tool { program: "chromium", package: "chromium" },
    Tool { program: "initdb", package: "postgresql" },
    Tool { program: "python3", package: "python3-venv" },
    Tool { program: "nginx", package: "nginx-light" },
];
/// Programs that built-in models run, so the tests as well.
const FOR_MODELS: [Tool; 3] = [
    Tool { program: "ffmpeg", package: "ffmpeg" },
    Tool { program: "espeak-ng", package: "espeak-ng" },
    Tool { program: "heif-convert", package: "libheif-examples" },
];

/// Installs what the tests lack, where it may; the names of what is missing still.
pub(crate) fn for_tests() -> Vec<&'static str> {
    install(FOR_TESTS.iter().chain(&FOR_MODELS).collect(), "the tests")
}

/// Installs the programs of the built-in models, where it may; says what is missing still and goes on without.
pub(crate) fn for_models() {
    let missing = install(FOR_MODELS.iter().collect(), "video, sound, speech and HEIC pictures");
    if !missing.is_empty() {
        println!("without {} the nodes that need it say so; all others run", missing.join(" and "));
    }
}

fn install(tools: Vec<&Tool>, purpose: &str) -> Vec<&'static str> {
    let missing: Vec<&Tool> = tools.iter().copied().filter(|tool| !there(tool.program)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    match root() {
        Some(sudo) if shell::on_path("apt-get") => {
            println!("installing {} for {purpose}", packages.join(" "));
            for args in [
                vec!["update"],
                [vec!["install", "-y", "--no-install-recommends"], packages].concat(),
            ] {
                let mut apt = as_root(sudo, "apt-get");
                apt.args(args).env("DEBIAN_FRONTEND", "noninteractive");
                if let Err(error) = shell::must(&mut apt) {
                    println!("{error:#}");
                }
            }
        }
        _ => println!(
            "missing for {purpose}: {0}\n  Debian: sudo apt-get install {0}\n  macOS: brew install {0}",
            packages.join(" ")
        ),
    }
    tools.iter().map(|tool| tool.program).filter(|program| !there(program)).collect()
}

/// Way to act as root: plainly or through sudo.
#[derive(Clone, Copy)]
enum Root {
    Plain,
    Sudo,
}

fn root() -> Option<Root> {
    if am_root() {
        return Some(Root::Plain);
    }
    shell::ask(Command::new("sudo").args(["-n", "true"])).map(|_| Root::Sudo)
}

fn as_root(how: Root, program: &str) -> Command {
    match how {
        Root::Plain => Command::new(program),
        Root::Sudo => {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", program]);
            sudo
        }
    }
}

/// True if we are root.
pub(crate) fn am_root() -> bool {
    shell::ask(Command::new("id").arg("-u")).as_deref() == Some("0")
}

fn there(program: &str) -> bool {
    match program {
        "chromium" => chromium().is_some(),
        "initdb" => postgres(program).is_some(),
        // Debian keeps apart what makes environments.
        "python3" => {
            shell::ask(Command::new(program).args(["-c", "import ensurepip, venv"])).is_some()
        }
        // Debian keeps servers off the PATH of people.
        "nginx" => shell::on_path(program) || Path::new("/usr/sbin/nginx").is_file(),
        _ => shell::on_path(program),
    }
}

/// The browser: `GESSO_CHROMIUM`, or the system's.
pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("GESSO_CHROMIUM") {
        return Some(PathBuf::from(named)).filter(|path| path.is_file());
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&paths).collect();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    names.iter().find_map(|name| dirs.iter().map(|dir| dir.join(name)).find(|path| path.is_file()))
}

/// A program of PostgreSQL; Debian keeps its server's off the PATH.
pub(crate) fn postgres(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&paths).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        dirs.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let found = dirs.into_iter().map(|dir| dir.join(program)).find(|path| path.is_file())?;
    // PostgreSQL finds its own parts beside the real file.
    Some(found.canonicalize().unwrap_or(found))
}

/// The packages of a folder, exactly as locked; nothing to do where they are there already.
pub(crate) fn node_modules(dir: &Path) -> Result<()> {
    let lock = dir.join("package-lock.json");
    let lock =
        std::fs::read(&lock).with_context(|| format!("could not read {}", lock.display()))?;
    let wanted = blake3::hash(&lock).to_hex();
    let stamp = dir.join("node_modules/.installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted.as_str()) {
        return Ok(());
    }
    let args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=peer"];
    shell::must(Command::new("npm").args(args).current_dir(dir))?;
    std::fs::write(stamp, wanted.as_str())?;
    Ok(())
}
