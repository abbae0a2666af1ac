//! Looking a stored log through before it is opened. A sound one costs its checksums. Of a damaged one, what can be
//! trusted is put together anew, and the rest is set aside.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use gesso_protocol::api::DamageReason;
use gesso_protocol::ids::CanvasId;
use gesso_protocol::wire::guard::Scan;
use gesso_protocol::wire::salvage::Salvage;

use super::RoomLimits;
use super::core::{Claim, Core};
use super::store::{Found, Store, StoreError};
use crate::db::checksum::{self, Pieces, Verdict};
use crate::db::log::{LogRow, Mend, SetAside, StoredLog};

/// The longest stretch of rows that is believed to be missing where no checksum says where a row belongs.
const GAP_MAX: i64 = 1_000_000;
/// The largest place in a log that is believed.
const SEQ_MAX: i64 = 1 << 53;
/// Number of times what is trusted is put together anew after the CRDT library gave up on something.
const REBUILDS_MAX: usize = 16;
/// Number of times a log is read again that was compacted meanwhile.
const ATTEMPTS: usize = 4;

/// A document as stored, looked through.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    /// Snapshot and updates, oldest first.
    pub(crate) updates: Vec<Bytes>,
    /// The last place in the log.
    pub(crate) seq: i64,
    /// Number of rows that follow the snapshot, and their bytes.
    pub(crate) tail: (u64, u64),
    /// Updates that stand aside and wait for what they build on: id and update.
    pub(crate) waiting: Vec<(String, Bytes)>,
    /// Owners of client ids.
    pub(crate) claims: Vec<Claim>,
    /// Ids of what was set aside just now.
    pub(crate) set_aside: Vec<String>,
}

/// The state of a canvas's id, its log looked through.
#[derive(Debug, Clone)]
pub(crate) enum Loaded {
    /// Nothing, ever.
    Nothing,
    /// A canvas that was deleted.
    Deleted,
    /// A document.
    Document(Stored),
}

/// Loads a log and looks it through. `doubt`: it could not be opened though its checksums are right.
///
/// # Errors
/// When the database fails.
pub(crate) async fn load(
    store: &dyn Store,
    canvas: &CanvasId,
    doubt: bool,
) -> Result<Loaded, StoreError> {
    for _ in 0..ATTEMPTS {
        let log = match store.load(canvas).await? {
            Found::Nothing => return Ok(Loaded::Nothing),
            Found::Deleted => return Ok(Loaded::Deleted),
            Found::Document(log) => log,
        };
        let name = canvas.clone();
        // Large logs take long enough to be in the way of others on this thread.
        let looked = tokio::task::spawn_blocking(move || match is_sound(&name, &log) && !doubt {
            true => Looked::Sound(stored(log)),
            false => Looked::Damaged(mend(&name, &log), log),
        });
        match looked.await.map_err(|error| StoreError::Unreadable(error.to_string()))? {
            Looked::Sound(stored) => return Ok(Loaded::Document(stored)),
            Looked::Damaged(mend, log) => {
                if let Some(stored) = keep(store, canvas, mend, log).await {
                    return Ok(Loaded::Document(stored));
                }
            }
        }
    }
    Err(StoreError::Unreadable("its log changed whenever it was read".to_owned()))
}

enum Looked {
    Sound(Stored),
    Damaged(Mend, StoredLog),
}

/// Returns the parts of a log that would be set aside if it were opened now.
pub(crate) fn examine(canvas: &CanvasId, log: &StoredLog) -> Vec<SetAside> {
    if is_sound(canvas, log) && fresh(&stored(log.clone()).updates).is_some() {
        return Vec::new();
    }
    mend(canvas, log).aside
}

