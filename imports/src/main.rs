//! Prints the circles of files of each crate, and who of a circle imports whom; with `--all` first whom every file imports.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

use std::path::Path;
use std::process::ExitCode;

use imports::{Crate, circles};

fn main() -> ExitCode {
    let mut any = false;
    let (options, roots): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    for root in roots {
        match Crate::read(Path::new(&root)) {
            Ok(krate) => {
                let graph = krate.graph();
                if options.iter().any(|option| option == "--all") {
                    for (file, imported) in &graph {
                        let imported: Vec<String> =
                            imported.iter().map(|to| to.display().to_string()).collect();
                        println!("{} -> {}", file.display(), imported.join(" "));
                    }
                }
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
