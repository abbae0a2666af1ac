//! A crate read from its source: its modules, what each defines and what each imports.
#![expect(clippy::wildcard_enum_match_arm, reason = "the enums of syn are open")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use quote::ToTokens as _;
use syn::{Attribute, Item};

use crate::circles::Graph;
use crate::paths::{imports, paths};

/// A file that cannot be read or is no Rust.
#[derive(Debug)]
pub struct ReadError {
    file: PathBuf,
    reason: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.reason)
    }
}

impl std::error::Error for ReadError {}

/// The path of a module from the root of its crate; empty for the root.
type ModulePath = Vec<String>;

#[derive(Default)]
struct Module {
    file: PathBuf,
    /// Names of the items it defines itself.
    items: BTreeSet<String>,
    /// Names in scope by `use`, and the paths they stand for as written.
    names: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    /// Paths named in its code.
    paths: Vec<Vec<String>>,
}

/// The modules of one crate.
pub struct Crate {
    folder: PathBuf,
    modules: BTreeMap<ModulePath, Module>,
}

/// Number of times a name may be handed on before it is taken for a circle of re-exports.
const MAX_HANDED_ON: usize = 16;

impl Crate {
    /// Reads the crate whose root is this file.
    ///
    /// # Errors
    ///
    /// A file of it cannot be read or parsed.
    pub fn read(root: &Path) -> Result<Self, ReadError> {
        let folder = root.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        let mut it = Crate { folder: folder.clone(), modules: BTreeMap::new() };
        it.read_file(root, &folder, Vec::new())?;
        Ok(it)
    }

    /// Which file imports from which.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::new();
        for (at, module) in &self.modules {
            let from = self.relative(&module.file);
            let used: BTreeSet<PathBuf> = module
                .names
                .values()
                .chain(&module.globs)
                .chain(&module.paths)
                .filter_map(|path| self.resolve(at, path, 0))
                .map(|found| self.relative(&self.modules[&found.module].file))
                .filter(|to| *to != from)
                .collect();
            graph.entry(from).or_default().extend(used);
        }
        graph
    }

    fn relative(&self, file: &Path) -> PathBuf {
        file.strip_prefix(&self.folder).unwrap_or(file).to_path_buf()
    }

    fn read_file(&mut self, file: &Path, children: &Path, at: ModulePath) -> Result<(), ReadError> {
        let fail = |reason: String| ReadError { file: file.to_path_buf(), reason };
        let source = std::fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
        let parsed = syn::parse_file(&source).map_err(|error| fail(error.to_string()))?;
        self.read_items(&parsed.items, file, children, at)
    }

    fn read_items(
        &mut self,
        items: &[Item],
        file: &Path,
        children: &Path,
        at: ModulePath,
    ) -> Result<(), ReadError> {
        let mut module = Module { file: file.to_path_buf(), ..Module::default() };
        for item in items {
            match item {
                Item::Mod(inner) if is_test(&inner.attrs) => {}
                Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    let mut path = at.clone();
                    path.push(name.clone());
                    let below = children.join(&name);
                    match &inner.content {
                        Some((_, items)) => {
                            let beside = file.parent().unwrap_or_else(|| Path::new(""));
                            let below =
                                path_of(&inner.attrs).map_or(below, |path| beside.join(path));
                            self.read_items(items, file, &below, path)?;
                        }
                        None => {
                            let flat = children.join(format!("{name}.rs"));
                            let file =
                                path_of(&inner.attrs).map_or(flat, |path| children.join(path));
                            let file = if file.exists() { file } else { below.join("mod.rs") };
                            self.read_file(&file, &below, path)?;
                        }
                    }
                }
                Item::Use(item) => {
                    for import in imports(&item.tree) {
                        if import.name == "*" {
                            module.globs.push(import.path);
                        } else {
                            module.names.insert(import.name, import.path);
                        }
                    }
                }
                other => {
                    module.items.extend(name_of(other));
                    module.paths.extend(paths(other.to_token_stream()));
                }
            }
        }
        self.modules.insert(at, module);
        Ok(())
    }

    /// Where the path, written in a module, leads: `None` out of the crate.
    fn resolve(&self, at: &ModulePath, path: &[String], handed_on: usize) -> Option<Found> {
        if handed_on > MAX_HANDED_ON {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Found { module: Vec::new(), item: None },
            "self" => Found { module: at.clone(), item: None },
            "super" => Found { module: at[..at.len().checked_sub(1)?].to_vec(), item: None },
            name => {
                let own = &self.modules[at];
                let child = child(at, name);
                if self.modules.contains_key(&child) {
                    Found { module: child, item: None }
                } else if let Some(path) = own.names.get(name).filter(|p| p.as_slice() != [name]) {
                    self.resolve(at, path, handed_on + 1)?
                } else {
                    return None;
                }
            }
        };
        self.walk(start, rest, handed_on)
    }

    fn walk(&self, mut found: Found, rest: &[String], handed_on: usize) -> Option<Found> {
        for segment in rest {
            if found.item.is_some() {
                break;
            }
            if segment == "super" {
                found.module.pop()?;
                continue;
            }
            let child = child(&found.module, segment);
            let module = &self.modules[&found.module];
            if self.modules.contains_key(&child) {
                found.module = child;
            } else if module.items.contains(segment) {
                found.item = Some(segment.clone());
            } else if let Some(path) = module.names.get(segment) {
                found = self.resolve(&found.module.clone(), path, handed_on + 1)?;
            } else {
                found =
                    self.through_globs(&found.module, segment, handed_on).unwrap_or_else(|| {
                        Found { module: found.module.clone(), item: Some(segment.clone()) }
                    });
            }
        }
        Some(found)
    }

    fn through_globs(&self, at: &ModulePath, name: &str, handed_on: usize) -> Option<Found> {
        self.modules[at].globs.iter().find_map(|glob| {
            let found = self.resolve(at, glob, handed_on + 1)?;
            let module = &self.modules[&found.module];
            (found.item.is_none() && module.items.contains(name))
                .then(|| Found { item: Some(name.to_owned()), ..found })
        })
    }
}

/// A module, or an item in it.
struct Found {
    module: ModulePath,
    item: Option<String>,
}

fn child(at: &ModulePath, name: &str) -> ModulePath {
    let mut path = at.clone();
    path.push(name.to_owned());
    path
}

fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::TraitAlias(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.to_token_stream().to_string().contains("test")
    })
}

/// The file of `#[path = "…"]`.
fn path_of(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => {
            let text = pair.value.to_token_stream().to_string();
            Some(text.trim_matches('"').to_owned())
        }
        _ => None,
    })
}