/// True if every row is what was written, where it was written.
fn is_sound(canvas: &CanvasId, log: &StoredLog) -> bool {
    let mut before = log.snapshot.as_ref().map_or(0, |row| row.seq);
    let is_sound = |row: &LogRow| {
        let Some(data) = &row.data else { return false };
        let verdict = checksum::judge(canvas, row.seq, data, row.checksum.as_deref());
        matches!(verdict, Verdict::Sound | Verdict::Unsigned)
    };
    let in_order = log.rows.iter().all(|row| {
        let follows = Some(row.seq) == before.checked_add(1);
        before = row.seq;
        follows
    });
    in_order && before < SEQ_MAX && log.snapshot.iter().chain(&log.rows).all(is_sound)
}

fn stored(log: StoredLog) -> Stored {
    let mut stored =
        Stored { waiting: waiting(log.waiting), claims: claims(log.clients), ..Stored::default() };
    if let Some(row) = log.snapshot {
        stored.seq = row.seq;
        stored.updates.extend(row.data.map(Bytes::from));
    }
    for row in log.rows {
        let data = Bytes::from(row.data.unwrap_or_default());
        stored.seq = row.seq;
        stored.tail.0 += 1;
        stored.tail.1 += data.len() as u64;
        stored.updates.push(data);
    }
    stored
}

fn claims(rows: Vec<(i64, String)>) -> Vec<Claim> {
    let claim = |(client, person): (i64, String)| Claim {
        client: client.cast_unsigned(),
        person: person.into(),
    };
    rows.into_iter().map(claim).collect()
}

fn waiting(rows: Vec<(String, Vec<u8>)>) -> Vec<(String, Bytes)> {
    rows.into_iter().map(|(id, data)| (id, Bytes::from(data))).collect()
}

/// Stores what a log was put right with; `None` where the log changed meanwhile.
async fn keep(store: &dyn Store, canvas: &CanvasId, mend: Mend, log: StoredLog) -> Option<Stored> {
    for item in &mend.aside {
        tracing::error!(
            %canvas,
            seq = item.seq,
            rows = item.rows,
            bytes = item.data.len(),
            reason = item.reason.id(),
            "a part of the document's log is damaged and is set aside"
        );
    }
    if mend.aside.is_empty() {
        tracing::error!(%canvas, "the document's log was damaged; nothing of it is lost");
    }
    let mut waiting = waiting(log.waiting);
    let new = mend.aside.iter().filter(|item| item.reason == DamageReason::BuildsOnLost);
    waiting.extend(new.map(|item| (item.id(canvas), Bytes::from(item.data.clone()))));
    let mut stored = Stored {
        updates: vec![mend.snapshot.clone().into()],
        seq: mend.seq,
        tail: (0, 0),
        waiting,
        claims: claims(log.clients),
        set_aside: mend.aside.iter().map(|item| item.id(canvas)).collect(),
    };
    match store.mend(canvas, &mend).await {
        Ok(true) => Some(stored),
        Ok(false) => None,
        Err(error) => {
            tracing::error!(%canvas, %error, "the document's log cannot be put right; it stays as it is");
            if let Err(error) = store.set_aside(canvas, &mend.aside).await {
                tracing::error!(%canvas, %error, "what is damaged cannot be set aside");
            }
            // The rows stay: compacting would look through them again.
            stored.tail = (log.rows.len() as u64, 0);
            Some(stored)
        }
    }
}

/// Puts together what can be trusted of a log.
fn mend(canvas: &CanvasId, log: &StoredLog) -> Mend {
    let mut bench = Bench::new();
    if let Some(snapshot) = &log.snapshot {
        bench.snapshot(canvas, snapshot);
    }
    let sorted = Sorted::new(canvas, log);
    for item in sorted.aside {
        bench.aside.push(item);
    }
    for (seq, data) in sorted.rows {
        bench.row(seq, &data);
    }
    bench.what_waits();
    bench.aside.sort_by_key(|item| (item.seq, item.reason));
    Mend {
        before: log.snapshot.as_ref().map(|row| row.seq),
        found: log.rows.iter().map(|row| row.seq).collect(),
        seq: sorted.last,
        snapshot: bench.core.encode_state().to_vec(),
        aside: bench.aside,
    }
}

