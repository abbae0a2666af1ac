//! Bytes under the hash of their content, and the look at them before they get there.

use std::fs::File;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use gesso_media::{self, Examined, MediaKind, Sniffed};
use gesso_media::{Control, ToolRunner, WorkError};
use gesso_protocol::ids::AssetId;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    GetOptions, GetResult, ObjectStore, ObjectStoreExt as _, PutMode, WriteMultipart,
};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use super::audit::{self, Compared, Found};
use super::error::AssetError;
use super::limits::AssetLimits;
use crate::fair_limiter::FairLimiter;

/// Where bytes wait for their name.
const STAGING: &str = "staging";
/// Most parts of a file that may be on their way to a store at once.
const PARTS_MAX: usize = 4;
/// Size of such a part, in bytes.
const PART_BYTES: usize = 5 * 1024 * 1024;

/// Bytes under the hash of their content, without a word of what they are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn ObjectStore>,
    /// The store's folder, where it is one of this machine.
    root: Option<PathBuf>,
    staging: PathBuf,
    tools: ToolRunner,
    limits: AssetLimits,
    /// Turns of work on pictures, each of which may take hundreds of megabytes.
    pictures: FairLimiter,
    /// Turns of work of programs, which may take long.
    films: FairLimiter,
    /// Turns of drawing, which some pictures make long.
    drawings: FairLimiter,
    long_drawings: FairLimiter,
    compared: Compared,
}

/// Properties of bytes that somebody stated before anybody looked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// Width and height in pixels.
    pub size_px: Option<(u32, u32)>,
    /// Length in seconds.
    pub duration_s: Option<f64>,
}

/// Bytes that are durable under their name.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// BLAKE3 of them, in hex.
    pub id: AssetId,
    /// Number of bytes.
    pub bytes: u64,
    /// Properties that were found in them; `None` where nobody looked.
    pub found: Option<Examined>,
}

/// A blob as a file of this machine; a copy of it, gone with this value, where the store is elsewhere.
#[derive(Debug)]
pub(super) enum Local {
    Own(PathBuf),
    Copy(TempPath),
}

impl Local {
    pub(super) fn path(&self) -> &FsPath {
        match self {
            Self::Own(path) => path,
            Self::Copy(path) => path,
        }
    }
}

/// The kind of turn a piece of work needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Picture,
    Film,
    Drawing,
    /// A drawing that takes long: one at a time, so that it never holds up the others.
    LongDrawing,
}

impl Turn {
    pub(super) const fn of(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Video | MediaKind::Audio => Self::Film,
            MediaKind::Svg => Self::Drawing,
            MediaKind::Image | MediaKind::Model3d => Self::Picture,
        }
    }
}

