//! Makes the stock anew with the built-in models: `cargo run -p gesso-studio --example stock [-- WORD]` reads
//! `studio/stock/recipes.toml` and writes the files and their list beside it. With a word only the recipes whose file
//! name has it are made again. Needs ffmpeg, which makes the files small.
#![expect(clippy::print_stdout, reason = "a command line tells its user")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use gesso_media::{self, Examined};
use gesso_media::{Control, DecodeLimits, Programs, ToolRunner};
use gesso_protocol::catalog::Catalog;
use gesso_studio::{Content, Input, Job, models};
use serde::Deserialize;
use serde_json::Value;

/// Longest side of a picture, in pixels.
const SIDE_MAX_PX: u32 = 1024;

#[derive(Deserialize)]
struct Recipes {
    recipe: Vec<Recipe>,
}

#[derive(Deserialize)]
struct Recipe {
    /// The name of its file, without an ending.
    file: String,
    name: String,
    tags: Vec<String>,
    model: String,
    prompt: String,
    #[serde(default)]
    negative: String,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    /// Input files by port, each the file of another recipe.
    #[serde(default)]
    inputs: BTreeMap<String, String>,
}

struct Shop {
    folder: PathBuf,
    catalog: Catalog,
    tools: ToolRunner,
}

fn main() -> Result<()> {
    let only = std::env::args().nth(1).unwrap_or_default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stock");
    let recipes = std::fs::read_to_string(folder.join("recipes.toml"))?;
    let recipes: Recipes = toml::from_str(&recipes)?;
    let scratch = std::env::temp_dir().join("gesso-stock");
    let tools = ToolRunner::new(Programs::find(), &scratch)?;
    let shop = Shop { folder, catalog: Catalog::read(models::CATALOG)?, tools };
    let mut list = String::from(
        "# The stock: made from `recipes.toml` by `cargo run -p gesso-studio --example stock`, free for any use.\n",
    );
    let mut total = 0;
    for recipe in &recipes.recipe {
        let made = shop.found(&recipe.file)?.filter(|_| !recipe.file.contains(&only));
        let Some(path) = made.map_or_else(|| shop.make(recipe), |path| Ok(Some(path)))? else {
            println!("{:24} waits for the model {}", recipe.file, recipe.model);
            continue;
        };
        let (examined, bytes) = shop.measure(&path)?;
        println!(
            "{:24} {:7} bytes {:?} {:?}",
            recipe.file, bytes, examined.size_px, examined.duration_s
        );
        total += bytes;
        enter(&mut list, recipe, &path, examined)?;
    }
    std::fs::write(shop.folder.join("stock.toml"), list)?;
    println!("{} KiB together", total / 1024);
    Ok(())
}

fn enter(list: &mut String, recipe: &Recipe, path: &Path, examined: Examined) -> Result<()> {
    let file = path.file_name().and_then(|name| name.to_str()).context("a name")?;
    let text = |text: &str| toml::Value::from(text).to_string();
    let tags = toml::Value::from(recipe.tags.clone()).to_string();
    writeln!(
        list,
        "\n[[item]]\nfile = {}\nname = {}\ntags = {tags}",
        text(file),
        text(&recipe.name)
    )?;
    if let Some((width, height)) = examined.size_px {
        writeln!(list, "width = {width}\nheight = {height}")?;
    }
    if let Some(seconds) = examined.duration_s {
        writeln!(list, "duration_ms = {}", (seconds * 1000.0).round())?;
    }
    Ok(())
}

impl Shop {
    fn found(&self, stem: &str) -> Result<Option<PathBuf>> {
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.file_stem().is_some_and(|name| name == stem) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Makes a piece and answers its file; nothing where its model is not there.
    fn make(&self, recipe: &Recipe) -> Result<Option<PathBuf>> {
        let Some(entry) = self.catalog.model(&recipe.model) else { return Ok(None) };
        let params = entry.resolve(&recipe.settings);
        let params =
            params.map_err(|wrong| anyhow::anyhow!("{}: {}", recipe.file, wrong.join(" ")))?;
        let mut job = Job {
            model: recipe.model.clone(),
            prompt: recipe.prompt.clone(),
            negative: recipe.negative.clone(),
            params,
            inputs: Vec::new(),
            seed: recipe.seed,
        };
        for (port, stem) in &recipe.inputs {
            let Some(path) = self.found(stem)? else { return Ok(None) };
            job.inputs.push(Input::new(port, std::fs::read(path)?));
        }
        let made = models::compute(&job, &self.tools, &Control::none())
            .with_context(|| recipe.file.clone())?;
        let Some(Content::File { bytes, .. }) = made.into_iter().map(|made| made.content).next()
        else {
            bail!("{} is no file", recipe.file);
        };
        if let Some(old) = self.found(&recipe.file)? {
            std::fs::remove_file(old)?;
        }
        let sniffed = gesso_media::sniff(&bytes).context("an unknown type")?;
        let scratch = self.tools.folder()?;
        let raw = scratch.path().join("raw").with_extension(sniffed.ext);
        std::fs::write(&raw, &bytes)?;
        let (ending, args): (&str, &[&str]) = match sniffed.mime {
            "image/png" => {
                ("webp", &["-c:v", "libwebp", "-quality", "80", "-compression_level", "6"])
            }
            "audio/wav" => ("mp3", &["-c:a", "libmp3lame", "-b:a", "96k", "-joint_stereo", "1"]),
            _ => (sniffed.ext, &[]),
        };
        let path = self.folder.join(&recipe.file).with_extension(ending);
        if args.is_empty() {
            std::fs::copy(&raw, &path)?;
            return Ok(Some(path));
        }
        let scale = format!(
            "scale='min({SIDE_MAX_PX},iw)':'min({SIDE_MAX_PX},ih)':force_original_aspect_ratio=decrease:flags=lanczos"
        );
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-v", "error", "-y", "-i"]).arg(&raw);
        if sniffed.mime == "image/png" {
            command.args(["-vf", &scale]);
        }
        let done = command
            .args(["-map_metadata", "-1", "-bitexact", "-threads", "1"])
            .args(args)
            .arg(&path);
        ensure!(done.status()?.success(), "ffmpeg could not shrink {}", recipe.file);
        Ok(Some(path))
    }

    /// Examines a file as an upload is examined, and returns what was found and the size of the file, in bytes, once
    /// it is clean.
    fn measure(&self, path: &Path) -> Result<(Examined, usize)> {
        let bytes = std::fs::read(path)?;
        let sniffed = gesso_media::sniff(&bytes).context("an unknown type")?;
        let limits = DecodeLimits::default();
        // Looking at a file may clean it: then the clean one is the piece.
        let examined = gesso_media::examine(path, sniffed, limits, &self.tools, &Control::none())?;
        Ok((examined, std::fs::metadata(path)?.len() as usize))
    }
}