/// Rows by what their checksums say.
struct Sorted<'a> {
    /// Rows that are trusted, by where they were written.
    rows: Vec<(i64, Cow<'a, [u8]>)>,
    aside: Vec<SetAside>,
    /// The last place of the log.
    last: i64,
}

impl<'a> Sorted<'a> {
    fn new(canvas: &CanvasId, log: &'a StoredLog) -> Self {
        let before_rows = log.rows.first().map_or(0, |row| row.seq.saturating_sub(1));
        let first = match &log.snapshot {
            None => 0,
            Some(row) if (0..SEQ_MAX).contains(&row.seq) => row.seq,
            Some(_) => before_rows.clamp(0, SEQ_MAX / 2),
        };
        let mut sorted = Self { rows: Vec::new(), aside: Vec::new(), last: first };
        // Where rows say they belong that are not what stands there.
        let mut placed: BTreeMap<i64, Vec<Cow<'a, [u8]>>> = BTreeMap::new();
        let mut taken: Vec<i64> = Vec::new();
        for row in &log.rows {
            let is_placed = sorted.is_believed(row);
            let set_aside = |reason| SetAside {
                seq: row.seq,
                rows: 1,
                reason,
                data: row.data.clone().unwrap_or_default(),
            };
            let Some(data) = row.data.as_deref() else {
                sorted.aside.push(set_aside(DamageReason::Unreadable));
                taken.extend(is_placed.then_some(row.seq));
                continue;
            };
            let place = match checksum::judge(canvas, row.seq, data, row.checksum.as_deref()) {
                Verdict::Sound | Verdict::Unsigned => Some(row.seq),
                Verdict::Elsewhere => Some(own_place(canvas, row, data, log).unwrap_or(row.seq)),
                Verdict::Altered => others_place(canvas, data, log),
            };
            match place {
                Some(place) => placed.entry(place).or_default().push(Cow::Borrowed(data)),
                None => match right(canvas, row, data) {
                    Some(right) => {
                        sorted.aside.push(set_aside(DamageReason::Repaired));
                        placed.entry(row.seq).or_default().push(Cow::Owned(right));
                    }
                    None => {
                        sorted.aside.push(set_aside(DamageReason::Altered));
                        taken.extend(is_placed.then_some(row.seq));
                    }
                },
            }
        }
        let believed = sorted.last.saturating_add(GAP_MAX);
        taken.extend(placed.keys().copied().filter(|seq| (1..=believed).contains(seq)));
        taken.sort_unstable();
        sorted.last = taken.last().copied().unwrap_or(0).max(sorted.last);
        let mut next = first + 1;
        for seq in taken {
            if seq > next {
                let (reason, data) = (DamageReason::Missing, Vec::new());
                sorted.aside.push(SetAside { seq: next, rows: seq - next, reason, data });
            }
            next = next.max(seq + 1);
        }
        let all =
            placed.into_iter().flat_map(|(seq, all)| all.into_iter().map(move |data| (seq, data)));
        sorted.rows = all.collect();
        sorted
    }

    /// True if a row can be where it says it is; rows come by their place.
    fn is_believed(&mut self, row: &LogRow) -> bool {
        let is_believed = (1..=self.last.saturating_add(GAP_MAX).min(SEQ_MAX)).contains(&row.seq);
        if is_believed {
            self.last = self.last.max(row.seq);
        }
        is_believed
    }
}

/// Returns the bytes of a row as they were before one of them was changed.
fn right(canvas: &CanvasId, row: &LogRow, data: &[u8]) -> Option<Vec<u8>> {
    let right = checksum::repaired(canvas, data, row.checksum.as_deref()?)?;
    let verdict = checksum::judge(canvas, row.seq, &right, row.checksum.as_deref());
    (verdict == Verdict::Sound).then_some(right)
}

