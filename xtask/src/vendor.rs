//! Scripts that the page loads and others wrote: from npm, exactly as locked, served by our own server.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::{shell, tools};

/// The name it is served under, and the file in `client-wasm/vendor/node_modules`.
const FILES: [(&str, &str); 2] = [
    ("model-viewer.js", "@google/model-viewer/dist/model-viewer.min.js"),
    ("model-viewer-license.txt", "@google/model-viewer/LICENSE"),
];

/// The files by name. Without npm there are none: the page then says that it cannot turn 3D models.
pub(crate) fn files(client: &Path) -> Result<BTreeMap<String, String>> {
    let dir = client.join("vendor");
    if !shell::on_path("npm") && !dir.join("node_modules").is_dir() {
        println!("npm is not installed: the viewer for 3D models is left out of the client");
        return Ok(BTreeMap::new());
    }
    tools::node_modules(&dir)?;
    FILES
        .iter()
        .map(|(name, path)| {
            let file = dir.join("node_modules").join(path);
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("could not read {}", file.display()))?;
            Ok(((*name).to_owned(), text))
        })
        .collect()
}
