//! Taking bytes in: counted, hashed, recognized and staged while they arrive, then moved to the
//! name their content gives them.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use gesso_protocol::api::AssetMeta;
use gesso_studio::media::{self, MediaKind, Sniffed};
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, WriteMultipart};
use serde_json::Value;

use super::{AssetError, Assets, STAGING, blob};
use crate::db::assets::AssetRow;

/// How much of the beginning decides what a file is.
const HEAD_BYTES: usize = 64 * 1024;
/// How many parts of an upload may be on their way to the store.
const PARTS_MAX: usize = 4;
/// How large such a part is.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// The longest name that is kept.
const NAME_CHARS_MAX: usize = 200;

/// What is said about bytes that come in.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The name people gave the file; may be empty.
    pub name: String,
    /// Where it comes from: `{"kind": "upload"}` or `{"kind": "run", …}`.
    pub origin: Value,
    /// Who brings it.
    pub person: String,
    /// When, in ms since 1970.
    pub now_ms: i64,
}

/// What was learnt while bytes arrived.
struct Arrived {
    id: String,
    bytes: u64,
    sniffed: Sniffed,
    head: Bytes,
}

impl Assets {
    /// Stores what a stream brings, and its row.
    ///
    /// # Errors
    /// All but `NotFound`; nothing half-written stays.
    pub async fn receive<E: std::fmt::Display>(
        &self,
        stream: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
        about: Incoming,
    ) -> Result<AssetMeta, AssetError> {
        let row = self.take_in(stream, about).await?;
        self.enter(row).await
    }

    pub(super) async fn take_in<E: std::fmt::Display>(
        &self,
        stream: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
        about: Incoming,
    ) -> Result<AssetRow, AssetError> {
        let staging = Path::from_iter([STAGING, &format!("{:032x}", rand::random::<u128>())]);
        let arrived = self.stage(stream, &staging).await?;
        let facts = self.publish(&staging, &arrived).await;
        if facts.is_err() {
            self.discard(&staging).await;
        }
        let (width, height, duration_ms) = facts?;
        Ok(AssetRow {
            id: arrived.id,
            mime: arrived.sniffed.mime.to_owned(),
            ty: arrived.sniffed.kind.as_str().to_owned(),
            bytes: i64::try_from(arrived.bytes).unwrap_or(i64::MAX),
            width,
            height,
            duration_ms,
            name: clean_name(&about.name),
            origin: about.origin.to_string(),
            person: about.person,
            created_at: about.now_ms,
        })
    }

    /// Writes a stream under a temporary name; on any failure nothing of it stays.
    async fn stage<E: std::fmt::Display>(
        &self,
        mut stream: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
        staging: &Path,
    ) -> Result<Arrived, AssetError> {
        let upload = self.0.store.put_multipart(staging).await?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        match self.pump(&mut stream, &mut writer).await {
            Ok(arrived) => {
                writer.finish().await?;
                Ok(arrived)
            }
            Err(error) => {
                if let Err(error) = writer.abort().await {
                    tracing::warn!(%error, %staging, "a refused upload could not be removed; the next start will");
                }
                Err(error)
            }
        }
    }

    async fn pump<E: std::fmt::Display>(
        &self,
        stream: &mut (impl Stream<Item = Result<Bytes, E>> + Send + Unpin),
        writer: &mut WriteMultipart,
    ) -> Result<Arrived, AssetError> {
        let bytes_max = self.0.limits.upload_bytes_max;
        let mut hasher = blake3::Hasher::new();
        let (mut head, mut bytes) = (BytesMut::new(), 0_u64);
        let mut sniffed = None;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| {
                AssetError::Request(format!("The upload broke off before its end: {error}"))
            })?;
            bytes += chunk.len() as u64;
            if bytes > bytes_max {
                return Err(AssetError::TooLarge { bytes_max });
            }
            let missing = HEAD_BYTES - head.len();
            head.extend_from_slice(&chunk[..chunk.len().min(missing)]);
            if sniffed.is_none() && head.len() == HEAD_BYTES {
                sniffed = Some(media::sniff(&head).ok_or(AssetError::Unsupported)?);
            }
            hasher.update(&chunk);
            writer.wait_for_capacity(PARTS_MAX).await?;
            writer.put(chunk);
        }
        if bytes == 0 {
            return Err(AssetError::Empty);
        }
        let sniffed = match sniffed {
            Some(sniffed) => sniffed,
            None => media::sniff(&head).ok_or(AssetError::Unsupported)?,
        };
        Ok(Arrived {
            id: hasher.finalize().to_hex().to_string(),
            bytes,
            sniffed,
            head: head.freeze(),
        })
    }

    /// Measures what was staged and gives it its name; answers width, height and duration in ms.
    async fn publish(
        &self,
        staging: &Path,
        arrived: &Arrived,
    ) -> Result<(Option<i64>, Option<i64>, Option<i64>), AssetError> {
        let mut facts = (None, None, None);
        if arrived.sniffed.kind == MediaKind::Image && arrived.sniffed.mime != "image/avif" {
            // Most pictures say their size at once; some (a JPEG with a large profile) only later.
            let head = arrived.head.clone();
            let whole = arrived.bytes == head.len() as u64;
            let measured = match self.work(move || media::dimensions(&head)).await {
                Err(AssetError::Media(_)) if !whole => {
                    let all = self.0.store.get(staging).await?.bytes().await?;
                    self.work(move || media::dimensions(&all)).await
                }
                other => other,
            };
            let (width, height) = measured?;
            facts = (Some(i64::from(width)), Some(i64::from(height)), None);
        }
        if arrived.sniffed.mime == "audio/wav" {
            facts.2 = media::wav_duration_ms(&arrived.head, arrived.bytes)
                .and_then(|ms| i64::try_from(ms).ok());
        }
        // The same content under its name is the same file: replacing it changes nothing for its readers.
        self.0.store.rename(staging, &blob(&arrived.id)).await?;
        Ok(facts)
    }

    async fn discard(&self, staging: &Path) {
        match self.0.store.delete(staging).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => {
                tracing::warn!(%error, %staging, "a refused upload could not be removed; the next start will")
            }
        }
    }
}

/// The last part of a name, without what would harm a listing or a header.
fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars()
        .filter(|c| !c.is_control())
        .take(NAME_CHARS_MAX)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::clean_name;

    #[test]
    fn names_lose_folders_and_controls() {
        for (name, kept) in [
            ("C:\\a\\b.png", "b.png"),
            ("../../etc/passwd", "passwd"),
            ("a\r\nb", "ab"),
            ("", ""),
            ("  ü.jpg ", "ü.jpg"),
        ] {
            assert_eq!(clean_name(name), kept);
        }
        assert_eq!(clean_name(&"x".repeat(999)).len(), 200);
    }
}