impl Blobs {
    /// Opens the store in a folder, making it where it is missing, and removes what an earlier
    /// process left half-written.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(
        folder: &FsPath,
        tools: ToolRunner,
        limits: AssetLimits,
    ) -> Result<Self, AssetError> {
        let staging = folder.join(STAGING);
        match std::fs::remove_dir_all(&staging) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        std::fs::create_dir_all(&staging)?;
        // Without it a put is renamed into place before its bytes are on the disk.
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        let root = std::path::absolute(folder)?;
        Ok(Self::new(Arc::new(store), Some(root), std::path::absolute(staging)?, tools, limits))
    }

    /// The same in another store; what waits for its name is in the folder `staging`.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn elsewhere(
        store: Arc<dyn ObjectStore>,
        staging: &FsPath,
        tools: ToolRunner,
        limits: AssetLimits,
    ) -> Result<Self, AssetError> {
        std::fs::create_dir_all(staging)?;
        Ok(Self::new(store, None, std::path::absolute(staging)?, tools, limits))
    }

    fn new(
        store: Arc<dyn ObjectStore>,
        root: Option<PathBuf>,
        staging: PathBuf,
        tools: ToolRunner,
        limits: AssetLimits,
    ) -> Self {
        let pictures = FairLimiter::new(limits.decoders_max);
        let films = FairLimiter::new(limits.programs_max);
        let drawings = FairLimiter::new(limits.drawings_max);
        let inner = Inner {
            store,
            root,
            staging,
            tools,
            limits,
            pictures,
            films,
            drawings,
            long_drawings: FairLimiter::new(1),
            compared: Compared::default(),
        };
        Self(Arc::new(inner))
    }

    /// The limits in force.
    pub(super) fn limits(&self) -> &AssetLimits {
        &self.0.limits
    }

    /// The store, for files that lie beside the blobs: pictures of them and the like.
    pub(super) fn store(&self) -> &dyn ObjectStore {
        &*self.0.store
    }

    /// Stores bytes and answers their id, the BLAKE3 hash of them in hex. They are durable when this returns.
    ///
    /// # Errors
    /// When the store fails; nothing half-written stays.
    pub async fn write(&self, bytes: Bytes) -> Result<AssetId, AssetError> {
        let hashed = bytes.clone();
        let id = tokio::task::spawn_blocking(move || name_of(blake3::hash(&hashed)))
            .await
            .map_err(std::io::Error::other)?;
        match self.0.store.put_opts(&blob(&id), bytes.into(), PutMode::Create.into()).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(id),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores what a model made in a run of this person. Vector pictures are cleaned; what was not told of anything else is
    /// looked for.
    ///
    /// # Errors
    /// When the store fails, and for what is not whole.
    pub async fn write_made(
        &self,
        bytes: Bytes,
        told: Told,
        person: &str,
    ) -> Result<Kept, AssetError> {
        let sniffed = gesso_media::sniff(&bytes);
        let is_known = match sniffed.map(|sniffed| sniffed.kind) {
            None | Some(MediaKind::Model3d) => true,
            Some(MediaKind::Svg) => false,
            Some(MediaKind::Image) => told.size_px.is_some(),
            Some(MediaKind::Audio) => told.duration_s.is_some(),
            Some(MediaKind::Video) => told.size_px.is_some() && told.duration_s.is_some(),
        };
        let Some(sniffed) = sniffed.filter(|_| !is_known) else {
            let len = bytes.len() as u64;
            return Ok(Kept { id: self.write(bytes).await?, bytes: len, found: None });
        };
        let (file, path) = self.scratch().await?;
        let mut file = tokio::fs::File::from_std(file);
        file.write_all(&bytes).await?;
        file.flush().await?;
        drop(file);
        self.accept(path, sniffed, person).await
    }

    /// The bytes of an asset; `None` where there are none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(&self, id: &AssetId) -> Result<Option<Bytes>, AssetError> {
        match self.compare(id).await {
            Ok(()) => {}
            Err(AssetError::Gone) => return Ok(None),
            Err(error) => return Err(error),
        }
        match self.0.store.get(&blob(id)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Compares a file of this machine with its name, once since the start: what a disk has changed is not given away as
    /// what was stored.
    async fn compare(&self, id: &AssetId) -> Result<(), AssetError> {
        let Some(root) = &self.0.root else { return Ok(()) };
        if self.0.compared.has(id) {
            return Ok(());
        }
        let (root, name) = (root.clone(), id.clone());
        let found = tokio::task::spawn_blocking(move || audit::examine(&root, &name)).await;
        match found.map_err(|error| AssetError::Work(error.to_string()))?? {
            Found::Sound => {
                self.0.compared.add(id);
                Ok(())
            }
            Found::Gone => Err(AssetError::Gone),
            Found::Damaged => {
                tracing::error!(id = id.as_str(), "the file of an asset is not what was stored");
                Err(AssetError::Damaged)
            }
        }
    }

    /// The content or a part of it, as a stream.
    pub(super) async fn open_blob(
        &self,
        id: &AssetId,
        options: GetOptions,
    ) -> Result<GetResult, AssetError> {
        self.compare(id).await?;
        match self.0.store.get_opts(&blob(id), options).await {
            Err(object_store::Error::NotFound { .. }) => Err(AssetError::Gone),
            got => Ok(got?),
        }
    }

    /// A file that is removed unless it gets a name.
    pub(super) async fn scratch(&self) -> Result<(File, TempPath), AssetError> {
        let staging = self.0.staging.clone();
        let made = tokio::task::spawn_blocking(move || NamedTempFile::new_in(staging)).await;
        Ok(made.map_err(std::io::Error::other)??.into_parts())
    }

    /// Looks at a file that has arrived and gives it the name its content has after that.
    ///
    /// # Errors
    /// For what cannot be used, and when the store fails; nothing half-written stays.
    pub(super) async fn accept(
        &self,
        path: TempPath,
        sniffed: Sniffed,
        person: &str,
    ) -> Result<Kept, AssetError> {
        let picture = self.0.limits.picture;
        let root = self.0.root.clone();
        let looked = move |tools: &ToolRunner, control: &Control<'_>| {
            let found = gesso_media::examine(&path, sniffed, picture, tools, control)?;
            let mut hasher = blake3::Hasher::new();
            let mut file = File::open(&path)?;
            let bytes = std::io::copy(&mut file, &mut hasher)?;
            let id = name_of(hasher.finalize());
            control.check()?;
            let left = match root {
                Some(root) => {
                    place(&root, &id, &file, path)?;
                    None
                }
                None => Some(path),
            };
            Ok((Kept { id, bytes, found: Some(found) }, left))
        };
        let (kept, left) = self.work(Turn::of(sniffed.kind), person, looked).await?;
        if let Some(path) = left {
            self.send(&path, &kept.id).await?;
        }
        Ok(kept)
    }

    /// Brings a file to a store that is not of this machine.
    async fn send(&self, path: &FsPath, id: &AssetId) -> Result<(), AssetError> {
        let mut file = tokio::fs::File::open(path).await?;
        let upload = self.0.store.put_multipart(&blob(id)).await?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut part = vec![0; 1024 * 1024];
        let read = loop {
            let len = match file.read(&mut part).await {
                Ok(0) => break Ok(()),
                Ok(len) => len,
                Err(error) => break Err(AssetError::from(error)),
            };
            if let Err(error) = writer.wait_for_capacity(PARTS_MAX).await {
                break Err(error.into());
            }
            writer.write(&part[..len]);
        };
        match read {
            Ok(()) => Ok(writer.finish().await.map(drop)?),
            Err(error) => {
                if let Err(error) = writer.abort().await {
                    tracing::warn!(%error, id = id.as_str(), "what was sent of a file could not be removed");
                }
                Err(error)
            }
        }
    }

    /// A blob as a file.
    pub(super) async fn local(&self, id: &AssetId) -> Result<Local, AssetError> {
        if let Some(root) = &self.0.root {
            self.compare(id).await?;
            return Ok(Local::Own(root.join(&id.as_str()[..2]).join(id.as_str())));
        }
        let (file, path) = self.scratch().await?;
        let mut file = tokio::fs::File::from_std(file);
        let mut content = self.open_blob(id, GetOptions::default()).await?.into_stream();
        while let Some(piece) = content.next().await {
            file.write_all(&piece?).await?;
        }
        file.flush().await?;
        Ok(Local::Copy(path))
    }

    /// Does work for somebody away from the async threads, a few at a time; it is told to stop when nobody waits for it
    /// any more.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        turn: Turn,
        person: &str,
        task: impl FnOnce(&ToolRunner, &Control<'_>) -> Result<T, WorkError> + Send + 'static,
    ) -> Result<T, AssetError> {
        let limiter = match turn {
            Turn::Picture => &self.0.pictures,
            Turn::Film => &self.0.films,
            Turn::Drawing => &self.0.drawings,
            Turn::LongDrawing => &self.0.long_drawings,
        };
        let permit = limiter.take(person).await;
        let stop = CancellationToken::new();
        let unwanted = stop.clone().drop_guard();
        let tools = self.0.tools.clone();
        let work = tokio::task::spawn_blocking(move || {
            let cancelled = || stop.is_cancelled();
            let control = Control { progress: &|_| {}, cancelled: &cancelled };
            let done = task(&tools, &control);
            // The work goes on for a moment when nobody waits any more: the permit is its own until it ends.
            drop(permit);
            done
        });
        let done = work.await;
        drop(unwanted);
        done.map_err(|error| AssetError::Work(error.to_string()))?.map_err(AssetError::Studio)
    }
}

/// Puts a file under its name, durably. The same content under its name is the same file: replacing it changes
/// nothing for its readers.
fn place(root: &FsPath, id: &AssetId, file: &File, path: TempPath) -> Result<(), WorkError> {
    let folder = root.join(&id.as_str()[..2]);
    std::fs::create_dir_all(&folder)?;
    file.sync_all()?;
    path.persist(folder.join(id.as_str())).map_err(|refused| refused.error)?;
    File::open(&folder)?.sync_all()?;
    File::open(root)?.sync_all()?;
    Ok(())
}

/// The id of what has this hash.
fn name_of(hash: blake3::Hash) -> AssetId {
    AssetId::new(hash.to_hex().as_str())
}

/// Where the content of an asset is: spread over folders, so that no folder grows without end.
fn blob(id: &AssetId) -> Path {
    Path::from_iter([id.as_str().get(..2).unwrap_or("xx"), id.as_str()])
}