/// Where a row was written whose checksum says that it was not here.
fn own_place(canvas: &CanvasId, row: &LogRow, data: &[u8], log: &StoredLog) -> Option<i64> {
    let sum = row.checksum.as_deref()?;
    let (first, last) = (log.rows.first()?.seq, log.rows.last()?.seq);
    let around = first.saturating_sub(1)..=last.min(first.saturating_add(GAP_MAX));
    checksum::written_as(canvas, data, around.map(|seq| (seq, sum)))
}

/// The row as which bytes were written that are not those of the row they are in.
fn others_place(canvas: &CanvasId, data: &[u8], log: &StoredLog) -> Option<i64> {
    let sums = log.rows.iter().filter_map(|row| Some((row.seq, row.checksum.as_deref()?)));
    checksum::written_as(canvas, data, sums)
}

/// The result of applying an update.
enum Taken {
    Whole,
    /// This part of it builds on something that is not there.
    Partly(Vec<u8>),
    Refused(String),
}

/// Where a document is put together.
struct Bench {
    core: Core,
    /// The updates it was put together from.
    accepted: Vec<Vec<u8>>,
    rebuilds: usize,
    aside: Vec<SetAside>,
    /// Parts of rows, with their places, that build on something that is not there.
    waiting: Vec<(i64, Vec<u8>)>,
}

fn fresh(updates: &[Bytes]) -> Option<Core> {
    // The document was within its limits when it was written; new ones do not take from it.
    let limits = RoomLimits {
        post_max_bytes: usize::MAX,
        document_max_bytes: usize::MAX / 2,
        nodes_max: usize::MAX / 2,
        ..RoomLimits::default()
    };
    // An id that is in use already is a reason to try another one.
    let open =
        || Core::open(updates, Vec::new(), rand::random(), limits.clone(), |_, _| false, 1).ok();
    open().or_else(open)
}

impl Bench {
    fn new() -> Self {
        Self {
            core: fresh(&[]).expect("an empty document can be opened"),
            accepted: Vec::new(),
            rebuilds: 0,
            aside: Vec::new(),
            waiting: Vec::new(),
        }
    }

    fn snapshot(&mut self, canvas: &CanvasId, row: &LogRow) {
        let set_aside = |reason, data| SetAside { seq: row.seq, rows: 1, reason, data };
        let Some(data) = row.data.as_deref() else {
            self.aside.push(set_aside(DamageReason::Unreadable, Vec::new()));
            return;
        };
        let verdict = checksum::judge(canvas, row.seq, data, row.checksum.as_deref());
        let is_known = matches!(verdict, Verdict::Sound | Verdict::Elsewhere);
        if is_known && let Some(core) = fresh(&[Bytes::copy_from_slice(data)]) {
            self.core = core;
            self.accepted.push(data.to_vec());
            return;
        }
        if verdict == Verdict::Altered
            && let Some(right) = right(canvas, row, data)
            && let Some(core) = fresh(&[Bytes::copy_from_slice(&right)])
        {
            self.core = core;
            self.accepted.push(right);
            self.aside.push(set_aside(DamageReason::Repaired, data.to_vec()));
            return;
        }
        let pieces = row.checksum.as_deref().and_then(|sum| Pieces::of(data, sum));
        let is_sound = |range| pieces.as_ref().is_none_or(|pieces| pieces.are_sound(range));
        let mut salvage = Salvage::of_state(data, is_sound);
        if verdict == Verdict::Altered {
            // A wrong deletion would be taken over by everybody. What is deleted says so itself once it is collected.
            salvage = salvage.without_deletions();
            if salvage.split(|_| 0).rest.is_some() {
                // It cannot be read as a whole, only as bytes: then nothing of what may be wrong is taken.
                salvage = Salvage::of_damaged_state(data, is_sound);
            }
        }
        let taken = self.take(&salvage);
        let lost = if verdict == Verdict::Altered {
            DamageReason::Altered
        } else {
            DamageReason::Unreadable
        };
        match taken {
            Taken::Whole if salvage.is_whole() => {
                if verdict == Verdict::Altered {
                    self.aside.push(set_aside(DamageReason::Doubtful, data.to_vec()));
                }
            }
            Taken::Whole => self.aside.push(set_aside(lost, data.to_vec())),
            Taken::Partly(rest) => {
                self.aside.push(set_aside(lost, data.to_vec()));
                self.waiting.push((row.seq, rest));
            }
            Taken::Refused(why) => {
                tracing::error!(%canvas, why, "a document's snapshot is taken client by client");
                self.aside.push(set_aside(lost, data.to_vec()));
                self.by_client(row.seq, &salvage);
            }
        }
    }

