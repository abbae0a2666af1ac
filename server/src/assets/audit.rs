//! Compares a stored file with its name, which is the hash of its content.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use gesso_protocol::ids::AssetId;

/// The state of a stored file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is what was stored.
    Sound,
    /// It is not there.
    Gone,
    /// The content is not what was stored.
    Damaged,
}

/// Reads a file under a store's folder and compares it with its name.
///
/// # Errors
/// When the disk fails.
pub fn examine(root: &Path, id: &AssetId) -> std::io::Result<Found> {
    let id = id.as_str();
    let path = root.join(id.get(..2).unwrap_or("xx")).join(id);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Gone),
        Err(error) => return Err(error),
    };
    let mut hasher = blake3::Hasher::new();
    std::io::copy(&mut file, &mut hasher)?;
    let same = hasher.finalize().to_hex().as_str() == id;
    Ok(if same { Found::Sound } else { Found::Damaged })
}

/// Most files that are remembered.
const REMEMBERED_MAX: usize = 100_000;

/// Files that were compared since the start. Memory: 32 bytes a file and what the tree adds to that.
#[derive(Debug, Default)]
pub(super) struct Compared(Mutex<BTreeSet<[u8; 32]>>);

impl Compared {
    pub(super) fn has(&self, id: &AssetId) -> bool {
        key(id).is_some_and(|key| self.all().contains(&key))
    }

    pub(super) fn add(&self, id: &AssetId) {
        let Some(key) = key(id) else { return };
        let mut all = self.all();
        if all.len() >= REMEMBERED_MAX {
            // To compare some anew costs less than to remember in which order they came.
            all.clear();
        }
        all.insert(key);
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeSet<[u8; 32]>> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(id: &AssetId) -> Option<[u8; 32]> {
    blake3::Hash::from_hex(id.as_str()).ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_sound_gone_or_damaged() {
        let root = tempfile::tempdir().unwrap();
        let id = AssetId::new(blake3::hash(b"what was stored").to_hex().as_str());
        assert_eq!(examine(root.path(), &id).unwrap(), Found::Gone);
        let folder = root.path().join(&id.as_str()[..2]);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(id.as_str()), b"what was stored").unwrap();
        assert_eq!(examine(root.path(), &id).unwrap(), Found::Sound);
        std::fs::write(folder.join(id.as_str()), b"what was st0red").unwrap();
        assert_eq!(examine(root.path(), &id).unwrap(), Found::Damaged);
    }

    #[test]
    fn what_was_compared_is_remembered_and_bounded() {
        let compared = Compared::default();
        let id = |n: usize| AssetId::new(blake3::hash(&n.to_le_bytes()).to_hex().as_str());
        compared.add(&id(1));
        assert!(compared.has(&id(1)) && !compared.has(&id(2)));
        for n in 0..=REMEMBERED_MAX {
            compared.add(&id(n));
        }
        assert!(compared.has(&id(REMEMBERED_MAX)));
        assert!(compared.all().len() <= REMEMBERED_MAX);
    }
}
