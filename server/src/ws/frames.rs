//! The frames of RFC 6455 on the server's side, with no memory of a socket's own while it is silent: what arrives is
//! counted before it is kept, and what is sent may be shared by all who get it.

use std::io::{self, Cursor};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, timeout_at};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use crate::room::budget::{Hold, Inflow};
use crate::room::now_ms;

/// Most bytes that one read takes, on the stack.
const READ_BYTES: usize = 16 * 1024;
/// The longest payload of a control frame.
const CONTROL_MAX_BYTES: u64 = 125;
/// A message that began has to come in at least this fast, in bytes a second.
const MIN_BYTES_PER_SECOND: u64 = 8 * 1024;

/// An event of the connection.
#[derive(Debug)]
pub(super) enum Event {
    /// A whole binary message, and its place in the budgets.
    Binary(Bytes, Hold),
    /// A text message; its content is of no interest.
    Text,
    Ping(Bytes),
    Pong,
    /// The other side closes, with this code.
    Close(u16),
    /// A message larger than may be; nothing of it is kept.
    TooLarge,
}

/// Why nothing more can be read.
#[derive(Debug)]
pub(super) enum Broken {
    /// The stream failed or ended.
    Gone,
    /// The bytes are no WebSocket frame a client may send.
    Malformed(&'static str),
    /// A message that began does not come to its end.
    Slow,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// The header of a frame for a client.
pub(super) fn header(opcode: Data, is_final: bool, bytes: usize, out: &mut Vec<u8>) {
    put_header(OpCode::Data(opcode), is_final, bytes, out);
}

/// A whole control frame for a client.
pub(super) fn control(kind: Control, payload: &[u8], out: &mut Vec<u8>) {
    put_header(OpCode::Control(kind), true, payload.len(), out);
    out.extend_from_slice(payload);
}

fn put_header(opcode: OpCode, is_final: bool, bytes: usize, out: &mut Vec<u8>) {
    let header = FrameHeader { is_final, opcode, ..FrameHeader::default() };
    header.format(bytes as u64, out).expect("a vector takes all");
}

/// The code of a close frame; of one that nobody may send, that it is none (RFC 6455 §5.5.1, §7.4).
fn closing(payload: &[u8]) -> u16 {
    match payload.first_chunk().map(|code| u16::from_be_bytes(*code)) {
        None if payload.is_empty() => CloseCode::Normal.into(),
        Some(code) if CloseCode::from(code).is_allowed() => code,
        Some(_) | None => CloseCode::Protocol.into(),
    }
}

/// A frame whose payload is on its way.
#[derive(Debug)]
struct Part {
    opcode: OpCode,
    is_final: bool,
    mask: [u8; 4],
    /// Where in the mask the next byte stands.
    turn: usize,
    left: u64,
}

/// A message of which not all has come.
#[derive(Debug)]
struct Message {
    is_text: bool,
    body: Vec<u8>,
    hold: Option<Hold>,
    /// Bytes so far, of frames that began.
    announced: u64,
    began: Instant,
}

/// When the other side last sent anything, in ms of the server's clock.
#[derive(Debug)]
pub(super) struct Heard(AtomicU64);

impl Heard {
    pub(super) fn now() -> Self {
        Self(AtomicU64::new(now_ms()))
    }

    /// For how long it has been silent, in ms.
    pub(super) fn silent_ms(&self) -> u64 {
        now_ms().saturating_sub(self.0.load(Ordering::Relaxed))
    }
}

/// Reads frames.
#[derive(Debug)]
pub(super) struct Reader<'a, R> {
    io: R,
    heard: &'a Heard,
    inflow: Inflow,
    max: usize,
    patience: Duration,
    /// Bytes that were read and not looked at yet, from `at` on.
    stash: Vec<u8>,
    at: usize,
    part: Option<Part>,
    message: Option<Message>,
    control: Vec<u8>,
    /// Nothing of a message is kept any more; control frames still count.
    is_deaf: bool,
}

impl<'a, R: AsyncRead + Unpin> Reader<'a, R> {
    /// Messages are at most `max` bytes long; one that began may take `patience` and the time its bytes need.
    pub(super) fn new(
        io: R,
        heard: &'a Heard,
        inflow: Inflow,
        max: usize,
        patience: Duration,
    ) -> Self {
        Self {
            io,
            heard,
            inflow,
            max,
            patience,
            stash: Vec::new(),
            at: 0,
            part: None,
            message: None,
            control: Vec::new(),
            is_deaf: false,
        }
    }

