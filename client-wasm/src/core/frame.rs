//! The frames of a sync connection as this page reads and writes them (y-protocols, and Gesso's message 100).

/// A message in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// "This is what I have": a state vector.
    Step1(Vec<u8>),
    /// "This is what you lack": an update.
    Step2(Vec<u8>),
    /// A change.
    Update(Vec<u8>),
    /// Awareness states: client, clock, JSON (`null`: gone).
    Awareness(Vec<(u64, u32, String)>),
    /// Refused, with the reason; `None`: granted.
    Auth(Option<String>),
    /// "Tell me everybody's awareness."
    QueryAwareness,
    /// So many of the update messages of this connection are durable.
    Saved(u64),
}

fn put_uint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn uint(&mut self) -> Option<u64> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            n |= u64::from(first & 0x7f).checked_shl(shift)?;
            if first & 0x80 == 0 {
                return Some(n);
            }
        }
        None
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.uint()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    fn string(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }
}

impl Frame {
    /// As bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Step1(bytes) => {
                out.extend([0, 0]);
                put_bytes(&mut out, bytes);
            }
            Self::Step2(bytes) => {
                out.extend([0, 1]);
                put_bytes(&mut out, bytes);
            }
            Self::Update(bytes) => {
                out.extend([0, 2]);
                put_bytes(&mut out, bytes);
            }
            Self::Awareness(states) => {
                let mut inner = Vec::new();
                put_uint(&mut inner, states.len() as u64);
                for (client, clock, json) in states {
                    put_uint(&mut inner, *client);
                    put_uint(&mut inner, u64::from(*clock));
                    put_bytes(&mut inner, json.as_bytes());
                }
                out.push(1);
                put_bytes(&mut out, &inner);
            }
            Self::Auth(Some(reason)) => {
                out.extend([2, 0]);
                put_bytes(&mut out, reason.as_bytes());
            }
            Self::Auth(None) => out.extend([2, 1]),
            Self::QueryAwareness => out.push(3),
            Self::Saved(count) => {
                out.push(100);
                put_uint(&mut out, *count);
            }
        }
        out
    }

    /// Reads one; `None` for what this version does not know or cannot read.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader(bytes);
        match r.uint()? {
            0 => match r.uint()? {
                0 => Some(Self::Step1(r.bytes()?.to_vec())),
                1 => Some(Self::Step2(r.bytes()?.to_vec())),
                2 => Some(Self::Update(r.bytes()?.to_vec())),
                _ => None,
            },
            1 => {
                let mut r = Reader(r.bytes()?);
                let count = r.uint()?;
                let mut states = Vec::new();
                for _ in 0..count {
                    states.push((r.uint()?, u32::try_from(r.uint()?).ok()?, r.string()?));
                }
                Some(Self::Awareness(states))
            }
            2 => Some(Self::Auth(if r.uint()? == 0 { Some(r.string()?) } else { None })),
            3 => Some(Self::QueryAwareness),
            100 => Some(Self::Saved(r.uint()?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(frame) = Frame::decode(&bytes) {
                prop_assert_eq!(Frame::decode(&frame.encode()), Some(frame));
            }
        }
    }

    #[test]
    fn frames_survive_the_wire() {
        let frames = [
            Frame::Step1(vec![0]),
            Frame::Step2(vec![1; 300]),
            Frame::Update(vec![]),
            Frame::Awareness(vec![(u64::from(u32::MAX), 7, "{\"a\":1}".to_owned())]),
            Frame::Auth(Some("no".to_owned())),
            Frame::QueryAwareness,
            Frame::Saved(1 << 40),
        ];
        for frame in frames {
            assert_eq!(Frame::decode(&frame.encode()), Some(frame));
        }
    }
}
