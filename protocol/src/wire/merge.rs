//! Joining updates that one replica made one after the other, without decoding what they hold.

use super::guard::{Deletion, GuardError, Scan, Section};
use super::read::write_var;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Joins updates of one replica, oldest first, into one: each client's runs follow each other there,
/// so their bytes are only put behind each other, and what is deleted is united.
///
/// # Errors
/// [`GuardError`] when one is malformed; [`GuardError::RepeatedClient`] when runs of a client do not follow
/// each other (they are not of one replica, or not in order).
pub fn merge<'a>(updates: &[&'a [u8]]) -> Result<Cow<'a, [u8]>, GuardError> {
    if let [only] = updates {
        return Ok(Cow::Borrowed(only));
    }
    let mut runs: BTreeMap<u64, Run<'a>> = BTreeMap::new();
    let mut deletions: Vec<Deletion> = Vec::new();
    for update in updates {
        let scan = Scan::read(update)?;
        for section in &scan.sections {
            let bytes = &update[section.bytes.clone()];
            runs.entry(section.client).or_insert_with(|| Run::new(section)).add(section, bytes)?;
        }
        deletions.extend(scan.deletions);
    }
    let mut out = Vec::with_capacity(updates.iter().map(|update| update.len()).sum());
    write_var(&mut out, runs.len() as u64);
    // Higher clients first, as every encoder does.
    for (client, run) in runs.iter().rev() {
        write_var(&mut out, run.count as u64);
        write_var(&mut out, *client);
        write_var(&mut out, u64::from(run.start));
        for part in &run.parts {
            out.extend_from_slice(part);
        }
    }
    write_deletions(&mut out, deletions);
    Ok(Cow::Owned(out))
}

struct Run<'a> {
    start: u32,
    end: u32,
    count: usize,
    parts: Vec<&'a [u8]>,
}

impl<'a> Run<'a> {
    fn new(section: &Section) -> Self {
        Self { start: section.start, end: section.start, count: 0, parts: Vec::new() }
    }

    fn add(&mut self, section: &Section, bytes: &'a [u8]) -> Result<(), GuardError> {
        if section.start != self.end {
            return Err(GuardError::RepeatedClient);
        }
        self.end = section.end;
        self.count += section.written;
        self.parts.push(bytes);
        Ok(())
    }
}

pub(super) fn write_deletions(out: &mut Vec<u8>, mut deletions: Vec<Deletion>) {
    deletions.sort_unstable();
    let mut by_client: BTreeMap<u64, Vec<(u32, u32)>> = BTreeMap::new();
    for Deletion { client, start, end } in deletions {
        let ranges = by_client.entry(client).or_default();
        match ranges.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            Some(_) | None => ranges.push((start, end)),
        }
    }
    write_var(out, by_client.len() as u64);
    for (client, ranges) in by_client.iter().rev() {
        write_var(out, *client);
        write_var(out, ranges.len() as u64);
        for (start, end) in ranges {
            write_var(out, u64::from(*start));
            write_var(out, u64::from(end - start));
        }
    }
}
