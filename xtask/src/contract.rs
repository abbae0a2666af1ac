//! The HTTP API against its own description: schemathesis asks a fresh server what nobody would think of.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::shell::{self, Workspace};

/// Which packages, each with its version.
const PACKAGES: &str = "tests/api/requirements.txt";
/// Settings of schemathesis: the requests it makes, and how many.
const CONFIG: &str = "tests/api/schemathesis.toml";

/// Fails where an answer is not as the description says.
pub(crate) fn check(work: &Workspace, binary: &Path) -> Result<()> {
    let schemathesis = installed(work)?;
    let server = Server::start(binary)?;
    let mut asking = Command::new(schemathesis);
    asking.arg("--config-file").arg(work.root.join(CONFIG)).arg("run");
    asking.arg(format!("{}/api/openapi.json", server.url)).current_dir(&server.dir);
    shell::must(&mut asking)
}

/// The program in an environment of its own outside the clone, made anew when its packages change.
fn installed(work: &Workspace) -> Result<PathBuf> {
    let packages = work.root.join(PACKAGES);
    let wanted = std::fs::read(&packages)
        .with_context(|| format!("could not read {}", packages.display()))?;
    let wanted = blake3::hash(&wanted).to_hex();
    let dir = cache().join(format!("schemathesis-{}", &wanted[..16]));
    let program = dir.join("bin/schemathesis");
    let stamp = dir.join(".installed");
    if stamp.is_file() {
        return Ok(program);
    }
    shell::must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&dir))?;
    let mut pip = Command::new(dir.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    shell::must(pip.arg(&packages))?;
    std::fs::write(stamp, "")?;
    Ok(program)
}

fn cache() -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    cache.unwrap_or_else(std::env::temp_dir).join("gesso")
}

/// A running server on a folder of its own; gone when dropped.
struct Server {
    dir: PathBuf,
    child: Child,
    url: String,
}

impl Server {
    fn start(binary: &Path) -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("gesso-contract-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let log = std::fs::File::create(dir.join("log"))?;
        let mut serve = Command::new(binary);
        serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(dir.join("data"));
        serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let child =
            serve.spawn().with_context(|| format!("could not start {}", binary.display()))?;
        let mut server = Self { dir, child, url: String::new() };
        let out = server.child.stdout.take().context("stdout is piped")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let url =
            line.trim().strip_prefix("listening on ").context("the server does not listen")?;
        server.url = url.to_owned();
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        shell::stop(&mut self.child);
        if let Err(error) = std::fs::remove_dir_all(&self.dir) {
            println!("{} could not be removed: {error}", self.dir.display());
        }
    }
}
