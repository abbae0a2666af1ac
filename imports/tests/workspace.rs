//! No circle of files anywhere in the workspace, and the layers of the client.
#![expect(clippy::unwrap_used, reason = "a helper of a test")]

use std::path::{Path, PathBuf};

use imports::{Crate, Graph, circles};

/// The layers of the client, lowest first: a file imports from its own folder and from layers below its own, never from
/// another folder of its own layer (no feature knows a sibling).
const CLIENT: [&[&str]; 11] = [
    &["core"],
    &["web/caret.rs", "web/dom.rs", "web/http.rs", "web/nav.rs"],
    &["web/ui"],
    &["web/people.rs"],
    &["web/canvas/store"],
    &["web/canvas/actions", "web/sign_out.rs"],
    &["web/canvas/transfer"],
    &["web/canvas/live", "web/canvas/input", "web/canvas/media"],
    &["web/canvas/parts"],
    &["web/canvas/card"],
    &[
        "web/canvas/stage",
        "web/canvas/runs",
        "web/canvas/panels",
        "web/canvas/chrome",
        "web/canvas/comments",
        "web/canvas/image_editor",
        "web/home",
        "web/entry",
    ],
];

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

/// The layer and the folder of a file of the client; `None` for the files that put everything together (`lib.rs`, `web.rs`,
/// `web/app.rs`, `web/canvas.rs`, and those that name the modules of a folder).
fn layer(file: &Path) -> Option<(usize, &'static str)> {
    let file = file.strip_prefix("client-wasm/src").unwrap_or(file);
    let of_layer = |(at, folders): (usize, &&'static [&'static str])| {
        folders.iter().find(|folder| file.starts_with(folder)).map(|folder| (at, *folder))
    };
    // Pages belong to their folders; the first layer that names a file wins.
    if ["web/home.rs", "web/entry.rs"].iter().any(|page| file == Path::new(page)) {
        return layer(&file.with_extension("").join("page.rs"));
    }
    CLIENT.iter().enumerate().find_map(of_layer)
}

/// Returns the imports of the client's files that lie above them or beside them.
fn upward(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for (file, imported) in graph {
        let Some((own, folder)) = layer(file) else { continue };
        for other in imported {
            match layer(other) {
                Some((at, beside)) if at < own || beside == folder => {}
                Some(_) => found.push(format!("{} imports {}", file.display(), other.display())),
                None => {
                    found.push(format!("{} imports the root {}", file.display(), other.display()))
                }
            }
        }
    }
    found
}

#[test]
fn no_part_of_the_client_imports_what_lies_above_or_beside_it() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let graph = Crate::read(&workspace.join("client-wasm/src/lib.rs")).unwrap().graph();
    let graph: Graph = graph
        .into_iter()
        .map(|(file, imported)| {
            let short = |file: PathBuf| {
                file.strip_prefix(workspace).map_or_else(|_| file.clone(), Path::to_owned)
            };
            (short(file), imported.into_iter().map(short).collect())
        })
        .collect();
    let layered = graph.keys().filter(|file| layer(file).is_some()).count();
    assert!(layered > 100, "only {layered} files have a layer");
    let upward = upward(&graph);
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn an_import_upward_or_sideways_is_found() {
    let path = |file: &str| PathBuf::from(format!("client-wasm/src/{file}"));
    let graph = |from: &str, to: &str| Graph::from([(path(from), [path(to)].into())]);
    let sound = [
        ("web/canvas/card/view.rs", "core/cull.rs"),
        ("web/canvas/card/view.rs", "web/canvas/card/ports.rs"),
        ("web/canvas/runs/batch.rs", "web/canvas/parts/face.rs"),
        ("web/home.rs", "web/home/card.rs"),
    ];
    for (from, to) in sound {
        assert_eq!(upward(&graph(from, to)), Vec::<String>::new(), "{from} {to}");
    }
    let unsound = [
        ("core/cull.rs", "web/dom.rs"),
        ("web/canvas/store/page.rs", "web/canvas/actions/run.rs"),
        ("web/canvas/runs/batch.rs", "web/canvas/panels/history.rs"),
        ("web/canvas/card/view.rs", "web/canvas.rs"),
    ];
    for (from, to) in unsound {
        assert_eq!(upward(&graph(from, to)).len(), 1, "{from} {to}");
    }
}
