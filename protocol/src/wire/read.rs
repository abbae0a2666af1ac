//! Reading and writing lib0's variable-length numbers, buffers and strings, within bounds.

use thiserror::Error;

/// Why bytes could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes end in the middle of something, or a length points outside of them.
    #[error("unexpected end")]
    End,
    /// A number does not fit its type.
    #[error("number out of range")]
    Number,
    /// A string that is not UTF-8.
    #[error("invalid UTF-8")]
    Utf8,
}

/// A cursor over lib0-encoded bytes. It never panics, never allocates, and is stricter than lib0
/// only with numbers that overflow, which no encoder writes.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A cursor at the start of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The position, in bytes from the start.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Bytes not read yet.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// One byte.
    ///
    /// # Errors
    /// [`ReadError::End`].
    pub fn byte(&mut self) -> Result<u8, ReadError> {
        let byte = *self.bytes.get(self.at).ok_or(ReadError::End)?;
        self.at += 1;
        Ok(byte)
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// [`ReadError::End`].
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], ReadError> {
        let end = self.at.checked_add(len).ok_or(ReadError::End)?;
        let slice = self.bytes.get(self.at..end).ok_or(ReadError::End)?;
        self.at = end;
        Ok(slice)
    }

    /// A varuint of at most 64 bits.
    ///
    /// # Errors
    /// [`ReadError::End`], [`ReadError::Number`].
    pub fn var_u64(&mut self) -> Result<u64, ReadError> {
        let mut value = 0u64;
        let mut shift = 0u32;
        loop {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift > 63 || (shift == 63 && part > 1) {
                return Err(ReadError::Number);
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    /// A varuint of at most 32 bits.
    ///
    /// # Errors
    /// [`ReadError::End`], [`ReadError::Number`].
    pub fn var_u32(&mut self) -> Result<u32, ReadError> {
        u32::try_from(self.var_u64()?).ok().ok_or(ReadError::Number)
    }

    /// Skips a lib0 signed varint (6 bits in the first byte, then 7 each), at most 63 bits.
    ///
    /// # Errors
    /// [`ReadError::End`], [`ReadError::Number`].
    pub fn skip_var_int(&mut self) -> Result<(), ReadError> {
        let mut byte = self.byte()?;
        let mut shift = 6u32;
        while byte & 0x80 != 0 {
            byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift > 62 || (part << shift) >> shift != part || (part << shift) > i64::MAX as u64 {
                return Err(ReadError::Number);
            }
            shift += 7;
        }
        Ok(())
    }

    /// A length that must fit into what is left.
    ///
    /// # Errors
    /// [`ReadError::End`], [`ReadError::Number`].
    pub fn read_len(&mut self) -> Result<usize, ReadError> {
        let len = usize::try_from(self.var_u64()?).ok().ok_or(ReadError::End)?;
        if len > self.remaining() { Err(ReadError::End) } else { Ok(len) }
    }

    /// A length-prefixed buffer.
    ///
    /// # Errors
    /// [`ReadError::End`], [`ReadError::Number`].
    pub fn buf(&mut self) -> Result<&'a [u8], ReadError> {
        let len = self.read_len()?;
        self.take(len)
    }

    /// A length-prefixed UTF-8 string.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn string(&mut self) -> Result<&'a str, ReadError> {
        std::str::from_utf8(self.buf()?).ok().ok_or(ReadError::Utf8)
    }
}

/// Appends a varuint.
pub fn write_var(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a length-prefixed buffer.
pub fn write_buf(out: &mut Vec<u8>, body: &[u8]) {
    write_var(out, body.len() as u64);
    out.extend_from_slice(body);
}
