//! The memory that decoded pictures take in this process at once. Who needs more than is left waits for its turn, in
//! the order of coming; what is more than all of it is refused by whoever asks.

use std::sync::{Condvar, Mutex, PoisonError};

/// All of it, in bytes.
pub(super) const DECODED_BYTES_MAX: u64 = 768 * 1024 * 1024;

/// The memory that pictures are decoded in.
static BUDGET: Budget = Budget::new(DECODED_BYTES_MAX);

struct Budget {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    left: u64,
    /// The next number that is given out, and the one whose turn it is.
    next: u64,
    serving: u64,
}

/// A part of the memory, given back with the value.
pub(super) struct Held {
    budget: &'static Budget,
    bytes: u64,
}

impl Budget {
    const fn new(bytes: u64) -> Self {
        Self {
            state: Mutex::new(State { left: bytes, next: 0, serving: 0 }),
            changed: Condvar::new(),
        }
    }

    /// Waits for so many bytes, which must be no more than there are in all.
    fn take(&'static self, bytes: u64) -> Held {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = state.next;
        state.next += 1;
        while state.serving != turn || state.left < bytes {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.serving += 1;
        state.left -= bytes;
        drop(state);
        self.changed.notify_all();
        Held { budget: self, bytes }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.budget.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.left += self.bytes;
        drop(state);
        self.budget.changed.notify_all();
    }
}

/// Waits until so many bytes are left; `None` where there are never so many.
pub(super) fn take(bytes: u64) -> Option<Held> {
    (bytes <= DECODED_BYTES_MAX).then(|| BUDGET.take(bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn no_more_is_held_than_there_is_and_everybody_gets_a_turn() {
        static SMALL: Budget = Budget::new(100);
        static HELD: AtomicU64 = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for n in 0..40_u64 {
                scope.spawn(move || {
                    let bytes = if n % 5 == 0 { 100 } else { 30 };
                    let held = SMALL.take(bytes);
                    let now = HELD.fetch_add(bytes, Ordering::SeqCst) + bytes;
                    assert!(now <= 100, "{now}");
                    std::thread::yield_now();
                    HELD.fetch_sub(bytes, Ordering::SeqCst);
                    drop(held);
                });
            }
        });
        assert_eq!(SMALL.state.lock().unwrap().left, 100);
        assert!(take(DECODED_BYTES_MAX + 1).is_none());
    }
}
