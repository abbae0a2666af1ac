//! `gesso doctor`: what is usable here, what is missing and how to get it, and which canvases are damaged. It changes
//! nothing.

mod assets;
mod canvases;
mod report;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use gesso_media::{Program, Programs, ToolRunner};
use gesso_protocol::catalog::Catalog;
use gesso_protocol::nodes::SPECS;

use crate::app::{StartError, catalog_with};
use crate::config::DoctorOptions;
use crate::providers::{Providers, how_to_get};
pub use report::Report;

/// Looks at the data folder, the canvases, the programs and the models.
///
/// # Errors
/// When the catalogue cannot be read.
pub async fn examine(options: &DoctorOptions) -> Result<Report, StartError> {
    let catalog = catalog_with(options.catalog.as_deref())?;
    // The doctor computes nothing, so the folder for that is one it has to leave no trace in.
    let scratch = std::env::temp_dir();
    let tools =
        ToolRunner::new(Programs::find(), &scratch).map_err(|error| StartError::Folder {
            folder: scratch.display().to_string(),
            source: std::io::Error::other(error),
        })?;
    let mut report = Report { text: String::new(), well: true };
    folder(&mut report, &options.data);
    canvases::examine(&mut report, options).await;
    programs(&mut report, tools.programs());
    models(&mut report, &catalog, &Providers::built_in(tools));
    Ok(report)
}

fn folder(report: &mut Report, data: &Path) {
    report.title("Data folder");
    let name = data.display().to_string();
    // The nearest folder that is there decides whether the missing ones can be made.
    let absolute = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let there = absolute.ancestors().find(|place| place.exists());
    let writable =
        there.is_some_and(|place| place.is_dir() && tempfile::tempfile_in(place).is_ok());
    let told = match (data.is_dir(), writable) {
        (_, false) => {
            "cannot be written to; give the server's user the right, or name another with --data"
        }
        (false, true) => "will be made at the first start",
        (true, true) => "can be written to",
    };
    report.line(writable, &name, told);
}

fn programs(report: &mut Report, programs: &Programs) {
    report.title("Programs");
    for program in Program::ALL {
        match programs.path(program) {
            Some(path) => {
                let version = version(program, path).unwrap_or_else(|| "does not start".to_owned());
                let told = format!("{} ({version})", path.display());
                report.line(version != "does not start", program.name(), &told);
            }
            None => report.line(false, program.name(), &program.how_to_get()),
        }
    }
}

/// The version a program tells of itself.
fn version(program: Program, path: &Path) -> Option<String> {
    let flag = match program {
        Program::Ffmpeg | Program::Ffprobe => "-version",
        Program::EspeakNg | Program::Own => "--version",
        // Its older versions know no flag for that, and tell it above their help.
        Program::Heif => "-h",
    };
    let out = std::process::Command::new(path).arg(flag).output().ok()?;
    let words = [out.stdout, out.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    let number =
        words.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    out.status.success().then(|| number.unwrap_or("unknown version").to_owned())
}

fn models(report: &mut Report, catalog: &Catalog, providers: &Providers) {
    report.title("Models, by node");
    let mut hints = BTreeSet::new();
    for spec in SPECS.iter().filter(|spec| spec.runs() && spec.id != "evaluator") {
        let (mut usable, mut lacking) = (Vec::new(), Vec::new());
        for model in catalog.models_of(spec.id) {
            let missing = providers.missing(model);
            if missing.is_empty() {
                usable.push(model.name.clone());
            } else {
                lacking.push(format!("{} (needs {})", model.name, missing.join(" and ")));
                hints.extend(missing);
            }
        }
        let told = match (usable.is_empty(), lacking.is_empty()) {
            (true, true) => "no model; add one with --catalog".to_owned(),
            (true, false) => lacking.join(", "),
            (false, true) => usable.join(", "),
            (false, false) => format!("{}; not here: {}", usable.join(", "), lacking.join(", ")),
        };
        report.line(!usable.is_empty(), spec.title, &told);
    }
    // What was said of a program above is not said again.
    hints.retain(|name| Program::from_name(name).is_none());
    if !hints.is_empty() {
        report.title("How to get what is missing");
        for hint in hints {
            writeln!(report.text, "    {}", how_to_get(&hint))
                .expect("writing to a String cannot fail");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_how_to_get_it() {
        let mut report = Report { text: String::new(), well: true };
        programs(&mut report, &Programs::default());
        let dir = tempfile::tempdir().unwrap();
        let bare = ToolRunner::new(Programs::default(), dir.path()).unwrap();
        models(&mut report, &catalog_with(None).unwrap(), &Providers::built_in(bare));
        assert!(!report.well);
        assert!(report.text.contains("--  ffmpeg               Install it on the server"));
        assert_eq!(report.text.matches("apt install espeak-ng").count(), 1, "{}", report.text);
        assert!(report.text.contains("ok  Image Generator      Studio Painter"), "{}", report.text);
    }

    #[test]
    fn a_folder_nobody_can_write_to_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut report = Report { text: String::new(), well: true };
        folder(&mut report, &dir.path().join("not/yet"));
        assert!(report.well && report.text.contains("will be made"), "{}", report.text);
        let file = dir.path().join("file");
        std::fs::write(&file, b"x").unwrap();
        folder(&mut report, &file.join("data"));
        assert!(!report.well, "{}", report.text);
    }
}
