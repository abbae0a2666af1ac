//! Checksums of the rows of the document log: they tell whether the bytes of a row are those that were written, for
//! this canvas, and whether it is in its place. Those of snapshots and long rows also tell which of their pieces are as
//! written. A single wrong byte is found by trying.

use gesso_protocol::ids::CanvasId;

/// Bytes of a checksum: one half for the content, one for the place.
const LEN: usize = 16;
/// Bytes of each half.
const HALF: usize = 8;

/// Bytes of the length of what has pieces, after its checksum.
const LENGTH: usize = 8;
/// Bytes of the checksum of a piece.
const PIECE: usize = 4;
/// Number of pieces aimed at, within the sizes that are allowed.
const PIECES: usize = 256;
/// The smallest and the largest piece, in bytes.
const PIECE_BYTES: [usize; 2] = [16, 1_024];
/// The longest row without pieces, in bytes.
const WHOLE_BYTES: usize = 1_024;
/// Most pieces that are put right.
const REPAIRS: usize = 8;

/// The checksum of a row of the log.
#[must_use]
pub fn of(canvas: &CanvasId, seq: i64, data: &[u8]) -> Vec<u8> {
    if data.len() > WHOLE_BYTES {
        return of_state(canvas, seq, data);
    }
    let content = content(canvas, data);
    [content, place(content, seq)].concat()
}

/// The checksum of a snapshot.
#[must_use]
pub fn of_state(canvas: &CanvasId, seq: i64, data: &[u8]) -> Vec<u8> {
    let content = content(canvas, data);
    let mut sum = [content, place(content, seq)].concat();
    sum.extend_from_slice(&(data.len() as u64).to_le_bytes());
    for (at, piece) in data.chunks(piece_bytes(data.len())).enumerate() {
        sum.extend_from_slice(&of_piece(at, piece));
    }
    sum
}

/// Which pieces of a damaged snapshot are what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    bytes: usize,
    sound: Vec<bool>,
}

impl Pieces {
    /// Looks at each; `None` where the checksum does not say.
    #[must_use]
    pub fn of(data: &[u8], checksum: &[u8]) -> Option<Self> {
        let (len, sums) = checksum.get(LEN..)?.split_first_chunk::<LENGTH>()?;
        let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
        let bytes = piece_bytes(len);
        if sums.len() != len.div_ceil(bytes) * PIECE {
            return None;
        }
        let pieces = data.chunks(bytes).enumerate().zip(sums.chunks(PIECE));
        let sound = pieces.map(|((at, piece), sum)| of_piece(at, piece) == sum).collect();
        Some(Self { bytes, sound })
    }

    /// True if all of these bytes are what was written.
    #[must_use]
    pub fn are_sound(&self, range: std::ops::Range<usize>) -> bool {
        let mut pieces = range.start / self.bytes..range.end.div_ceil(self.bytes);
        pieces.all(|at| self.sound.get(at) == Some(&true))
    }
}

fn piece_bytes(len: usize) -> usize {
    let [smallest, largest] = PIECE_BYTES;
    (len / PIECES).next_power_of_two().clamp(smallest, largest)
}

fn of_piece(at: usize, piece: &[u8]) -> [u8; PIECE] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(at as u64).to_le_bytes());
    hasher.update(piece);
    let mut sum = [0; PIECE];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

/// The verdict of a checksum on its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is what was written, where it was written.
    Sound,
    /// It is from before there were checksums.
    Unsigned,
    /// It is what was written for this canvas, but at another place.
    Elsewhere,
    /// It is not what was written.
    Altered,
}

/// Judges a row. A checksum that was itself damaged does not condemn a row that its other half knows.
#[must_use]
pub fn judge(canvas: &CanvasId, seq: i64, data: &[u8], checksum: Option<&[u8]>) -> Verdict {
    let Some(checksum) = checksum else { return Verdict::Unsigned };
    let Some((of_content, of_place)) = checksum.get(..LEN).map(|sum| sum.split_at(HALF)) else {
        return Verdict::Altered;
    };
    let content = content(canvas, data);
    if of_place == place(content, seq) {
        Verdict::Sound
    } else if of_content == content {
        Verdict::Elsewhere
    } else {
        Verdict::Altered
    }
}

/// Returns the bytes that were written, where a single byte (of a few pieces at most) is not as it was: the checksum
/// tells when the right one is found.
#[must_use]
pub fn repaired(canvas: &CanvasId, data: &[u8], checksum: &[u8]) -> Option<Vec<u8>> {
    let wanted = checksum.get(..HALF)?;
    let is_right = |data: &[u8]| content(canvas, data) == wanted;
    let mut repaired = data.to_vec();
    let Some(pieces) = Pieces::of(data, checksum) else {
        let is_short = data.len() <= WHOLE_BYTES;
        return (is_short && with_one_byte(&mut repaired, is_right)).then_some(repaired);
    };
    let bad: Vec<usize> = (0..pieces.sound.len()).filter(|at| !pieces.sound[*at]).collect();
    if bad.len() > REPAIRS {
        return None;
    }
    let sums = &checksum[LEN + LENGTH..];
    for at in bad {
        let range = at * pieces.bytes..data.len().min((at + 1) * pieces.bytes);
        let sum = &sums[at * PIECE..(at + 1) * PIECE];
        if !with_one_byte(&mut repaired[range], |piece| of_piece(at, piece) == sum) {
            return None;
        }
    }
    is_right(&repaired).then_some(repaired)
}

