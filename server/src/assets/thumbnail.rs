//! Small pictures of everything, and the shapes of sounds, made once for each of a few widths.

use std::path::Path as FsPath;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gesso_media::{self, MediaKind, Sniffed, Waveform};
use gesso_media::{Control, ToolRunner, WorkError};
use gesso_protocol::ids::AssetId;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::blobs::Turn;
use super::{AssetError, Assets};
use crate::db::assets::{AssetKey, AssetRow};

/// The widths that are made, in pixels; a wish is rounded up to the next.
const WIDTHS_PX: [u32; 5] = [160, 320, 640, 1280, 2560];
/// The width without a wish, in pixels.
const WIDTH_DEFAULT_PX: u32 = 320;
/// The widest drawing of what has no pixels of its own.
const DRAWN_MAX_PX: u32 = 1280;
/// The widest drawing of a model.
const MODEL_SIDE_MAX_PX: u32 = 640;
/// Most time a drawing may take where all are drawn in turn; one that takes longer waits for others that do.
const QUICK_DRAWING: Duration = Duration::from_secs(1);
/// Most vector pictures that are remembered as impossible to draw.
const UNDRAWABLE_MAX: usize = 1000;

/// A picture of an asset.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// Content.
    pub bytes: Bytes,
    /// MIME type.
    pub mime: &'static str,
    /// The width it was made for, in pixels.
    pub width: u32,
}

/// The next width that is made.
fn bucket(width: u32) -> u32 {
    WIDTHS_PX.into_iter().find(|w| *w >= width).unwrap_or(WIDTHS_PX[WIDTHS_PX.len() - 1])
}

/// Returns the format of a file, with the media kind of its row, for programs that want to be told.
fn sniffed(row: &AssetRow, path: &FsPath) -> Result<Sniffed, WorkError> {
    let found = gesso_media::sniff_file(path)?
        .ok_or_else(|| WorkError::Refused("This file is damaged.".to_owned()))?;
    // A container of video may hold sound alone, which was found out when it came in.
    let is_audio = row.ty == MediaKind::Audio.as_str();
    Ok(if is_audio { Sniffed { kind: MediaKind::Audio, ..found } } else { found })
}

impl Assets {
    /// A picture of an asset for a person, at least `width` pixels wide if it has them, and not much wider: of a vector
    /// picture and of a model a drawing, of a video a frame, of a sound its waveform.
    ///
    /// # Errors
    /// `NotFound` also for what this server can make no picture of; `Studio`, `Store`, `Db`.
    pub async fn thumbnail(
        &self,
        key: &AssetKey,
        width: Option<u32>,
        person: &str,
    ) -> Result<Thumbnail, AssetError> {
        let (row, id) = (self.row(key).await?, &key.id);
        let width = bucket(width.unwrap_or(WIDTH_DEFAULT_PX));
        let cached = Path::from_iter([
            "thumbnails",
            id.as_str().get(..2).unwrap_or("00"),
            &format!("{id}-{width}"),
        ]);
        if let Some(bytes) = self.cached(&cached).await? {
            if let Some(sniffed) = gesso_media::sniff(&bytes) {
                return Ok(Thumbnail { bytes, mime: sniffed.mime, width });
            }
            tracing::warn!(%cached, "a cached thumbnail is damaged and is made again");
        }
        let (bytes, mime) = self.picture_of(&row, width, person).await?;
        let bytes = Bytes::from(bytes);
        self.cache(&cached, bytes.clone()).await;
        Ok(Thumbnail { bytes, mime, width })
    }