    /// Takes of each client what can be taken.
    fn by_client(&mut self, seq: i64, salvage: &Salvage<'_>) {
        for part in salvage.by_client() {
            if let Taken::Partly(rest) = self.take(&part) {
                self.waiting.push((seq, rest));
            }
        }
    }

    fn row(&mut self, seq: i64, data: &[u8]) {
        let read = Scan::read(data).map_err(|error| error.to_string());
        // Nobody stores an update that says nothing.
        let read = read.and_then(|scan| match scan.is_empty() {
            true => Err("it says nothing".to_owned()),
            false => Salvage::of_update(data).map_err(|error| error.to_string()),
        });
        let taken = match read {
            Ok(salvage) => self.take(&salvage),
            Err(why) => Taken::Refused(why),
        };
        match taken {
            Taken::Whole => {}
            Taken::Partly(rest) => self.waiting.push((seq, rest)),
            Taken::Refused(why) => {
                tracing::error!(seq, why, "a row of a document's log cannot be taken");
                let (reason, data) = (DamageReason::Unreadable, data.to_vec());
                self.aside.push(SetAside { seq, rows: 1, reason, data });
            }
        }
    }

    /// Tries what waits until nothing more can be taken; what is left stands aside.
    fn what_waits(&mut self) {
        loop {
            let mut is_news = false;
            for (seq, data) in std::mem::take(&mut self.waiting) {
                let before = self.accepted.len();
                if let Ok(salvage) = Salvage::of_update(&data)
                    && let Taken::Partly(rest) = self.take(&salvage)
                {
                    self.waiting.push((seq, rest));
                }
                is_news |= self.accepted.len() > before;
            }
            if !is_news || self.waiting.is_empty() {
                break;
            }
        }
        for (seq, data) in std::mem::take(&mut self.waiting) {
            let reason = DamageReason::BuildsOnLost;
            self.aside.push(SetAside { seq, rows: 1, reason, data });
        }
    }

    fn take(&mut self, salvage: &Salvage<'_>) -> Taken {
        let split = salvage.split(|client| self.core.clock(client));
        if let Some(fits) = split.fits
            && let Err(why) = self.restore(fits)
        {
            return Taken::Refused(why);
        }
        split.rest.map_or(Taken::Whole, Taken::Partly)
    }

    fn restore(&mut self, update: Vec<u8>) -> Result<(), String> {
        if self.rebuilds > REBUILDS_MAX {
            return Err("too much before it could not be taken".to_owned());
        }
        let restored = self.core.restore(&update);
        if self.core.broken().is_some() {
            self.rebuild();
            return Err("the CRDT library gave up on it".to_owned());
        }
        restored.map_err(|refusal| refusal.reason)?;
        self.accepted.push(update);
        Ok(())
    }

    fn rebuild(&mut self) {
        self.rebuilds += 1;
        let updates: Vec<Bytes> =
            self.accepted.iter().map(|update| Bytes::copy_from_slice(update)).collect();
        // What was taken before is taken again.
        self.core =
            fresh(&updates).or_else(|| fresh(&[])).expect("an empty document can be opened");
    }
}

#[cfg(test)]
mod tests;
