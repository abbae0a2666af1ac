//! Taking bytes in: counted and recognized while they arrive in a file of their own, then looked at and moved to the
//! name their content gives them.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use gesso_media::{self, Sniffed};
use gesso_protocol::api::AssetMeta;
use gesso_protocol::ids::WorkspaceId;
use serde_json::Value;
use tempfile::TempPath;
use tokio::io::{AsyncWriteExt as _, BufWriter};

use super::error::AssetError;
use super::store::Assets;
use crate::db::assets::{AssetKey, AssetRow};

/// Bytes of the beginning that decide what a file is.
const HEAD_BYTES: usize = 64 * 1024;
/// Most bytes of an upload that wait in memory.
const WAITING_BYTES: usize = 512 * 1024;
/// The longest name that is kept.
const NAME_CHARS_MAX: usize = 200;

/// Statements about bytes that come in.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The workspace that gets them.
    pub workspace: WorkspaceId,
    /// The name people gave the file; may be empty.
    pub name: String,
    /// Where it comes from: `{"kind": "upload"}` or `{"kind": "run", …}`.
    pub origin: Value,
    /// Who brings it.
    pub person: String,
    /// When, in ms since 1970.
    pub now_ms: i64,
}

impl Assets {
    /// Stores bytes and their row. Storing the same content again answers the row that is there.
    ///
    /// # Errors
    /// All but `NotFound`.
    pub async fn store(&self, bytes: Bytes, about: Incoming) -> Result<AssetMeta, AssetError> {
        let stream = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
        self.receive(stream, about).await
    }

    /// Stores what a stream brings, and its row.
    ///
    /// # Errors
    /// All but `NotFound`; nothing half-written stays.
    pub async fn receive<E: std::fmt::Display>(
        &self,
        stream: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
        about: Incoming,
    ) -> Result<AssetMeta, AssetError> {
        let workspace = about.workspace.clone();
        let row = self.take_in(stream, about).await?;
        self.0.db.add_asset(&workspace, &row).await?;
        self.meta(&AssetKey { workspace, id: row.id }).await
    }

    async fn take_in<E: std::fmt::Display>(
        &self,
        stream: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
        about: Incoming,
    ) -> Result<AssetRow, AssetError> {
        let (path, sniffed) = self.stage(stream).await?;
        let kept = self.0.blobs.accept(path, sniffed, &about.person).await?;
        let sniffed = kept.found.map_or(sniffed, |found| found.sniffed);
        let (width, height) = kept.found.and_then(|found| found.size_px).unzip();
        let seconds = kept.found.and_then(|found| found.duration_s);
        Ok(AssetRow {
            id: kept.id,
            mime: sniffed.mime.to_owned(),
            ty: sniffed.kind.as_str().to_owned(),
            bytes: i64::try_from(kept.bytes).unwrap_or(i64::MAX),
            width: width.map(i64::from),
            height: height.map(i64::from),
            duration_ms: seconds.map(|seconds| (seconds * 1000.0).round() as i64),
            name: clean_name(&about.name),
            origin: about.origin.to_string(),
            person: about.person,
            created_at: about.now_ms,
        })
    }

    /// Writes a stream to a file that goes on any failure, also when nobody waits for it any more.
    async fn stage<E: std::fmt::Display>(
        &self,
        mut stream: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
    ) -> Result<(TempPath, Sniffed), AssetError> {
        let bytes_max = self.limits().upload_bytes_max;
        let (file, path) = self.0.blobs.scratch().await?;
        let mut file = BufWriter::with_capacity(WAITING_BYTES, tokio::fs::File::from_std(file));
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
                sniffed = Some(recognized(&head)?);
            }
            file.write_all(&chunk).await?;
        }
        if bytes == 0 {
            return Err(AssetError::Empty);
        }
        let sniffed = match sniffed {
            Some(sniffed) => sniffed,
            None => recognized(&head)?,
        };
        file.shutdown().await?;
        Ok((path, sniffed))
    }
}

/// Recognizes a file by its beginning.
fn recognized(head: &[u8]) -> Result<Sniffed, AssetError> {
    gesso_media::sniff(head).ok_or(AssetError::Unsupported)
}

/// The last part of a name, without what would harm a listing or a header.
pub(crate) fn clean_name(name: &str) -> String {
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
