//! The elements of Matroska and `WebM` files (RFC 8794), as far as they are asked for here.

use std::io::Read as _;
use std::path::Path;

/// Most of the beginning of a file that its first elements fill, in bytes.
const HEAD_BYTES: u64 = 64 * 1024;

/// The name of the element at a place, which is moved behind it.
pub(super) fn id(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let first = *bytes.get(*at)?;
    let len = first.leading_zeros() as usize + 1;
    if len > 4 {
        return None;
    }
    let value = bytes.get(*at..*at + len)?;
    *at += len;
    Some(value.iter().fold(0, |id, byte| id << 8 | u32::from(*byte)))
}

/// The length of an element in bytes, `Some(None)` where it is not known; the place is moved behind it.
pub(super) fn size(bytes: &[u8], at: &mut usize) -> Option<Option<u64>> {
    let first = *bytes.get(*at)?;
    let len = first.leading_zeros() as usize + 1;
    if len > 8 {
        return None;
    }
    let value = bytes.get(*at..*at + len)?;
    *at += len;
    let bits = 7 * len as u32;
    let raw = value.iter().fold(0_u64, |size, byte| size << 8 | u64::from(*byte));
    let size = raw & ((1 << bits) - 1);
    Some((size != (1 << bits) - 1).then_some(size))
}

/// True if a file ends before it says that it does.
///
/// # Errors
/// Those of reading.
pub(super) fn lacks_media(path: &Path) -> std::io::Result<bool> {
    let len = std::fs::metadata(path)?.len();
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    let mut at = 0;
    let mut lacks = || {
        loop {
            let name = id(&head, &mut at)?;
            let size = size(&head, &mut at)?;
            let end = (at as u64).checked_add(size?)?;
            if name == 0x1853_8067 {
                return Some(end > len);
            }
            at = usize::try_from(end).ok()?;
        }
    };
    Ok(lacks().unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let read = |bytes: &[u8]| {
            let mut at = 0;
            size(bytes, &mut at).map(|size| (size, at))
        };
        assert_eq!(read(&[0x81]), Some((Some(1), 1)));
        assert_eq!(read(&[0x40, 0x02]), Some((Some(2), 2)));
        assert_eq!(read(&[0xff]), Some((None, 1)));
        assert_eq!(read(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some((None, 8)));
        assert_eq!(read(&[0]), None);
        assert_eq!(read(&[0x40]), None);
        let mut at = 0;
        assert_eq!((id(&[0x1a, 0x45, 0xdf, 0xa3], &mut at), at), (Some(0x1a45_dfa3), 4));
    }
}
