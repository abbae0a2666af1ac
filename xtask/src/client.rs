//! The browser client: compiled, bound to JavaScript, made small.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::dist::{self, Bound, Sources};
use crate::shell::{self, Workspace};
use crate::wasm_target;

/// Tells the server's build where the finished client is.
pub(crate) const DIST_ENV: &str = "GESSO_CLIENT_DIST";
/// Another profile for the client: `dev` compiles a change in seconds, to a large and slow file.
const PROFILE_ENV: &str = "GESSO_CLIENT_PROFILE";
const RELEASE: &str = "wasm-release";
/// Raised whenever this tool makes something else of the same sources.
const FORMAT: &str = "3";

/// Builds the client if anything of it changed; the folder with what the server serves.
pub(crate) fn build(work: &Workspace) -> Result<PathBuf> {
    wasm_target::ensure(work)?;
    let wasm = compile(work)?;
    let sources = Sources::read(&work.root.join("client-wasm"))?;
    let optimizer = shell::on_path("wasm-opt");

    let out = work.target.join("client");
    let stamp = stamp(&wasm, &sources, optimizer)?;
    let (dist, stamp_file) = (out.join("dist"), out.join("stamp"));
    if dist.is_dir() && std::fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(dist);
    }

    let start = Instant::now();
    std::fs::create_dir_all(&out).with_context(|| format!("could not make {}", out.display()))?;
    let mut bound = bind(&wasm)?;
    if optimizer {
        bound.wasm = optimized(&out, bound.wasm)?;
    }
    dist::write(&dist, &sources, &bound)?;
    std::fs::write(&stamp_file, stamp)?;
    println!("packed the browser client in {:.1} s", start.elapsed().as_secs_f32());
    Ok(dist)
}

fn profile() -> String {
    std::env::var(PROFILE_ENV).unwrap_or_else(|_| RELEASE.to_owned())
}

/// Own cargo call: together with the server features would be unified, and the target differs anyway.
fn compile(work: &Workspace) -> Result<PathBuf> {
    let profile = profile();
    let mut cargo = work.cargo(&["build", "--package", "gesso-client", "--profile", &profile]);
    cargo.args(["--target", wasm_target::TARGET, "--lib"]);
    // They would replace the flags of .cargo/config.toml, without which getrandom does not build.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo.env_remove("CARGO_BUILD_RUSTFLAGS");
    shell::must(&mut cargo)?;
    let folder = if profile == "dev" { "debug" } else { &profile };
    Ok(work.target.join(wasm_target::TARGET).join(folder).join("gesso_client.wasm"))
}

fn stamp(wasm: &Path, sources: &Sources, optimizer: bool) -> Result<String> {
    let mut hash = blake3::Hasher::new();
    hash.update(FORMAT.as_bytes()).update(&[u8::from(optimizer)]);
    hash.update(
        &std::fs::read(wasm).with_context(|| format!("could not read {}", wasm.display()))?,
    );
    sources.hash(&mut hash);
    Ok(hash.finalize().to_hex().to_string())
}

fn bind(wasm: &Path) -> Result<Bound> {
    let mut output = Bindgen::new()
        .input_path(wasm)
        .out_name("client")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(profile() == RELEASE)
        .remove_producers_section(true)
        .generate_output()
        .context("wasm-bindgen could not read the compiled client")?;
    let inline = output.snippets().iter().flat_map(|(id, list)| {
        list.iter()
            .enumerate()
            .map(move |(i, js)| (format!("snippets/{id}/inline{i}.js"), js.clone()))
    });
    let modules =
        output.local_modules().iter().map(|(path, js)| (format!("snippets/{path}"), js.clone()));
    let mut snippets: Vec<(String, String)> = inline.chain(modules).collect();
    snippets.sort();
    Ok(Bound { js: output.js().to_owned(), snippets, wasm: output.wasm_mut().emit_wasm() })
}

/// A few per cent smaller, where the tool is there. Never `--all-features`: browsers refuse the result.
fn optimized(out: &Path, wasm: Vec<u8>) -> Result<Vec<u8>> {
    let (before, after) = (out.join("before.wasm"), out.join("after.wasm"));
    std::fs::write(&before, &wasm)?;
    let mut command = Command::new("wasm-opt");
    command.args([
        "-Os",
        "--enable-bulk-memory",
        "--enable-bulk-memory-opt",
        "--enable-nontrapping-float-to-int",
        "--enable-reference-types",
        "--enable-multivalue",
        "--enable-sign-ext",
        "--enable-mutable-globals",
        "--enable-call-indirect-overlong",
    ]);
    command.arg(&before).arg("-o").arg(&after);
    let smaller = match shell::must(&mut command) {
        Ok(()) => std::fs::read(&after)?,
        Err(error) => {
            // An older wasm-opt does not know all of these; the client works without it.
            println!("going on without wasm-opt: {error:#}");
            wasm
        }
    };
    for file in [before, after] {
        if file.exists() {
            std::fs::remove_file(file)?;
        }
    }
    Ok(smaller)
}