/// Tries every other value of every byte until it is right.
fn with_one_byte(data: &mut [u8], is_right: impl Fn(&[u8]) -> bool) -> bool {
    for at in 0..data.len() {
        for _ in 0..u8::MAX {
            data[at] = data[at].wrapping_add(1);
            if is_right(data) {
                return true;
            }
        }
        data[at] = data[at].wrapping_add(1);
    }
    false
}

/// Which of these rows, each a place with its checksum, bytes were written as.
#[must_use]
pub fn written_as<'a>(
    canvas: &CanvasId,
    data: &[u8],
    mut rows: impl Iterator<Item = (i64, &'a [u8])>,
) -> Option<i64> {
    let content = content(canvas, data);
    rows.find(|(seq, checksum)| checksum.get(HALF..LEN) == Some(&place(content, *seq)))
        .map(|(seq, _)| seq)
}

fn content(canvas: &CanvasId, data: &[u8]) -> [u8; HALF] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(canvas.as_str().len() as u64).to_le_bytes());
    hasher.update(canvas.as_str().as_bytes());
    hasher.update(data);
    half(&hasher)
}

fn place(content: [u8; HALF], seq: i64) -> [u8; HALF] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&content);
    hasher.update(&seq.to_le_bytes());
    half(&hasher)
}

fn half(hasher: &blake3::Hasher) -> [u8; HALF] {
    let mut half = [0; HALF];
    hasher.finalize_xof().fill(&mut half);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    fn c() -> CanvasId {
        CanvasId::new("c")
    }

    fn d() -> CanvasId {
        CanvasId::new("d")
    }

    #[test]
    fn a_row_is_known_again() {
        let sum = of(&c(), 7, b"bytes");
        assert_eq!(judge(&c(), 7, b"bytes", Some(&sum)), Verdict::Sound);
        assert_eq!(judge(&c(), 7, b"bytes", None), Verdict::Unsigned);
        assert_eq!(judge(&c(), 8, b"bytes", Some(&sum)), Verdict::Elsewhere);
        let places = |seqs: std::ops::Range<i64>| seqs.map(|seq| (seq, &sum[..]));
        assert_eq!(written_as(&c(), b"bytes", places(0..10)), Some(7));
        assert_eq!(written_as(&c(), b"bytes", places(8..10)), None);
        assert_eq!(judge(&d(), 7, b"bytes", Some(&sum)), Verdict::Altered);
        assert_eq!(judge(&c(), 7, b"bytez", Some(&sum)), Verdict::Altered);
        assert_eq!(judge(&c(), 7, b"byte", Some(&sum)), Verdict::Altered);
        assert_eq!(judge(&c(), 7, b"bytes", Some(&[])), Verdict::Altered);
    }

    #[test]
    fn pieces_tell_where_a_snapshot_is_damaged() {
        for len in [0_usize, 1, 16, 17, 5_000, 70_000] {
            let data: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let sum = of_state(&c(), 3, &data);
            assert_eq!(judge(&c(), 3, &data, Some(&sum)), Verdict::Sound);
            assert!(Pieces::of(&data, &sum).unwrap().are_sound(0..len));
            assert_eq!(Pieces::of(&data, &sum[..LEN]), None);
            if len < 17 {
                continue;
            }
            let mut damaged = data.clone();
            damaged[len / 2] ^= 1;
            assert_eq!(judge(&c(), 3, &damaged, Some(&sum)), Verdict::Altered);
            let pieces = Pieces::of(&damaged, &sum).unwrap();
            assert!(!pieces.are_sound(0..len) && !pieces.are_sound(len / 2..len / 2 + 1));
            for start in (0..len).step_by(pieces.bytes) {
                let piece = start..len.min(start + pieces.bytes);
                assert_eq!(pieces.are_sound(piece.clone()), !piece.contains(&(len / 2)));
            }
            assert!(
                Pieces::of(&data[..len - 1], &sum)
                    .unwrap()
                    .are_sound(0..len - 1 - (len - 1) % pieces.bytes)
            );
            assert!(!Pieces::of(&data[..len - 1], &sum).unwrap().are_sound(0..len));
        }
    }

    #[test]
    fn a_single_wrong_byte_is_put_right() {
        for len in [1_usize, 300, 1_024, 1_025, 40_000] {
            let data: Vec<u8> = (0..len).map(|at| (at * 7) as u8).collect();
            let sum = of(&c(), 3, &data);
            assert_eq!(judge(&c(), 3, &data, Some(&sum)), Verdict::Sound);
            for at in [0, len / 3, len - 1] {
                let mut damaged = data.clone();
                damaged[at] ^= 0x24;
                assert_eq!(repaired(&c(), &damaged, &sum).as_ref(), Some(&data), "{len} {at}");
                assert_eq!(repaired(&d(), &damaged, &sum), None);
            }
            let mut worse = data.clone();
            worse.iter_mut().take(2).for_each(|byte| *byte ^= 3);
            assert_eq!(repaired(&c(), &worse, &sum), (len == 1).then_some(data));
        }
    }

    #[test]
    fn a_damaged_checksum_does_not_condemn_the_row() {
        for at in 0..LEN {
            let mut sum = of(&c(), 7, b"bytes");
            sum[at] ^= 1;
            let verdict = judge(&c(), 7, b"bytes", Some(&sum));
            assert_ne!(verdict, Verdict::Altered, "{at}");
        }
    }
}
