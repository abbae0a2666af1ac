//! The clock and the source of ids: the two things that `gesso_protocol` takes as arguments.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970; within the process they never go back, so that nothing ends before it began.
pub fn now_ms() -> i64 {
    static CLOCK: Mutex<Option<SlewedClock>> = Mutex::new(None);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let system = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let now = Instant::now();
    let mut clock = CLOCK.lock().expect("no holder panics");
    clock.get_or_insert(SlewedClock { told: system, at: now }).read(system, now)
}

/// A clock that follows the system's forwards at once. Where that was set back, it goes on at half the speed until the
/// system's has caught up.
#[derive(Debug)]
struct SlewedClock {
    told: i64,
    at: Instant,
}

impl SlewedClock {
    fn read(&mut self, system: i64, now: Instant) -> i64 {
        let passed = now.saturating_duration_since(self.at).as_millis() / 2;
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        let slewed = self.told.saturating_add(i64::from(passed));
        if system >= slewed {
            *self = Self { told: system, at: now };
        } else {
            // What is less than a millisecond is not forgotten between two calls.
            *self = Self { told: slewed, at: self.at + Duration::from_millis(2) * passed };
        }
        self.told
    }
}

/// A fresh lower-case ULID.
pub fn fresh_id() -> String {
    gesso_protocol::ids::ulid(now_ms().unsigned_abs(), rand::random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_also_where_the_clock_is_set_back() {
        let began = Instant::now();
        let mut clock = SlewedClock { told: 100_000, at: began };
        let mut read = |system, ms| clock.read(system, began + Duration::from_millis(ms));
        assert_eq!(read(100_010, 10), 100_010);
        // Set back by ten seconds: half as quick, however often it is asked, until both are the same.
        let mut last = 100_010;
        for ms in 11..=20_010 {
            let told = read(90_000 + ms as i64, ms);
            assert!((last..=last + 1).contains(&told), "{told} after {last}");
            last = told;
        }
        assert_eq!(last, 110_010);
        assert_eq!(read(110_020, 20_020), 110_020);
        // Set forward.
        assert_eq!(read(500_000, 20_021), 500_000);
    }
}
