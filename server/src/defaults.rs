//! Every setting of the server that an operator may have to change, with the value it has until they do.
//!
//! `config.rs` makes options of those that people have asked for; the structs that carry them to where they count
//! (`RoomLimits` and others) take the rest from here.

/// Rooms and their connections (R-SYNC-60 to R-SYNC-66, R-DOC-39).
pub mod rooms {
    /// The largest WebSocket message, in bytes; above it 1009.
    pub const FRAME_MAX_BYTES: usize = 4 << 20;
    /// The largest update posted over HTTP, in bytes.
    pub const POST_MAX_BYTES: usize = 64 << 20;
    /// The largest document, in encoded bytes; above it 4413.
    pub const DOCUMENT_MAX_BYTES: usize = 256 << 20;
    /// The most nodes of a canvas; above it 4413.
    pub const NODES_MAX: usize = 20_000;
    /// The most items of one list (the sequence of a shared type, or the values that one of its keys has had); above
    /// it 4413.
    pub const LIST_ITEMS_MAX: usize = 256 << 10;
    /// The most root types of a document; above it 4413. In memory one takes a kilobyte, and every reader of the whole
    /// document goes through all of them.
    pub const ROOTS_MAX: usize = 256;
    /// The most client ids of a document; above it 4413. Whoever opens it or writes to it goes through all of them.
    pub const CLIENT_IDS_MAX: usize = 65_536;
    /// The most connections of a room; above it 1013.
    pub const CLIENTS_MAX: usize = 500;
    /// Messages a second a connection may send for long; above it the server stops reading it.
    pub const MESSAGES_PER_SECOND: u32 = 2_000;
    /// Messages a connection may send at once before the rate counts.
    pub const MESSAGES_BURST: u32 = 5_000;
    /// Most bytes that may wait to be sent to one connection, besides the answer to a step 1.
    pub const QUEUE_MAX_BYTES: usize = 4 << 20;
    /// Most time a connection whose queue was lost may take to drain, and that sending to it or reading from it may
    /// make no progress, in ms; then 1013.
    pub const SLOW_MAX_MS: u64 = 30_000;
    /// Most bytes that one connection sent and its room has not taken yet; above it the server stops reading it.
    pub const CONNECTION_MAX_BYTES: usize = 8 << 20;
    /// The same over all connections of one person, and what waits to be sent to them, in bytes.
    pub const PERSON_MAX_BYTES: usize = 64 << 20;
    /// The same over all connections of this server, in bytes.
    pub const PROCESS_MAX_BYTES: usize = 256 << 20;
    /// Most bytes that answers to a step 1 may hold together; equal ones count once. Others wait for their turn.
    pub const ANSWERS_MAX_BYTES: usize = 192 << 20;
    /// The most connections of one person; above it 1013.
    pub const SOCKETS_PERSON_MAX: usize = 1_000;
    /// The most connections of this server; above it 1013.
    pub const SOCKETS_MAX: usize = 10_000;
    /// Most bytes that may wait for a gap of one connection to be filled; above it 1008.
    pub const GAP_MAX_BYTES: usize = 4 << 20;
    /// Most time they may wait, in ms; then 1008.
    pub const GAP_MAX_MS: u64 = 10_000;
    /// CPU time that a connection's updates may take at once, in us, before they are refused with 1008.
    pub const WORK_BURST_US: u64 = 250_000;
    /// CPU time that a connection earns anew, in us a second.
    pub const WORK_US_PER_SECOND: u64 = 250_000;
    /// CPU time that each update may take without counting, in us.
    pub const WORK_US_PER_UPDATE: u64 = 100;
    /// CPU time that each kilobyte of an update may take without counting, in us: ten times what ordinary ones take.
    pub const WORK_US_PER_KILOBYTE: u64 = 200;
    /// CPU time beyond the ordinary that opening a document may take, in us.
    pub const OPENING_MAX_US: u64 = 500_000;
    /// CPU time that reading a connection's awareness may take at once, in us, before it is closed with 1008.
    pub const AWARENESS_BURST_US: u64 = 100_000;
    /// CPU time for it that a connection earns anew, in us a second: some ten thousand states.
    pub const AWARENESS_US_PER_SECOND: u64 = 50_000;
    /// Writes to what is not theirs that a connection may make in a minute; above it 4403.
    pub const VIOLATIONS_PER_MINUTE: usize = 20;
    /// The most awareness ids one connection may introduce.
    pub const AWARENESS_IDS_MAX: usize = 16;
    /// Time an awareness state counts without being renewed, in ms.
    pub const AWARENESS_EXPIRES_MS: u64 = 30_000;
    /// Interval at which the server renews its own awareness state, in ms.
    pub const AWARENESS_RENEW_MS: u64 = 15_000;
    /// The shortest time between two fan-outs of a busy room, in ms: a frame of the screen. A quiet one sends at
    /// once.
    pub const FLUSH_INTERVAL_MS: u64 = 15;
    /// The same for awareness: cursors may be gathered a little longer than edits.
    pub const AWARENESS_INTERVAL_MS: u64 = 20;
    /// Messages that may wait for one room.
    pub const INBOX_MAX_MESSAGES: usize = 1_024;
    /// Bytes that may wait for one room.
    pub const INBOX_MAX_BYTES: usize = 64 << 20;
    /// Time a room without connections and handles stays in memory, in ms.
    pub const IDLE_MS: u64 = 10_000;
    /// The shortest time between two notices that a document changed, in ms.
    pub const TELL_MS: u64 = 1_000;
    /// Log rows after which they are compacted into a snapshot.
    pub const COMPACT_UPDATES: u64 = 500;
    /// Log bytes after which they are compacted into a snapshot.
    pub const COMPACT_BYTES: u64 = 1 << 20;
    /// Interval at which a silent socket is pinged, in ms; two unanswered pings end it.
    pub const PING_MS: u64 = 15_000;
    /// Most time a socket may take to take the close frame, in ms.
    pub const CLOSE_MS: u64 = 2_000;
}

