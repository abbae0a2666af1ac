//! Scripts and fonts that the page loads and others made: from npm, exactly as locked, served by our own server.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::{shell, tools};

/// The name it is served under, and the file in `client-wasm/vendor/node_modules`.
const FILES: [(&str, &str); 7] = [
    ("model-viewer.js", "@google/model-viewer/dist/model-viewer.min.js"),
    ("model-viewer-license.txt", "@google/model-viewer/LICENSE"),
    ("inter-latin.woff2", "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"),
    ("inter-latin-ext.woff2", "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2"),
    ("inter-cyrillic.woff2", "@fontsource-variable/inter/files/inter-cyrillic-wght-normal.woff2"),
    ("inter-greek.woff2", "@fontsource-variable/inter/files/inter-greek-wght-normal.woff2"),
    ("inter-license.txt", "@fontsource-variable/inter/LICENSE"),
];

/// The files by name. Without npm there are none: the page then says that it cannot turn 3D models, and has the system's letters.
pub(crate) fn files(client: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let dir = client.join("vendor");
    if !shell::on_path("npm") && !dir.join("node_modules").is_dir() {
        println!(
            "npm is not installed: the viewer for 3D models and the font are left out of the client"
        );
        return Ok(BTreeMap::new());
    }
    tools::node_modules(&dir)?;
    FILES
        .iter()
        .map(|(name, path)| {
            let file = dir.join("node_modules").join(path);
            let bytes = std::fs::read(&file)
                .with_context(|| format!("could not read {}", file.display()))?;
            Ok(((*name).to_owned(), bytes))
        })
        .collect()
}