    /// From here on messages are thrown away unread: only the other side's close is of interest.
    pub(super) fn be_deaf(&mut self) {
        self.is_deaf = true;
        self.message = None;
    }

    /// Throws away all that comes, until nothing comes any more.
    pub(super) async fn drain(&mut self) {
        while self.fill().await.is_ok() {
            self.at = self.stash.len();
        }
    }

    /// The next thing that comes.
    pub(super) async fn next(&mut self) -> Result<Event, Broken> {
        loop {
            // Frames that say nothing come as fast as they can be read: others have their turn in between.
            tokio::task::consume_budget().await;
            if self.part.is_none() && !self.begin()? {
                self.more().await?;
                continue;
            }
            if let Some(event) = self.too_large() {
                return Ok(event);
            }
            self.take_in_time().await?;
            if self.part.as_ref().is_some_and(|part| part.left > 0) {
                self.more().await?;
                continue;
            }
            if let Some(event) = self.end() {
                return Ok(event);
            }
        }
    }

    /// Until when a message that began may take.
    fn until(&self) -> Option<Instant> {
        let message = self.message.as_ref()?;
        let due = Duration::from_secs(message.body.len() as u64 / MIN_BYTES_PER_SECOND);
        Some(message.began + self.patience + due)
    }

    async fn more(&mut self) -> Result<(), Broken> {
        match self.until() {
            None => Ok(self.fill().await?),
            Some(until) => match timeout_at(until, self.fill()).await {
                Ok(read) => Ok(read?),
                Err(_) => Err(Broken::Slow),
            },
        }
    }

    async fn take_in_time(&mut self) -> Result<(), Broken> {
        match self.until() {
            None => self.take().await,
            Some(until) => timeout_at(until, self.take()).await.unwrap_or(Err(Broken::Slow)),
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        if self.at == self.stash.len() {
            // A silent socket holds no buffer.
            self.stash = Vec::new();
        } else {
            self.stash.drain(..self.at);
        }
        self.at = 0;
        let (io, stash) = (&mut self.io, &mut self.stash);
        let read = std::future::poll_fn(|cx| {
            let mut space = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
            let mut space = ReadBuf::uninit(&mut space);
            std::task::ready!(Pin::new(&mut *io).poll_read(cx, &mut space))?;
            stash.extend_from_slice(space.filled());
            std::task::Poll::Ready(Ok::<_, io::Error>(space.filled().len()))
        });
        if read.await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.heard.0.store(now_ms(), Ordering::Relaxed);
        Ok(())
    }

    /// Reads the header of a frame; `false`: not all of it is there.
    fn begin(&mut self) -> Result<bool, Broken> {
        let mut cursor = Cursor::new(&self.stash[self.at..]);
        let parsed = FrameHeader::parse(&mut cursor);
        let length = cursor.position() as usize;
        let Some((header, bytes)) = parsed.or(Err(Broken::Malformed("an unknown frame")))? else {
            return Ok(false);
        };
        let malformed = |why| Err(Broken::Malformed(why));
        let Some(mask) = header.mask else { return malformed("a frame is not masked") };
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return malformed("a frame uses an extension that was not agreed on");
        }
        match header.opcode {
            OpCode::Control(_) if !header.is_final || bytes > CONTROL_MAX_BYTES => {
                return malformed("a control frame is too long or in parts");
            }
            OpCode::Data(Data::Continue) if self.message.is_none() && !self.is_deaf => {
                return malformed("a frame continues nothing");
            }
            OpCode::Data(Data::Text | Data::Binary) if self.message.is_some() => {
                return malformed("a message begins inside another");
            }
            OpCode::Control(_) | OpCode::Data(_) => {}
        }
        self.at += length;
        if let OpCode::Data(kind) = header.opcode
            && !self.is_deaf
        {
            let message = self.message.get_or_insert_with(|| Message {
                is_text: kind == Data::Text,
                body: Vec::new(),
                hold: None,
                announced: 0,
                began: Instant::now(),
            });
            message.announced = message.announced.saturating_add(bytes);
        }
        let (opcode, is_final) = (header.opcode, header.is_final);
        self.part = Some(Part { opcode, is_final, mask, turn: 0, left: bytes });
        Ok(true)
    }

