//! Counts the work of reading and planning graphs, so that tests can prove how it grows. Nothing outside tests.

#[cfg(test)]
thread_local! {
    static DONE: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Notes that so many things were looked at: entries of a map or list, bytes of a text.
#[inline]
pub(crate) fn note(count: usize) {
    #[cfg(test)]
    DONE.with(|done| done.set(done.get() + count as u64));
    #[cfg(not(test))]
    let _ = count;
}

/// Number of steps this takes.
#[cfg(test)]
pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = DONE.with(std::cell::Cell::get);
    let value = work();
    (value, DONE.with(std::cell::Cell::get) - before)
}

/// Fails unless twice as large a thing takes at most a little more than twice the steps. `work` is given the size.
#[cfg(test)]
pub(crate) fn assert_linear(what: &str, size: usize, work: impl Fn(usize) -> u64) {
    let (once, twice) = (work(size), work(size * 2));
    assert!(once > size as u64 / 4, "{what}: {once} steps for {size} count nothing");
    assert!(twice <= once * 5 / 2, "{what}: {once} steps for {size}, {twice} for twice as much");
}
