//! Puts the finished browser client (the folder in `GESSO_CLIENT_DIST`, as `cargo xtask` makes it) into the server.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=GESSO_CLIENT_DIST");
    let mut files = Vec::new();
    if let Some(dist) = std::env::var_os("GESSO_CLIENT_DIST").map(PathBuf::from) {
        println!("cargo::rerun-if-changed={}", dist.display());
        collect(&dist, &mut files);
        files.sort();
        let rows = files.iter().filter(|file| !packed(file)).map(|file| row(&dist, file));
        write_table(&rows.collect::<String>());
    } else {
        write_table("");
    }
}

fn write_table(rows: &str) {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let table = format!("static FILES: &[Embedded] = &[\n{rows}];\n");
    std::fs::write(out.join("client.rs"), table).expect("OUT_DIR can be written");
}

fn packed(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "br" || extension == "gz")
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir)
        .unwrap_or_else(|error| panic!("GESSO_CLIENT_DIST: {}: {error}", dir.display()));
    for entry in entries {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

fn row(dist: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(dist).expect("it was found in there");
    let path = format!("/{}", inside.to_str().expect("names are UTF-8").replace('\\', "/"));
    let include =
        |suffix: &str| format!("include_bytes!({:?})", format!("{}{suffix}", file.display()));
    let packed = |suffix: &str| {
        let there = Path::new(&format!("{}{suffix}", file.display())).is_file();
        if there { format!("Some({})", include(suffix)) } else { "None".to_owned() }
    };
    let mut row = String::new();
    writeln!(
        row,
        "    Embedded {{ path: {path:?}, mime: {:?}, immutable: {}, plain: {}, br: {}, gz: {} }},",
        mime(file),
        path.starts_with("/assets/"),
        include(""),
        packed(".br"),
        packed(".gz"),
    )
    .expect("a string takes everything");
    row
}

fn mime(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        other => panic!("GESSO_CLIENT_DIST: no media type is known for {other:?}"),
    }
}
