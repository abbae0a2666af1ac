//! Tries a built-in model without a server: `cargo run -p gesso-studio --example try -- MODEL "PROMPT" [key=value …]
//! [port=@file …] [--seed N] [--out DIR]`. Writes what it makes and says where.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tells its user")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use gesso_media::{Control, Programs, ToolRunner};
use gesso_protocol::catalog::Catalog;
use gesso_studio::{Content, Input, Job, models};
use serde_json::Value;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let model = args.next().context("which model?")?;
    let mut job = Job { model, prompt: args.next().unwrap_or_default(), seed: 1, ..Job::default() };
    let (mut settings, mut out) = (BTreeMap::new(), PathBuf::from("."));
    while let Some(arg) = args.next() {
        if arg == "--seed" {
            job.seed = args.next().context("--seed N")?.parse()?;
        } else if arg == "--out" {
            out = args.next().context("--out DIR")?.into();
        } else if let Some((port, file)) = arg.split_once("=@") {
            let bytes = std::fs::read(file).with_context(|| file.to_owned())?;
            job.inputs.push(Input::new(port, bytes));
        } else if let Some(("negative", words)) = arg.split_once('=') {
            words.clone_into(&mut job.negative);
        } else if let Some((key, value)) = arg.split_once('=') {
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            settings.insert(key.to_owned(), value);
        } else {
            bail!("what is “{arg}”?");
        }
    }
    let catalog = Catalog::read(models::CATALOG)?;
    let entry = catalog.model(&job.model).with_context(|| format!("no model {}", job.model))?;
    job.params = entry.resolve(&settings).map_err(|wrong| anyhow::anyhow!(wrong.join(" ")))?;
    if let Some(angles) = settings.remove("angles") {
        job.params.insert("angles".to_owned(), angles);
    }
    std::fs::create_dir_all(&out)?;
    let scratch = std::env::temp_dir().join("gesso-try");
    let tools = ToolRunner::new(Programs::find(), &scratch)?;
    let start = Instant::now();
    let progress = |part: f32| eprint!("\r{:3.0} %", part * 100.0);
    let control = Control { progress: &progress, cancelled: &|| false };
    let made = models::compute(&job, &tools, &control)?;
    eprintln!("\r{:.2} s", start.elapsed().as_secs_f32());
    for (n, made) in made.into_iter().enumerate() {
        match made.content {
            Content::Text(text) => println!("{}: {text}", made.port),
            Content::File { bytes, mime, size_px, duration_s, .. } => {
                let ext = gesso_media::sniff(&bytes).map_or("bin", |sniffed| sniffed.ext);
                let path = out.join(format!("{}-{}-{n}.{ext}", job.model, job.seed));
                println!(
                    "{}: {} {mime} {} bytes {size_px:?} {duration_s:?} s",
                    made.port,
                    path.display(),
                    bytes.len()
                );
                std::fs::write(path, bytes)?;
            }
        }
    }
    Ok(())
}