/// Connections of any kind.
pub mod connections {
    use std::time::Duration;

    /// The most connections at once, sockets included.
    pub const CONNECTIONS_MAX: usize = 4_096;
    /// Most time the head of a request may take, and a connection may wait for its next request.
    pub const HEAD: Duration = Duration::from_secs(20);
    /// Most time the other side may take nothing of an answer.
    pub const WRITE_STALL: Duration = Duration::from_secs(60);
    /// Most time that requests under way are waited for when the server stops.
    pub const DRAIN: Duration = Duration::from_secs(2);
    /// Most time rooms may then take to be flushed.
    pub const FLUSH: Duration = Duration::from_secs(4);
    /// Most time that what is still open may take to end after that.
    pub const FAREWELL: Duration = Duration::from_secs(1);
}

/// Bodies of requests.
pub mod bodies {
    use std::time::Duration;

    /// Most bytes of all bodies together that are held in memory at once.
    pub const HELD_BYTES_MAX: usize = 384 * 1024 * 1024;
    /// Most bytes of one person's bodies.
    pub const PERSON_BYTES_MAX: usize = 160 * 1024 * 1024;
    /// Time a body waits for memory before it is refused.
    pub const WAIT: Duration = Duration::from_secs(5);
    /// Most time a body may stand still.
    pub const STALL: Duration = Duration::from_secs(20);
    /// The least speed over a body's whole way, in bytes a second, counted once [`STALL`] has passed.
    pub const BYTES_PER_SECOND_MIN: u64 = 8 * 1024;
}

/// The asset store.
pub mod assets {
    /// Largest upload, in bytes.
    pub const UPLOAD_BYTES_MAX: u64 = 256 * 1024 * 1024;
    /// Number of pictures that are decoded at once.
    pub const DECODERS_MAX: usize = 2;
    /// Number of videos and sounds that are examined at once.
    pub const PROGRAMS_MAX: usize = 2;
    /// Number of vector pictures that are drawn at once.
    pub const DRAWINGS_MAX: usize = 2;
}

/// Runs (R-RUN-60 to R-RUN-66).
pub mod runs {
    /// Number of times a call is tried in all.
    pub const ATTEMPTS_MAX: u32 = 3;
    /// Time before the second attempt, in ms; twice as long before each further one. Up to half of this value is added
    /// by chance.
    pub const BACKOFF_MS: u64 = 1_000;
    /// The longest that a provider can have a call wait, in ms.
    pub const RETRY_AFTER_MAX_MS: u64 = 60_000;
    /// Most time one attempt may take, in ms.
    pub const CALL_MAX_MS: u64 = 15 * 60 * 1000;
    /// Time a server has a run in hand without renewing its lease, in ms.
    pub const LEASE_MS: i64 = 30_000;
    /// Time the result of a call that was stopped is kept aside, in ms.
    pub const LATE_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
}

/// Quotas of people (R-ACC-60).
pub mod quotas {
    /// The most requests of one person within a minute: a page that opens a large canvas asks for hundreds of pictures.
    pub const REQUESTS_PER_MINUTE: u32 = 6_000;
    /// The most files that one person brings within 24 hours.
    pub const UPLOADS_PER_DAY: i64 = 10_000;
}
