//! Prints the circles of files of each crate, and with a file's name its way through the circle.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

use std::path::Path;
use std::process::ExitCode;

use imports::{Crate, circles};

fn main() -> ExitCode {
    let mut any = false;
    for root in std::env::args().skip(1) {
        match Crate::read(Path::new(&root)) {
            Ok(krate) => {
                let graph = krate.graph();
                for circle in circles(&graph) {
                    any = true;
                    println!("{root}: {} files import one another", circle.len());
                    for file in &circle {
                        let inside: Vec<String> = graph[file]
                            .iter()
                            .filter(|to| circle.contains(to))
                            .map(|to| to.display().to_string())
                            .collect();
                        println!("  {} -> {}", file.display(), inside.join(" "));
                    }
                }
            }
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    if any { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