    /// A message that says that it is larger than may be is not waited for.
    fn too_large(&mut self) -> Option<Event> {
        let announced = self.message.as_ref()?.announced;
        if announced <= self.max as u64 {
            return None;
        }
        self.be_deaf();
        Some(Event::TooLarge)
    }

    /// Takes what is there of the frame's payload.
    async fn take(&mut self) -> Result<(), Broken> {
        let Some(part) = &mut self.part else { return Ok(()) };
        let there = self.stash.len() - self.at;
        let bytes = there.min(usize::try_from(part.left).unwrap_or(usize::MAX));
        let from = &mut self.stash[self.at..self.at + bytes];
        self.at += bytes;
        part.left -= bytes as u64;
        let body = match (part.opcode, &mut self.message) {
            (OpCode::Control(_), _) => &mut self.control,
            (OpCode::Data(_), Some(message)) if !message.is_text => {
                let left = usize::try_from(part.left).unwrap_or(usize::MAX);
                reserve(message, bytes, left, &self.inflow).await?;
                &mut message.body
            }
            (OpCode::Data(_), _) => return Ok(()),
        };
        unmask(from, part.mask, part.turn);
        part.turn = (part.turn + bytes) % 4;
        body.extend_from_slice(from);
        Ok(())
    }

    /// Returns the event that the frame which came to its end brings.
    fn end(&mut self) -> Option<Event> {
        let part = self.part.take()?;
        match part.opcode {
            OpCode::Control(kind) => {
                let payload = std::mem::take(&mut self.control);
                Some(match kind {
                    Control::Ping => Event::Ping(payload.into()),
                    Control::Close => Event::Close(closing(&payload)),
                    Control::Pong | Control::Reserved(_) => Event::Pong,
                })
            }
            OpCode::Data(_) if part.is_final => {
                let message = self.message.take()?;
                match message.hold {
                    _ if message.is_text => Some(Event::Text),
                    Some(hold) => Some(Event::Binary(message.body.into(), hold)),
                    None => None,
                }
            }
            OpCode::Data(_) => None,
        }
    }
}

/// Makes room for `bytes` more of a message whose present frame has `left` after them; counted before it is taken.
async fn reserve(
    message: &mut Message,
    bytes: usize,
    left: usize,
    inflow: &Inflow,
) -> Result<(), Broken> {
    let needed = message.body.len() + bytes;
    let all = needed.saturating_add(left);
    let grown = if needed <= message.body.capacity() {
        message.body.capacity()
    } else {
        // Never for more than twice what has come: a length that was only claimed costs nothing.
        all.min(needed.max(2 * message.body.capacity()))
    };
    let more = grown - message.body.capacity();
    match &mut message.hold {
        Some(_) if more == 0 => {}
        Some(hold) => inflow.grow(hold, more).await.ok_or(Broken::Gone)?,
        None => message.hold = Some(inflow.message(more).await.ok_or(Broken::Gone)?),
    }
    message.body.reserve_exact(grown - message.body.len());
    Ok(())
}

fn unmask(bytes: &mut [u8], mask: [u8; 4], turn: usize) {
    let mut turned = mask;
    turned.rotate_left(turn);
    let mut words = bytes.chunks_exact_mut(4);
    for word in &mut words {
        for (byte, mask) in word.iter_mut().zip(turned) {
            *byte ^= mask;
        }
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(turned) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::RoomLimits;
    use crate::room::budget::Usage;
    use std::sync::Arc;
    use tokio::io::{AsyncWriteExt as _, DuplexStream};

    struct World {
        usage: Arc<Usage>,
        client: DuplexStream,
        server: DuplexStream,
    }

    fn world() -> World {
        let (client, server) = tokio::io::duplex(1 << 20);
        World { usage: Usage::new(&RoomLimits::default()), client, server }
    }

    /// A frame as a client sends it, with a mask.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [0xa5, 0x01, 0xff, 0x3c];
        let mut bytes = vec![first];
        match payload.len() {
            length @ ..126 => bytes.push(0x80 | length as u8),
            length @ ..65_536 => {
                bytes.push(0x80 | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            length => {
                bytes.push(0x80 | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend(mask);
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        bytes
    }

    async fn read_all(sent: &[u8], max: usize, patience: Duration) -> Vec<String> {
        let World { usage, mut client, server } = world();
        let ticket = usage.admit("").unwrap();
        let heard = Heard::now();
        let mut reader = Reader::new(server, &heard, ticket.inflow.clone(), max, patience);
        let mut found = Vec::new();
        let sending = async {
            // In pieces that end anywhere.
            for piece in sent.chunks(7_001) {
                client.write_all(piece).await.unwrap();
            }
        };
        let reading = async {
            loop {
                match reader.next().await {
                    Ok(Event::Binary(bytes, _)) => found.push(format!("binary {}", bytes.len())),
                    Ok(event) => found.push(format!("{event:?}")),
                    Err(broken) => return found.push(format!("{broken:?}")),
                }
                if found.last().is_some_and(|last| last == "TooLarge") {
                    return;
                }
            }
        };
        tokio::join!(sending, reading);
        found
    }

    #[tokio::test]
    async fn messages_come_in_parts_with_pings_between_them() {
        let body: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
        let World { usage, mut client, server } = world();
        let ticket = usage.admit("").unwrap();
        let heard = Heard::now();
        let patience = Duration::from_secs(5);
        let mut reader = Reader::new(server, &heard, ticket.inflow.clone(), 1 << 20, patience);
        let sent = [
            frame(0x02, &body[..70_000]),
            frame(0x89, b"are you there"),
            frame(0x00, &body[70_000..70_001]),
            frame(0x80, &body[70_001..]),
            frame(0x82, b""),
            frame(0x8a, b""),
            frame(0x88, &[3, 233]),
        ];
        client.write_all(&sent.concat()).await.unwrap();
        let Ok(Event::Ping(ping)) = reader.next().await else { panic!("no ping") };
        assert_eq!(&ping[..], b"are you there");
        let Ok(Event::Binary(bytes, hold)) = reader.next().await else { panic!("no message") };
        assert_eq!(&bytes[..], &body[..]);
        let Ok(Event::Binary(empty, small)) = reader.next().await else { panic!("no message") };
        assert!(empty.is_empty());
        assert!(usage.received() >= 100_000);
        drop((hold, small));
        assert_eq!(usage.received(), 0);
        assert!(matches!(reader.next().await, Ok(Event::Pong)));
        assert!(matches!(reader.next().await, Ok(Event::Close(1_001))));
        drop(client);
        assert!(matches!(reader.next().await, Err(Broken::Gone)));
    }

    #[test]
    fn codes_that_nobody_may_send_are_answered_as_such() {
        let of = |code: u16| closing(&code.to_be_bytes());
        assert_eq!([of(1_000), of(1_001), of(3_000), of(4_999)], [1_000, 1_001, 3_000, 4_999]);
        assert_eq!([of(0), of(999), of(1_005), of(1_006), of(5_000)], [1_002; 5]);
        assert_eq!((closing(&[]), closing(&[3])), (1_000, 1_002));
    }

    #[tokio::test]
    async fn what_no_client_may_send_is_refused() {
        let second = Duration::from_secs(1);
        for sent in [
            vec![0x82, 1, 0],                                // not masked
            frame(0xc2, b"a"),                               // an extension
            frame(0x83, b"a"),                               // a kind that is not
            frame(0x09, b"a"),                               // a ping in parts
            frame(0x89, &[0; 126]),                          // a long ping
            frame(0x80, b"a"),                               // continues nothing
            [frame(0x02, b"a"), frame(0x82, b"b")].concat(), // a message inside another
        ] {
            let found = read_all(&sent, 1_000, second).await;
            assert!(found.last().unwrap().starts_with("Malformed"), "{sent:?}: {found:?}");
        }
    }

    #[tokio::test]
    async fn a_claimed_length_costs_nothing_and_too_much_is_told_at_once() {
        let mut sent = vec![0x82, 0x80 | 127];
        sent.extend((1_u64 << 40).to_be_bytes());
        sent.extend([0; 4]);
        let found = read_all(&sent, 1_000, Duration::from_millis(50)).await;
        assert_eq!(found[0], "TooLarge");

        let World { usage, mut client, server } = world();
        let ticket = usage.admit("").unwrap();
        let heard = Heard::now();
        let patience = Duration::from_millis(50);
        let mut reader = Reader::new(server, &heard, ticket.inflow.clone(), 4 << 20, patience);
        let mut half = vec![0x82, 0x80 | 127];
        half.extend((4_u64 << 20).to_be_bytes());
        half.extend([0; 4]);
        half.extend([0; 1_000]);
        client.write_all(&half).await.unwrap();
        assert!(matches!(reader.next().await, Err(Broken::Slow)), "it never comes to its end");
        assert!(usage.received() < 4_096, "{}", usage.received());
    }
}
