//! The folder the server serves: names that carry a hash of their content, everything packed beforehand.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::vendor;

/// Where the files with a hash in their name are served.
const ASSETS: &str = "assets";
/// The service worker: browsers know it by its address, which is above all pages.
const WORKER: &str = "sw.js";
/// Style sheets that come first, in this order; the rest by name.
const STYLE_FIRST: [&str; 2] = ["tokens.css", "base.css"];
/// The best quality takes 20 times as long on what is large, for 3 % less.
const BROTLI_LARGE_BYTES: usize = 256 * 1024;

/// The files that are written by hand.
pub(crate) struct Sources {
    index: String,
    style: String,
    /// Scripts and pictures by name.
    files: BTreeMap<String, String>,
    /// Scripts of others by name, served as they are.
    vendor: BTreeMap<String, Vec<u8>>,
}

/// The files that the compiler made.
pub(crate) struct Bound {
    /// The JavaScript side.
    pub(crate) js: String,
    /// Scripts it imports, by relative path.
    pub(crate) snippets: Vec<(String, String)>,
    /// The code.
    pub(crate) wasm: Vec<u8>,
}

impl Sources {
    /// Reads `index.html`, `style/`, `static/` and what `vendor/` locks.
    pub(crate) fn read(client: &Path) -> Result<Self> {
        let mut styles = texts(&client.join("style"))?;
        let mut style = String::new();
        for name in STYLE_FIRST {
            style += &styles.remove(name).with_context(|| format!("there is no style/{name}"))?;
        }
        for text in styles.values() {
            style += text;
        }
        Ok(Self {
            index: read(&client.join("index.html"))?,
            style,
            files: texts(&client.join("static"))?,
            vendor: vendor::files(client)?,
        })
    }

    /// Adds all of it to a hash.
    pub(crate) fn hash(&self, hash: &mut blake3::Hasher) {
        let texts = self.files.iter().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
        let bytes = self.vendor.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes]);
        let pages = [self.index.as_bytes(), self.style.as_bytes()];
        for bytes in pages.into_iter().chain(texts).chain(bytes) {
            hash.update(&bytes.len().to_le_bytes()).update(bytes);
        }
    }
}

/// Writes the folder anew; an interrupted one is never taken for a finished one.
pub(crate) fn write(dist: &Path, sources: &Sources, bound: &Bound) -> Result<()> {
    let fresh = dist.with_extension("new");
    remove(&fresh)?;
    std::fs::create_dir_all(fresh.join(ASSETS))?;

    let mut site = Site { dir: &fresh, names: BTreeMap::new() };
    site.hashed("client.wasm", &bound.wasm)?;
    for (name, bytes) in &sources.vendor {
        site.hashed(name, bytes)?;
    }
    let style = site.filled(&sources.style).context("in style/")?;
    site.hashed("app.css", style.as_bytes())?;
    let mut js = bound.js.clone();
    for (path, text) in &bound.snippets {
        let file = path.replace(['/', '\\'], "-");
        let name = site.hashed(&file, text.as_bytes())?;
        js = js.replace(&format!("./{path}"), &name);
    }
    site.hashed("client.js", js.as_bytes())?;
    for (name, text) in &sources.files {
        let filled = site.filled(text).with_context(|| format!("in static/{name}"))?;
        if name == WORKER {
            site.put(name, filled.as_bytes())?;
        } else {
            site.hashed(name, filled.as_bytes())?;
        }
    }
    let index = site.filled(&sources.index).context("in index.html")?;
    site.put("index.html", index.as_bytes())?;

    remove(dist)?;
    std::fs::rename(&fresh, dist)?;
    Ok(())
}

struct Site<'a> {
    dir: &'a Path,
    /// Path on the server by name in the sources.
    names: BTreeMap<String, String>,
}

impl Site<'_> {
    /// Stores a file under a name that changes with its content; the path it is served at.
    fn hashed(&mut self, name: &str, bytes: &[u8]) -> Result<String> {
        let (stem, extension) =
            name.rsplit_once('.').with_context(|| format!("{name} has no extension"))?;
        let hash = blake3::hash(bytes).to_hex();
        let path = format!("{ASSETS}/{stem}-{}.{extension}", &hash[..16]);
        self.put(&path, bytes)?;
        let served = format!("/{path}");
        self.names.insert(name.to_owned(), served.clone());
        Ok(served)
    }

    fn put(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let file = self.dir.join(path);
        std::fs::write(&file, bytes)
            .with_context(|| format!("could not write {}", file.display()))?;
        std::fs::write(self.dir.join(format!("{path}.br")), brotli(bytes)?)?;
        std::fs::write(self.dir.join(format!("{path}.gz")), gzip(bytes)?)?;
        Ok(())
    }

    /// Replaces every `{{name}}` by the path of that file, and `{{?name}}` by nothing where there is none.
    fn filled(&self, text: &str) -> Result<String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").context("a {{ without its }}")?;
            out += before;
            match (self.names.get(name.trim_start_matches('?')), name.starts_with('?')) {
                (Some(path), _) => out += path,
                (None, true) => {}
                (None, false) => bail!("there is no file {name}"),
            }
            rest = after;
        }
        Ok(out + rest)
    }
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let quality = if bytes.len() > BROTLI_LARGE_BYTES { 9 } else { 11 };
    let params = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut out, &params)?;
    Ok(out)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}

/// The text files of a folder by name.
fn texts(dir: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("could not read {}", dir.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).context("names are UTF-8")?;
        if path.is_file() && !name.starts_with('.') {
            found.insert(name.to_owned(), read(&path)?);
        }
    }
    Ok(found)
}

fn remove(dir: &Path) -> Result<()> {
    if dir.exists() {
        std::fs::remove_dir_all(dir)
            .with_context(|| format!("could not remove {}", dir.display()))?;
    }
    Ok(())
}
