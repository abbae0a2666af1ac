//! Licences, bans and sources of every dependency, by the rules of `deny.toml`, without a network.
//!
//! `cargo deny check licenses bans sources` reads the same file and says the same; this needs nothing that is not built
//! with the workspace.
#![expect(clippy::unwrap_used, reason = "a helper of a test")]

use std::collections::BTreeSet;
use std::path::Path;

use cargo_metadata::{CargoOpt, Metadata, MetadataCommand, Package};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

#[derive(Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    name: String,
    reason: String,
}

impl Licenses {
    fn licensees(&self) -> Vec<Licensee> {
        self.allow.iter().map(|name| Licensee::parse(name).unwrap()).collect()
    }
}

/// Why a package may not be used, if so.
fn refusal(package: &Package, licensees: &[Licensee], bans: &Bans) -> Option<String> {
    let name = package.name.as_str();
    if let Some(banned) = bans.deny.iter().find(|banned| banned.name == name) {
        return Some(format!("{name} is banned: {}", banned.reason));
    }
    if let Some(source) = &package.source
        && !source.is_crates_io()
    {
        return Some(format!("{name} comes from {source}"));
    }
    let Some(written) = &package.license else {
        return Some(format!("{name} names no licence"));
    };
    let licence = match Expression::parse_mode(written, ParseMode::LAX) {
        Ok(licence) => licence,
        Err(error) => return Some(format!("{name}: {written} is no licence: {}", error.reason)),
    };
    let is_allowed =
        licence.evaluate(|asked| licensees.iter().any(|allowed| allowed.satisfies(asked)));
    (!is_allowed).then(|| format!("{name} is licensed under {written}"))
}

/// Also of what only other systems need: a new machine downloads that here, and nothing where it is there.
fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".to_owned()])
        .exec()
        .unwrap()
}

fn rules() -> Rules {
    toml::from_str(include_str!("../../deny.toml")).unwrap()
}

#[test]
fn every_dependency_has_a_licence_a_source_and_a_name_that_are_allowed() {
    let (rules, metadata) = (rules(), metadata());
    let licensees = rules.licenses.licensees();
    let refused: BTreeSet<String> = metadata
        .packages
        .iter()
        .filter_map(|package| refusal(package, &licensees, &rules.bans))
        .collect();
    assert!(metadata.packages.len() > 200, "{} packages", metadata.packages.len());
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn what_is_not_allowed_is_told() {
    let (mut rules, metadata) = (rules(), metadata());
    let serde = metadata.packages.iter().find(|package| package.name.as_str() == "serde").unwrap();
    let refusal = |rules: &Rules, package: &Package| {
        refusal(package, &rules.licenses.licensees(), &rules.bans)
    };
    assert_eq!(refusal(&rules, serde), None);
    let mut other = serde.clone();
    other.license = Some("GPL-3.0-only".to_owned());
    assert_eq!(refusal(&rules, &other).unwrap(), "serde is licensed under GPL-3.0-only");
    other.license = None;
    assert_eq!(refusal(&rules, &other).unwrap(), "serde names no licence");
    rules.bans.deny.push(Banned { name: "serde".to_owned(), reason: "a test".to_owned() });
    assert_eq!(refusal(&rules, serde).unwrap(), "serde is banned: a test");
}
