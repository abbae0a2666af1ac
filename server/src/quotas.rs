//! How much of the server one person and the workspace may use.

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::ServeOptions;

/// So many people are remembered before those at rest are forgotten.
const KEYS_MAX: usize = 10_000;

/// Quotas; zero in the settings means none.
#[derive(Debug)]
pub struct Quotas {
    requests: Option<DefaultKeyedRateLimiter<String>>,
    /// Files of one person within 24 hours.
    pub uploads_per_day: Option<i64>,
    /// Bytes of all files together.
    pub storage_bytes: Option<i64>,
    /// Canvases of the workspace.
    pub canvases: Option<i64>,
}

impl Quotas {
    /// As the operator set them.
    #[must_use]
    pub fn of(options: &ServeOptions) -> Self {
        let above_zero = |number: i64| Some(number).filter(|number| *number > 0);
        let requests = NonZeroU32::new(options.requests_per_minute);
        Self {
            requests: requests.map(|most| RateLimiter::keyed(Quota::per_minute(most))),
            uploads_per_day: above_zero(options.uploads_per_day),
            storage_bytes: above_zero(options.storage_max_bytes),
            canvases: above_zero(options.canvases_max),
        }
    }

    /// Counts a request of a person.
    ///
    /// # Errors
    /// The seconds to wait where there were too many.
    pub fn request(&self, person: &str) -> Result<(), u32> {
        let Some(requests) = &self.requests else { return Ok(()) };
        if requests.len() > KEYS_MAX {
            requests.retain_recent();
        }
        requests.check_key(&person.to_owned()).map_err(|late| {
            let wait = late.wait_time_from(DefaultClock::default().now());
            u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_person_are_counted_and_nobody_elses() {
        let mut options = <crate::config::Cli as clap::Parser>::parse_from(["gesso"]).serve;
        options.requests_per_minute = 5;
        options.canvases_max = 0;
        let quotas = Quotas::of(&options);
        assert_eq!(quotas.canvases, None);
        for _ in 0..5 {
            quotas.request("ada").unwrap();
        }
        assert!(quotas.request("ada").is_err_and(|wait_s| wait_s <= 60));
        quotas.request("bob").unwrap();
        options.requests_per_minute = 0;
        let none = Quotas::of(&options);
        assert!((0..1_000).all(|_| none.request("ada").is_ok()));
    }
}
