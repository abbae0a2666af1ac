//! The graph tells what a reader would: who names whom, through re-exports, and who does so in a circle.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::PathBuf;

use imports::{Crate, Graph, circles};
use tempfile::TempDir;

/// A crate of these files, and its graph.
fn graph(files: &[(&str, &str)]) -> Graph {
    let folder = TempDir::new().unwrap();
    for (name, source) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, source).unwrap();
    }
    Crate::read(&folder.path().join("lib.rs")).unwrap().graph()
}

fn imported(graph: &Graph, file: &str) -> Vec<String> {
    graph[&PathBuf::from(file)].iter().map(|to| to.display().to_string()).collect()
}

#[test]
fn a_file_imports_the_files_that_define_what_it_names() {
    let graph = graph(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::{B, self as other}; fn f() { other::g(); }"),
        ("b.rs", "pub struct B; pub fn g() { super::c::h() }"),
        ("c.rs", "pub fn h() {}"),
    ]);
    assert_eq!(imported(&graph, "a.rs"), ["b.rs"]);
    assert_eq!(imported(&graph, "b.rs"), ["c.rs"]);
    assert!(circles(&graph).is_empty());
}

#[test]
fn names_are_followed_through_re_exports_and_globs() {
    let graph = graph(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "mod x; mod y; pub use x::X; pub use y::*;"),
        ("a/x.rs", "pub struct X;"),
        ("a/y.rs", "pub struct Y;"),
        ("b.rs", "use crate::a::{X, Y}; fn f(_: X, _: Y) {}"),
    ]);
    assert_eq!(imported(&graph, "b.rs"), ["a/x.rs", "a/y.rs"]);
    assert_eq!(imported(&graph, "a.rs"), ["a/x.rs", "a/y.rs"]);
}

#[test]
fn a_child_that_names_its_parent_which_names_it_is_a_circle() {
    let graph = graph(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod x; pub struct A; fn f() { x::g() }"),
        ("a/x.rs", "use super::A; pub fn g() { drop(A) }"),
    ]);
    assert_eq!(circles(&graph), [["a/x.rs", "a.rs"].map(PathBuf::from)]);
}

#[test]
fn a_circle_by_way_of_others_is_one_also_inside_of_macros() {
    let graph = graph(&[
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "pub fn f() { println!(\"{}\", crate::b::f()) }"),
        ("b.rs", "pub fn f() -> u32 { crate::c::f() }"),
        ("c.rs", "pub fn f() -> u32 { crate::a::f(); 1 }"),
        ("d.rs", "pub fn f() { crate::a::f() }"),
    ]);
    assert_eq!(circles(&graph), [["a.rs", "b.rs", "c.rs"].map(PathBuf::from)]);
}

#[test]
fn tests_may_know_everybody() {
    let graph = graph(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }"),
        ("b.rs", "use crate::a::A; pub struct B(A);"),
    ]);
    assert!(circles(&graph).is_empty());
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("lib.rs"), "mod gone;").unwrap();
    let error = Crate::read(&folder.path().join("lib.rs")).err().unwrap().to_string();
    assert!(error.contains("gone"), "{error}");
}
