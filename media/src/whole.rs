//! Completeness of sounds, by what their files say of themselves.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::mpeg;

/// Length of a sound's beginning that is read, behind its tags, in bytes.
const HEAD_BYTES: u64 = 64 * 1024;
/// A WAV that was written without knowing its end says that it holds at least this, in bytes.
const UNKNOWN_BYTES: u64 = 0x7fff_0000;
/// Most of the end of an OGG that its last page fills, in bytes.
const PAGE_BYTES: u64 = 2 * 65_307;
/// Most chunks of a WAV that are looked at.
const CHUNKS_MAX: usize = 10_000;

/// The beginning of a sound behind its tags.
///
/// # Errors
/// Those of reading.
pub(super) fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut from = 0;
    loop {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        match mpeg::tag(&head) {
            Some(tag) => from += tag as u64,
            None => return Ok(head),
        }
    }
}

/// Returns the length of sound that a WAV claims behind its end, in seconds; `None` where it does not say how much it
/// holds.
///
/// # Errors
/// Those of reading.
pub(super) fn wav_lacks_s(path: &Path) -> std::io::Result<Option<f64>> {
    let len = std::fs::metadata(path)?.len();
    let mut file = BufReader::new(File::open(path)?);
    let (mut at, mut rate, mut long) = (12_u64, 0_u32, None);
    for _ in 0..CHUNKS_MAX {
        let mut chunk = Vec::with_capacity(32);
        file.seek(SeekFrom::Start(at))?;
        file.by_ref().take(32).read_to_end(&mut chunk)?;
        let word = |from: usize| {
            chunk.get(from..from + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes)
        };
        let Some(size) = word(4).map(u64::from) else { return Ok(None) };
        match &chunk[..4] {
            b"fmt " => rate = word(16).unwrap_or_default(),
            b"ds64" => {
                let low = word(16).map(u64::from);
                long = low.zip(word(20)).map(|(low, high)| low | u64::from(high) << 32);
            }
            b"data" => {
                let size = long.filter(|_| size >= UNKNOWN_BYTES).unwrap_or(size);
                if rate == 0 || long.is_none() && size >= UNKNOWN_BYTES {
                    return Ok(None);
                }
                let lack = (at + 8).saturating_add(size).saturating_sub(len);
                return Ok(Some(lack as f64 / f64::from(rate)));
            }
            _ => {}
        }
        at = at.saturating_add(8 + size + size % 2);
    }
    Ok(None)
}

/// True if the last page of an OGG (RFC 3533) is not all there.
///
/// # Errors
/// Those of reading.
pub(super) fn ogg_is_cut(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(PAGE_BYTES)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let Some(last) = tail.windows(5).rposition(|at| at == b"OggS\0") else { return Ok(false) };
    let page = &tail[last..];
    let Some(segments) = page.get(26).map(|count| usize::from(*count)) else { return Ok(true) };
    let Some(table) = page.get(27..27 + segments) else { return Ok(true) };
    let body: usize = table.iter().map(|len| usize::from(*len)).sum();
    Ok(page.len() < 27 + segments + body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacks(bytes: &[u8]) -> Option<f64> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        wav_lacks_s(file.path()).unwrap()
    }

    fn wav(magic: &[u8], before: &[u8], size: u32, samples: usize) -> Vec<u8> {
        let fmt = b"fmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0";
        let data = [&b"data"[..], &size.to_le_bytes(), &vec![1; samples * 2]].concat();
        [magic, &[0; 4], b"WAVE", before, fmt, &data].concat()
    }

    #[test]
    fn a_wav_lacks_what_it_says_and_does_not_hold() {
        assert_eq!(lacks(&wav(b"RIFF", b"", 16_000, 8000)), Some(0.0));
        assert_eq!(lacks(&wav(b"RIFF", b"LIST\x04\0\0\0INFO", 32_000, 8000)), Some(1.0));
        for unknown in [u32::MAX, 0x7fff_ffff, 0x7fff_f000] {
            assert_eq!(lacks(&wav(b"RIFF", b"", unknown, 8000)), None);
        }
        let ds64 =
            |size: u64| [&b"ds64\x1c\0\0\0"[..], &[0; 8], &size.to_le_bytes(), &[0; 12]].concat();
        assert_eq!(lacks(&wav(b"RF64", &ds64(16_000), u32::MAX, 8000)), Some(0.0));
        assert_eq!(lacks(&wav(b"RF64", &ds64(48_000), u32::MAX, 8000)), Some(2.0));
        assert_eq!(lacks(b"RIFF"), None);
    }
}
