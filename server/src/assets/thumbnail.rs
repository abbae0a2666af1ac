//! Small pictures of pictures, made once for each of a few widths.

use bytes::Bytes;
use gesso_studio::media;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::{AssetError, Assets};

/// The widths that are made, in pixels; a wish is rounded up to the next.
const WIDTHS_PX: [u32; 5] = [160, 320, 640, 1280, 2560];
/// The width without a wish, in pixels.
const WIDTH_DEFAULT_PX: u32 = 320;

/// A picture of an asset.
#[derive(Clone, Debug)]
pub struct Thumbnail {
    /// Its content.
    pub bytes: Bytes,
    /// Its MIME type.
    pub mime: &'static str,
    /// The width it was made for, in pixels.
    pub width: u32,
}

/// The next width that is made.
fn bucket(width: u32) -> u32 {
    WIDTHS_PX.into_iter().find(|w| *w >= width).unwrap_or(WIDTHS_PX[WIDTHS_PX.len() - 1])
}

impl Assets {
    /// A picture of an asset, at least `width` pixels wide if it has them, and not much wider.
    ///
    /// # Errors
    /// `NotFound` also for what has no picture; `Media`, `Store`, `Db`.
    pub async fn thumbnail(&self, id: &str, width: Option<u32>) -> Result<Thumbnail, AssetError> {
        let row = self.row(id).await?;
        if row.ty != "image" || row.mime == "image/avif" {
            return Err(AssetError::NotFound(format!(
                "There is no thumbnail of this file, because it is {}.",
                row.mime
            )));
        }
        let width = bucket(width.unwrap_or(WIDTH_DEFAULT_PX));
        let cached =
            Path::from_iter(["thumbnails", id.get(..2).unwrap_or("00"), &format!("{id}-{width}")]);
        match self.0.store.get(&cached).await {
            Ok(found) => {
                let bytes = found.bytes().await?;
                if let Some(sniffed) = media::sniff(&bytes) {
                    return Ok(Thumbnail { bytes, mime: sniffed.mime, width });
                }
                tracing::warn!(%cached, "a cached thumbnail is damaged and is made again");
            }
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let content = self.load(id).await?;
        let (bytes, mime) = self.work(move || media::thumbnail(&content, width)).await?;
        let bytes = Bytes::from(bytes);
        // A cache that cannot be written must not keep anybody from seeing the picture.
        if let Err(error) = self.0.store.put(&cached, bytes.clone().into()).await {
            tracing::warn!(%error, %cached, "a thumbnail could not be kept");
        }
        Ok(Thumbnail { bytes, mime, width })
    }
}
