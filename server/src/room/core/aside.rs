//! Updates that stand aside because they build on what was lost: they are taken back when that comes.

use bytes::Bytes;
use gesso_protocol::wire::salvage::Salvage;

use super::super::limits::RoomLimits;
use super::Core;
use super::effect::{Effect, Refusal};
use super::guards::SERVER_ORIGIN;
use super::waiting::Waiting;
use super::work::Work;

impl Core {
    /// The clock after the last held element of a client.
    pub(crate) fn clock(&self, client: u64) -> u32 {
        self.index.clock(client)
    }

    /// An update of the room's own log, with the rules of every update but without undoing what the server wrote.
    ///
    /// # Errors
    /// Why it is refused. A part of it may be in the document.
    pub(crate) fn restore(&mut self, update: &[u8]) -> Result<(), Refusal> {
        // It was counted when it was written.
        let limits = RoomLimits { work_burst_us: u64::MAX, ..self.limits.clone() };
        let work = Work::default().begin(0, (self.meter)(), &limits);
        self.post_as(SERVER_ORIGIN, None, update, work, false).0.map(drop)
    }

    /// From now on these (id, update) are taken back as soon as the document holds what they build on.
    pub(crate) fn wait_for(&mut self, waiting: Vec<(String, Bytes)>) {
        let new = |(id, update)| Waiting { id, update, waits: Vec::new() };
        self.aside.extend(waiting.into_iter().map(new));
    }

    /// Takes back what can be.
    pub(super) fn take_back(&mut self) {
        let mut recovered = Vec::new();
        loop {
            let mut is_news = false;
            for mut item in std::mem::take(&mut self.aside) {
                let is_due = item.waits.is_empty()
                    || item.waits.iter().any(|(client, clock)| self.index.clock(*client) > *clock);
                if !is_due || self.broken.is_some() {
                    self.aside.push(item);
                    continue;
                }
                // It was read when it was set aside. What cannot be read now stays where it is kept.
                let Ok(salvage) = Salvage::of_update(&item.update) else { continue };
                let split = salvage.split(|client| self.index.clock(client));
                if let Some(fits) = &split.fits {
                    if self.restore(fits).is_err() {
                        continue;
                    }
                    is_news = true;
                }
                if split.rest.is_none() {
                    recovered.push(item.id);
                } else {
                    item.waits = split.waits;
                    self.aside.push(item);
                }
            }
            if !is_news || self.aside.is_empty() {
                break;
            }
        }
        if !recovered.is_empty() && self.broken.is_none() {
            self.effects.push(Effect::Recovered(recovered));
        }
    }

    /// Stores the whole document once more: the log was found to lack what stands aside under these ids, and the document
    /// has it.
    pub(crate) fn persist_whole(&mut self, lost: Vec<String>) {
        if self.broken.is_some() {
            return;
        }
        let update = self.encode_state();
        self.persisted += 1;
        self.effects.push(Effect::Persist { number: self.persisted, update });
        self.effects.push(Effect::Recovered(lost));
    }
}
