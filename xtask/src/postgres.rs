//! A PostgreSQL of the tests' own: made in a folder of its own, on a port of its own, thrown away after.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::{shell, tools};

/// It is up within a second; a loaded machine gets more.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running cluster; gone when dropped.
pub(crate) struct Cluster {
    dir: PathBuf,
    server: Child,
    port: u16,
}

impl Cluster {
    /// Makes and starts one.
    pub(crate) fn start() -> Result<Self> {
        let initdb = tools::postgres("initdb").context("there is no initdb")?;
        let postgres = tools::postgres("postgres").context("there is no postgres")?;
        let dir = std::env::temp_dir().join(format!("gesso-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        if tools::am_root() {
            // It refuses to run as root.
            shell::must(Command::new("chown").arg("postgres").arg(&dir))?;
        }
        let data = dir.join("data");
        let mut make = unprivileged(&initdb, &dir);
        make.arg("-D").arg(&data);
        make.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        shell::must(make.stdout(Stdio::null()))?;

        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let log = std::fs::File::create(dir.join("log"))?;
        let mut serve = unprivileged(&postgres, &dir);
        serve.arg("-D").arg(&data).arg("-k").arg(&dir);
        serve.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "fsync=off"]);
        serve.args(["-c", "max_connections=400", "-c", "full_page_writes=off"]);
        let server = serve.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut cluster = Self { dir, server, port };
        cluster.wait()?;
        Ok(cluster)
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait(&mut self) -> Result<()> {
        let end = Instant::now() + START_LIMIT;
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.server.try_wait()?;
            if ended.is_some() || Instant::now() > end {
                let log = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.dir.join("data/postmaster.pid")).unwrap_or_default();
        if let Some(pid) = pid.lines().next() {
            // Fast shutdown; killing would leave its helpers and its shared memory behind.
            drop(shell::ask(Command::new("kill").args(["-INT", pid])));
            let end = Instant::now() + Duration::from_secs(5);
            while Instant::now() < end && matches!(self.server.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        shell::stop(&mut self.server);
        if let Err(error) = std::fs::remove_dir_all(&self.dir) {
            println!("{} stays behind: {error}", self.dir.display());
        }
    }
}

fn unprivileged(program: &Path, dir: &Path) -> Command {
    let mut command = if tools::am_root() {
        let mut runuser = Command::new("runuser");
        runuser.args(["-u", "postgres", "--"]).arg(program);
        runuser
    } else {
        Command::new(program)
    };
    command.current_dir(dir);
    command
}
