//! Every limit of a room, by name.

use crate::defaults;

/// Factor by which a build without optimization takes longer for the same work.
const SLOWER: u64 = if cfg!(debug_assertions) { 10 } else { 1 };

/// The limits of a room and of its connections (R-SYNC-60 to R-SYNC-66, R-DOC-39).
#[derive(Debug, Clone)]
pub struct RoomLimits {
    /// True if people sign in, so that comments are held to whose name they are in.
    pub has_accounts: bool,
    /// The largest WebSocket message, in bytes; above it 1009.
    pub frame_max_bytes: usize,
    /// The largest update posted over HTTP, in bytes.
    pub post_max_bytes: usize,
    /// The largest document, in encoded bytes; above it 4413.
    pub document_max_bytes: usize,
    /// The most nodes of a canvas; above it 4413.
    pub nodes_max: usize,
    /// The most items of one list (the sequence of a shared type, or the values that one of its keys has had); above
    /// it 4413.
    pub list_items_max: usize,
    /// The most root types of a document; above it 4413.
    pub roots_max: usize,
    /// The most client ids of a document, one for every page that ever wrote to it; above it 4413.
    pub client_ids_max: usize,
    /// The most connections of a room; above it 1013.
    pub clients_max: usize,
    /// Messages a second a connection may send for long; above it the server stops reading it.
    pub messages_per_second: u32,
    /// Messages a connection may send at once before the rate counts.
    pub messages_burst: u32,
    /// Most bytes that may wait to be sent to one connection, besides the answer to a step 1.
    pub queue_max_bytes: usize,
    /// Most time a connection whose queue was lost may take to drain, and that sending to it or reading from it may
    /// make no progress, in ms; then 1013.
    pub slow_max_ms: u64,
    /// Most bytes that one connection sent and its room has not taken yet; above it the server stops reading it.
    pub connection_max_bytes: usize,
    /// The same over all connections of one person, and what waits to be sent to them, in bytes.
    pub person_max_bytes: usize,
    /// The same over all connections of this server, in bytes.
    pub process_max_bytes: usize,
    /// Most bytes that answers to a step 1 may hold together; equal ones count once. Others wait for their turn.
    pub answers_max_bytes: usize,
    /// The most connections of one person; above it 1013.
    pub sockets_person_max: usize,
    /// The most connections of this server; above it 1013.
    pub sockets_max: usize,
    /// Most bytes that may wait for a gap of one connection to be filled; above it 1008.
    pub gap_max_bytes: usize,
    /// Most time they may wait, in ms; then 1008.
    pub gap_max_ms: u64,
    /// CPU time that a connection's updates may take at once, in us, before they are refused with 1008.
    pub work_burst_us: u64,
    /// CPU time that a connection earns anew, in us a second.
    pub work_us_per_second: u64,
    /// CPU time that each update may take without counting, in us.
    pub work_us_per_update: u64,
    /// CPU time that each kilobyte of an update may take without counting, in us: ten times what ordinary ones take.
    pub work_us_per_kilobyte: u64,
    /// CPU time beyond the ordinary that opening a document may take, in us; above it only ordinary updates are taken,
    /// others refused with 4413.
    pub opening_max_us: u64,
    /// CPU time that reading a connection's awareness and state vectors may take at once, in us; above it 1008.
    pub awareness_burst_us: u64,
    /// CPU time for it that a connection earns anew, in us a second.
    pub awareness_us_per_second: u64,
    /// Writes to what is not theirs that a connection may make in a minute; above it 4403.
    pub violations_per_minute: usize,
    /// The most awareness ids one connection may introduce.
    pub awareness_ids_max: usize,
    /// Time an awareness state counts without being renewed, in ms.
    pub awareness_expires_ms: u64,
    /// Interval at which the server renews its own awareness state, in ms.
    pub awareness_renew_ms: u64,
    /// The shortest time between two fan-outs of a busy room, in ms: a frame of the screen. A quiet one sends at
    /// once.
    pub flush_interval_ms: u64,
    /// The same for awareness: cursors may be gathered a little longer than edits.
    pub awareness_interval_ms: u64,
    /// Messages that may wait for one room.
    pub inbox_max_messages: usize,
    /// Bytes that may wait for one room.
    pub inbox_max_bytes: usize,
    /// Time a room without connections and handles stays in memory, in ms.
    pub idle_ms: u64,
    /// The shortest time between two notices that a document changed, in ms.
    pub tell_ms: u64,
    /// Log rows after which they are compacted into a snapshot.
    pub compact_updates: u64,
    /// Log bytes after which they are compacted into a snapshot.
    pub compact_bytes: u64,
    /// Interval at which a silent socket is pinged, in ms; two unanswered pings end it.
    pub ping_ms: u64,
    /// Most time a socket may take to take the close frame, in ms.
    pub close_ms: u64,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self {
            has_accounts: false,
            frame_max_bytes: defaults::rooms::FRAME_MAX_BYTES,
            post_max_bytes: defaults::rooms::POST_MAX_BYTES,
            document_max_bytes: defaults::rooms::DOCUMENT_MAX_BYTES,
            nodes_max: defaults::rooms::NODES_MAX,
            list_items_max: defaults::rooms::LIST_ITEMS_MAX,
            roots_max: defaults::rooms::ROOTS_MAX,
            client_ids_max: defaults::rooms::CLIENT_IDS_MAX,
            clients_max: defaults::rooms::CLIENTS_MAX,
            messages_per_second: defaults::rooms::MESSAGES_PER_SECOND,
            messages_burst: defaults::rooms::MESSAGES_BURST,
            queue_max_bytes: defaults::rooms::QUEUE_MAX_BYTES,
            slow_max_ms: defaults::rooms::SLOW_MAX_MS,
            connection_max_bytes: defaults::rooms::CONNECTION_MAX_BYTES,
            person_max_bytes: defaults::rooms::PERSON_MAX_BYTES,
            process_max_bytes: defaults::rooms::PROCESS_MAX_BYTES,
            answers_max_bytes: defaults::rooms::ANSWERS_MAX_BYTES,
            sockets_person_max: defaults::rooms::SOCKETS_PERSON_MAX,
            sockets_max: defaults::rooms::SOCKETS_MAX,
            gap_max_bytes: defaults::rooms::GAP_MAX_BYTES,
            gap_max_ms: defaults::rooms::GAP_MAX_MS,
            work_burst_us: defaults::rooms::WORK_BURST_US * SLOWER,
            work_us_per_second: defaults::rooms::WORK_US_PER_SECOND,
            work_us_per_update: defaults::rooms::WORK_US_PER_UPDATE * SLOWER,
            work_us_per_kilobyte: defaults::rooms::WORK_US_PER_KILOBYTE * SLOWER,
            opening_max_us: defaults::rooms::OPENING_MAX_US * SLOWER,
            awareness_burst_us: defaults::rooms::AWARENESS_BURST_US * SLOWER,
            awareness_us_per_second: defaults::rooms::AWARENESS_US_PER_SECOND * SLOWER,
            violations_per_minute: defaults::rooms::VIOLATIONS_PER_MINUTE,
            awareness_ids_max: defaults::rooms::AWARENESS_IDS_MAX,
            awareness_expires_ms: defaults::rooms::AWARENESS_EXPIRES_MS,
            awareness_renew_ms: defaults::rooms::AWARENESS_RENEW_MS,
            flush_interval_ms: defaults::rooms::FLUSH_INTERVAL_MS,
            awareness_interval_ms: defaults::rooms::AWARENESS_INTERVAL_MS,
            inbox_max_messages: defaults::rooms::INBOX_MAX_MESSAGES,
            inbox_max_bytes: defaults::rooms::INBOX_MAX_BYTES,
            idle_ms: defaults::rooms::IDLE_MS,
            tell_ms: defaults::rooms::TELL_MS,
            compact_updates: defaults::rooms::COMPACT_UPDATES,
            compact_bytes: defaults::rooms::COMPACT_BYTES,
            ping_ms: defaults::rooms::PING_MS,
            close_ms: defaults::rooms::CLOSE_MS,
        }
    }
}
