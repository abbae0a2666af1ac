//! Why an asset could not be stored or given.

use crate::db::DbError;
use gesso_media::MediaError;
use gesso_media::WorkError;
use gesso_protocol::problem::ErrorCode;

/// Why an asset could not be stored or given.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    /// Nothing was sent.
    #[error("This file is empty. Choose a file that has something in it.")]
    Empty,
    /// More was sent than is taken.
    #[error("This file is larger than {} MiB, which is the limit here.", .bytes_max / (1024 * 1024))]
    TooLarge {
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// The content is none of the known types.
    #[error(
        "This type of file is not taken. Pictures (PNG, JPEG, WebP, GIF, BMP, HEIC, AVIF, SVG), videos (MP4, MOV, \
         WebM, MKV), sounds (MP3, WAV, OGG, FLAC, M4A, AAC) and 3D models (GLB) are."
    )]
    Unsupported,
    /// A file that cannot be used, or work on it that failed.
    #[error(transparent)]
    Studio(WorkError),
    /// The request is not one.
    #[error("{0}")]
    Request(String),
    /// There is no such asset here, or no such form of it.
    #[error("{0}")]
    NotFound(String),
    /// The file of an asset is gone from the store.
    #[error(
        "The file is gone from the server's disk. Upload it again, or ask whoever runs the server for its backup."
    )]
    Gone,
    /// The file of an asset is not what was stored.
    #[error(
        "The file is damaged on the server's disk: its content is not what was stored. Upload it again, or ask whoever \
         runs the server for its backup."
    )]
    Damaged,
    /// The disk or the object store failed.
    #[error("the asset store failed: {0}")]
    Store(#[from] object_store::Error),
    /// The folder for assets cannot be used.
    #[error("the folder for assets cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Work on a picture panicked or was stopped.
    #[error("work on a picture broke off: {0}")]
    Work(String),
}

impl AssetError {
    /// The stable code of it.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Empty | Self::Request(_) => ErrorCode::BadRequest,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::Unsupported => ErrorCode::UnsupportedMedia,
            Self::Studio(error) => studio_code(error),
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Gone | Self::Damaged => ErrorCode::StorageDamaged,
            Self::Store(_) | Self::Folder(_) | Self::Db(_) | Self::Work(_) => ErrorCode::Internal,
        }
    }

    /// Returns the text for people: of the server's own failures no more than that there was one.
    #[must_use]
    pub fn detail(&self) -> String {
        if self.code() != ErrorCode::Internal {
            return self.to_string();
        }
        let full = if let Self::Store(error) = self {
            is_full(error)
        } else if let Self::Folder(error) = self {
            is_full(error)
        } else {
            matches!(self, Self::Studio(WorkError::DiskFull))
        };
        let detail = if full {
            DISK_FULL
        } else {
            "The server could not read or write the file. Try again; its log says why."
        };
        detail.to_owned()
    }
}

/// Whose fault it is that work on a file gave nothing.
fn studio_code(error: &WorkError) -> ErrorCode {
    use WorkError as E;
    if matches!(error, E::Media(MediaError::TooLarge { .. } | MediaError::TooHeavy { .. })) {
        ErrorCode::TooLarge
    } else if matches!(error, E::Media(MediaError::Unsupported)) {
        ErrorCode::UnsupportedMedia
    } else if matches!(
        error,
        E::Media(MediaError::Empty | MediaError::Damaged(_)) | E::Refused(_) | E::Program { .. }
    ) {
        ErrorCode::BadRequest
    } else if matches!(error, E::Missing(_)) {
        // A form of the asset that this server cannot make.
        ErrorCode::NotFound
    } else {
        ErrorCode::Internal
    }
}

/// Said to people where the data folder may not be written.
pub(crate) const WRITE_REFUSED: &str = "The server's disk refuses to be written, so nothing was stored. Nothing is damaged: \
     whoever runs the server makes its data folder writable again, then try once more.";
/// Said to people where the disk is full.
pub(crate) const DISK_FULL: &str =
    "The server's disk is full, so nothing was stored. Tell whoever runs it.";

/// True if a store failed because no room is left.
fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return matches!(
                io.kind(),
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
            );
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_called_so_and_other_faults_keep_their_secrets() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let in_store = object_store::Error::Generic { store: "folder", source: Box::new(full()) };
        for error in [
            AssetError::Folder(full()),
            AssetError::Store(in_store),
            AssetError::Studio(full().into()),
        ] {
            assert_eq!(error.code(), ErrorCode::Internal);
            assert!(error.detail().contains("disk is full"), "{}", error.detail());
        }
        let other = AssetError::Folder(std::io::Error::other("/srv/data/assets is gone"));
        assert!(!other.detail().contains("/srv"), "{}", other.detail());
    }

    #[test]
    fn whose_fault_it_is_decides_the_code() {
        for (error, code) in [
            (WorkError::Refused(String::new()), ErrorCode::BadRequest),
            (WorkError::Media(MediaError::Damaged(String::new())), ErrorCode::BadRequest),
            (WorkError::Media(MediaError::Unsupported), ErrorCode::UnsupportedMedia),
            (WorkError::Missing(gesso_media::Program::Ffmpeg), ErrorCode::NotFound),
            (WorkError::Cancelled, ErrorCode::Internal),
        ] {
            assert_eq!(AssetError::Studio(error).code(), code);
        }
    }
}
