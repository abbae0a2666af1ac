//! The compile target of the browser.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::shell::{self, Workspace};

/// Name.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// A server that never answers would keep rustup for minutes.
const ADD_LIMIT: Duration = Duration::from_secs(20);

/// Makes sure that the toolchain in use can compile for the browser, or says what to do.
pub(crate) fn ensure(work: &Workspace) -> Result<()> {
    if installed(&work.root) {
        return Ok(());
    }
    println!(
        "adding the {TARGET} target to the Rust toolchain (at most {} s)",
        ADD_LIMIT.as_secs()
    );
    let added = shell::within(
        Command::new("rustup").args(["target", "add", TARGET]).current_dir(&work.root),
        ADD_LIMIT,
    );
    if added && installed(&work.root) {
        return Ok(());
    }
    let toolchain = shell::ask(Command::new("rustc").arg("--version").current_dir(&work.root))
        .unwrap_or_else(|| "the Rust toolchain".to_owned());
    bail!(
        "the browser client needs the target {TARGET} of {toolchain}, and it could not be added.\n\
         Do one of these, then repeat the command:\n\
         - with a connection to static.rust-lang.org:  rustup target add {TARGET}\n\
         - behind a mirror:  RUSTUP_DIST_SERVER=https://your.mirror rustup target add {TARGET}\n\
         - with a toolchain of your distribution, install its standard library for {TARGET}\n\
           (Debian: libstd-rust-dev-wasm32, Fedora: rust-std-static-{TARGET})\n\
         - or copy lib/rustlib/{TARGET} from the same toolchain on another machine into\n\
           `rustc --print sysroot`/lib/rustlib/"
    )
}

/// True if the standard library for it is there; true of rustup's and of distributions' toolchains alike.
fn installed(root: &Path) -> bool {
    let mut ask = Command::new("rustc");
    ask.args(["--print", "target-libdir", "--target", TARGET]).current_dir(root);
    shell::ask(&mut ask).is_some_and(|dir| {
        std::fs::read_dir(dir).is_ok_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|e| e.file_name().to_string_lossy().starts_with("libcore-"))
            })
        })
    })
}
