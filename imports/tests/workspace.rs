//! No circle of files anywhere in the workspace.
#![expect(clippy::unwrap_used, reason = "a helper of a test")]

use std::path::{Path, PathBuf};

use imports::{Crate, circles};

/// The roots of all crates.
fn roots() -> Vec<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut roots: Vec<PathBuf> = std::fs::read_dir(workspace)
        .unwrap()
        .filter_map(|entry| {
            let source = entry.unwrap().path().join("src");
            ["lib.rs", "main.rs"]
                .map(|name| source.join(name))
                .into_iter()
                .find(|root| root.exists())
        })
        .collect();
    roots.sort();
    roots
}

#[test]
fn no_files_import_one_another_in_a_circle() {
    let roots = roots();
    assert!(roots.len() >= 9, "{roots:?}");
    for root in roots {
        let circles = circles(&Crate::read(&root).unwrap().graph());
        assert!(
            circles.is_empty(),
            "{}: {circles:?}\n`cargo run -p imports -- {}` shows who imports whom",
            root.display(),
            root.display()
        );
    }
}
