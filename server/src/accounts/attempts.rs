//! How often somebody may try to sign in: by account and address, and by address alone. Attempts are counted whether
//! or not there is such an account, so that nobody learns which there are.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Attempts on one account from one address before they are slowed down.
const ACCOUNT_BURST: u32 = 10;
/// Time after which one more is allowed.
const ACCOUNT_EACH: Duration = Duration::from_secs(60);
/// Attempts on one account from anywhere, likewise: an attacker with many addresses.
const ANYWHERE_BURST: u32 = 100;
const ANYWHERE_EACH: Duration = Duration::from_secs(30);
/// Attempts from one address on any account, likewise: a whole office may share one.
const ADDRESS_BURST: u32 = 60;
const ADDRESS_EACH: Duration = Duration::from_secs(5);
/// Sign-ins with providers begun from one address, likewise: they prove nothing yet, and a whole office begins its day.
const BEGIN_BURST: u32 = 200;
const BEGIN_EACH: Duration = Duration::from_secs(1);
/// Requests of one person for access to canvases, likewise.
const ASK_BURST: u32 = 20;
const ASK_EACH: Duration = Duration::from_secs(30);
/// So many keys are remembered before those that are at rest are forgotten.
const KEYS_MAX: usize = 10_000;
/// Bytes of an IPv6 address that one customer has.
const NET_BYTES: usize = 8;

/// Limits of attempts.
#[derive(Debug)]
pub struct Attempts {
    account: DefaultKeyedRateLimiter<(String, Net)>,
    anywhere: DefaultKeyedRateLimiter<String>,
    address: DefaultKeyedRateLimiter<Net>,
    beginning: DefaultKeyedRateLimiter<Net>,
    asking: DefaultKeyedRateLimiter<String>,
}

/// Network that counts as one address.
type Net = [u8; NET_BYTES];

fn limiter<K: std::hash::Hash + Eq + Clone>(
    burst: u32,
    each: Duration,
) -> DefaultKeyedRateLimiter<K> {
    let burst = NonZeroU32::new(burst).expect("a burst is above zero");
    let quota = Quota::with_period(each).expect("a period is above zero").allow_burst(burst);
    RateLimiter::keyed(quota)
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            account: limiter(ACCOUNT_BURST, ACCOUNT_EACH),
            anywhere: limiter(ANYWHERE_BURST, ANYWHERE_EACH),
            address: limiter(ADDRESS_BURST, ADDRESS_EACH),
            beginning: limiter(BEGIN_BURST, BEGIN_EACH),
            asking: limiter(ASK_BURST, ASK_EACH),
        }
    }
}

impl Attempts {
    /// Counts an attempt on what `key` names.
    ///
    /// # Errors
    /// The seconds to wait where there were too many.
    pub fn count(&self, key: &str, address: IpAddr) -> Result<(), u32> {
        self.forget();
        let net = net(address);
        // The name of an account may be as long as somebody likes.
        let key = blake3::hash(key.as_bytes()).to_hex().to_string();
        self.address.check_key(&net).map_err(|_late| seconds(ADDRESS_EACH))?;
        self.account.check_key(&(key.clone(), net)).map_err(|_late| seconds(ACCOUNT_EACH))?;
        self.anywhere.check_key(&key).map_err(|_late| seconds(ANYWHERE_EACH))
    }

    /// Counts the beginning of a sign-in with a provider.
    ///
    /// # Errors
    /// The seconds to wait where there were too many.
    pub fn begin(&self, address: IpAddr) -> Result<(), u32> {
        self.forget();
        self.beginning.check_key(&net(address)).map_err(|_late| seconds(BEGIN_EACH))
    }

    /// Counts a request of a person for access to a canvas.
    ///
    /// # Errors
    /// The seconds to wait where there were too many.
    pub fn ask(&self, person: &str) -> Result<(), u32> {
        self.forget();
        self.asking.check_key(&person.to_owned()).map_err(|_late| seconds(ASK_EACH))
    }

    fn forget(&self) {
        if self.asking.len() > KEYS_MAX {
            self.asking.retain_recent();
        }
        if self.beginning.len() > KEYS_MAX {
            self.beginning.retain_recent();
        }
        if self.account.len() > KEYS_MAX {
            self.account.retain_recent();
        }
        if self.anywhere.len() > KEYS_MAX {
            self.anywhere.retain_recent();
        }
        if self.address.len() > KEYS_MAX {
            self.address.retain_recent();
        }
    }
}

fn seconds(each: Duration) -> u32 {
    u32::try_from(each.as_secs()).unwrap_or(u32::MAX)
}

fn net(address: IpAddr) -> Net {
    let mut net = [0; NET_BYTES];
    match address.to_canonical() {
        IpAddr::V4(v4) => net[..4].copy_from_slice(&v4.octets()),
        IpAddr::V6(v6) => net.copy_from_slice(&v6.octets()[..NET_BYTES]),
    }
    net
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_on_an_account_and_from_an_address_are_slowed_down() {
        let attempts = Attempts::default();
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        for _ in 0..ACCOUNT_BURST {
            attempts.count("ada@example.org", address(1)).unwrap();
        }
        assert_eq!(attempts.count("ada@example.org", address(1)), Err(60));
        // Neither another account nor their owner elsewhere is kept out.
        attempts.count("bob@example.org", address(1)).unwrap();
        attempts.count("ada@example.org", address(2)).unwrap();
        let mut from_one = 0;
        while attempts.count(&format!("{from_one}@example.org"), address(3)).is_ok() {
            from_one += 1;
        }
        assert_eq!(from_one, ADDRESS_BURST);
        let many =
            (4..=255).filter(|last| attempts.count("eve@example.org", address(*last)).is_ok());
        assert_eq!(many.count(), ANYWHERE_BURST as usize);
    }

    #[test]
    fn ten_thousand_attempts_take_little_memory() {
        let attempts = Attempts::default();
        for n in 0..20_000_u32 {
            attempts.count("ada@example.org", IpAddr::from(n.to_be_bytes())).ok();
        }
        assert!(attempts.address.len() <= 20_000);
        assert_eq!(attempts.anywhere.len(), 1);
    }
}