    async fn picture_of(
        &self,
        row: &AssetRow,
        width: u32,
        person: &str,
    ) -> Result<(Vec<u8>, &'static str), AssetError> {
        let drawn = width.min(DRAWN_MAX_PX);
        match row.ty.as_str() {
            "image" => {
                let file = self.0.blobs.local(&row.id).await?;
                let work = move |_: &ToolRunner, _: &Control<'_>| {
                    Ok(gesso_media::thumbnail(&std::fs::read(file.path())?, width)?)
                };
                self.0.blobs.work(Turn::Picture, person, work).await
            }
            "svg" => self.drawing(&row.id, drawn, person).await,
            "video" => {
                let poster = self.poster(row, person).await?;
                let work = move |_: &ToolRunner, _: &Control<'_>| {
                    Ok(gesso_media::thumbnail(&poster, width)?)
                };
                self.0.blobs.work(Turn::Picture, person, work).await
            }
            "audio" => {
                let waveform = self.waveform_of(row.clone(), person).await?;
                let work = move |_: &ToolRunner, _: &Control<'_>| {
                    let picture = gesso_media::draw_waveform(&waveform, drawn)?;
                    Ok(gesso_media::small(picture, drawn)?)
                };
                self.0.blobs.work(Turn::Picture, person, work).await
            }
            "model3d" => {
                let file = self.0.blobs.local(&row.id).await?;
                let work = move |_: &ToolRunner, _: &Control<'_>| {
                    let glb = std::fs::read(file.path())?;
                    let side = drawn.min(MODEL_SIDE_MAX_PX);
                    Ok(gesso_media::small(gesso_studio::solid::preview(&glb, side)?, side)?)
                };
                self.0.blobs.work(Turn::Picture, person, work).await
            }
            _ => Err(AssetError::NotFound(format!(
                "There is no thumbnail of this file, because it is {}.",
                row.mime
            ))),
        }
    }

    /// A drawing of a vector picture. What takes long is begun anew where it holds up nothing but what takes long too; what
    /// cannot be drawn is tried once.
    async fn drawing(
        &self,
        id: &AssetId,
        width: u32,
        person: &str,
    ) -> Result<(Vec<u8>, &'static str), AssetError> {
        let begun = Instant::now();
        match self.drawing_within(id, width, (Turn::Drawing, person), QUICK_DRAWING).await {
            Err(AssetError::Studio(WorkError::Refused(_))) if begun.elapsed() >= QUICK_DRAWING => {
                self.drawing_within(
                    id,
                    width,
                    (Turn::LongDrawing, person),
                    gesso_media::DRAWING_TIME_MAX,
                )
                .await
            }
            drawn => drawn,
        }
    }

    async fn drawing_within(
        &self,
        id: &AssetId,
        width: u32,
        (turn, person): (Turn, &str),
        within: Duration,
    ) -> Result<(Vec<u8>, &'static str), AssetError> {
        self.is_drawable(id).map_err(AssetError::Studio)?;
        let file = self.0.blobs.local(id).await?;
        let (assets, id) = (self.clone(), id.clone());
        let work = move |tools: &ToolRunner, control: &Control<'_>| {
            // Somebody else may have tried while this one waited for its turn.
            assets.is_drawable(&id)?;
            let svg = std::fs::read(file.path())?;
            let begun = Instant::now();
            let drawn = gesso_media::draw_svg(&svg, width, within, tools, control);
            let is_final = turn == Turn::LongDrawing || begun.elapsed() < within;
            if let Err(WorkError::Refused(why)) = &drawn
                && is_final
            {
                let mut known = assets.0.undrawable.lock().unwrap_or_else(PoisonError::into_inner);
                known.push_back((id, why.clone()));
                if known.len() > UNDRAWABLE_MAX {
                    known.pop_front();
                }
            }
            Ok(gesso_media::small(drawn?, width)?)
        };
        self.0.blobs.work(turn, person, work).await
    }

    /// Refuses a vector picture that is remembered as impossible to draw.
    fn is_drawable(&self, id: &AssetId) -> Result<(), WorkError> {
        let known = self.0.undrawable.lock().unwrap_or_else(PoisonError::into_inner);
        match known.iter().find(|(known, _)| known == id) {
            Some((_, why)) => Err(WorkError::Refused(why.clone())),
            None => Ok(()),
        }
    }

    /// A frame of a video, as large as any thumbnail of it needs.
    async fn poster(&self, row: &AssetRow, person: &str) -> Result<Bytes, AssetError> {
        let cached =
            Path::from_iter(["posters", row.id.as_str().get(..2).unwrap_or("00"), row.id.as_str()]);
        if let Some(bytes) = self.cached(&cached).await?
            && gesso_media::sniff(&bytes).is_some()
        {
            return Ok(bytes);
        }
        let file = self.0.blobs.local(&row.id).await?;
        let duration_s = row.duration_ms.map(|ms| ms as f64 / 1000.0);
        let about = row.clone();
        let work = move |tools: &ToolRunner, control: &Control<'_>| {
            let path = file.path();
            let frame =
                gesso_media::poster(path, sniffed(&about, path)?, duration_s, tools, control)?;
            Ok(gesso_media::small(frame, DRAWN_MAX_PX)?)
        };
        let (bytes, _) = self
            .0
            .blobs
            .work(Turn::Film, person, work)
            .await
            .map_err(needs("A picture of this video"))?;
        let bytes = Bytes::from(bytes);
        self.cache(&cached, bytes.clone()).await;
        Ok(bytes)
    }

    /// Returns the loudness of a sound, or of the sound of a video, along its length.
    ///
    /// # Errors
    /// `NotFound` also for what has no sound or cannot be heard on this server; `Studio`, `Store`, `Db`.
    pub async fn waveform(&self, key: &AssetKey, person: &str) -> Result<Waveform, AssetError> {
        self.waveform_of(self.row(key).await?, person).await
    }

    async fn waveform_of(&self, row: AssetRow, person: &str) -> Result<Waveform, AssetError> {
        let id = row.id.clone();
        let silent = || AssetError::NotFound("There is no sound in this file.".to_owned());
        if !matches!(row.ty.as_str(), "audio" | "video") {
            return Err(silent());
        }
        let cached =
            Path::from_iter(["waveforms", id.as_str().get(..2).unwrap_or("00"), id.as_str()]);
        if let Some(bytes) = self.cached(&cached).await?
            && let Ok(found) = serde_json::from_slice::<Option<Waveform>>(&bytes)
        {
            return found.ok_or_else(silent);
        }
        let file = self.0.blobs.local(&id).await?;
        let work = move |tools: &ToolRunner, control: &Control<'_>| {
            let path = file.path();
            gesso_media::waveform(path, sniffed(&row, path)?, tools, control)
        };
        let found = self
            .0
            .blobs
            .work(Turn::Film, person, work)
            .await
            .map_err(needs("The waveform of this file"))?;
        if let Ok(bytes) = serde_json::to_vec(&found) {
            self.cache(&cached, bytes.into()).await;
        }
        found.ok_or_else(silent)
    }

    async fn cached(&self, at: &Path) -> Result<Option<Bytes>, AssetError> {
        match self.0.blobs.store().get(at).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps what was made of an asset: a cache that cannot be written must not keep anybody from seeing it.
    async fn cache(&self, at: &Path, bytes: Bytes) {
        if let Err(error) = self.0.blobs.store().put(at, bytes.into()).await {
            tracing::warn!(%error, %at, "a picture of an asset could not be kept");
        }
    }
}

/// A sentence for where a program is missing.
fn needs(what: &'static str) -> impl Fn(AssetError) -> AssetError {
    move |error| {
        let AssetError::Studio(WorkError::Missing(program)) = error else { return error };
        AssetError::NotFound(format!(
            "{what} can only be made with {}, which is not installed on the server.",
            program.name()
        ))
    }
}
