//! Named places where a run's driver can be killed, so that tests can show that nothing is lost at any of them. In
//! a server that nobody tests, passing one reads a flag.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

macro_rules! failpoints {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $id;)*

        /// All of them, in the order in which a run passes them.
        pub const NAMES: &[&str] = &[$($name,)*];
    };
}

failpoints! {
    /// A run is recorded and nobody was told.
    RUN_RECORDED = "run.recorded";
    /// A run stands in the document as pending and nobody drives it.
    RUN_SHOWN = "run.shown";
    /// A unit is recorded as running and its provider was not called.
    UNIT_RECORDED = "unit.recorded";
    /// A provider has taken a job whose id is not recorded.
    UNIT_SUBMITTED = "unit.submitted";
    /// The id of a job is recorded.
    UNIT_JOB_RECORDED = "unit.job_recorded";
    /// A provider has delivered and nothing of it is stored.
    UNIT_PRODUCED = "unit.produced";
    /// The bytes of a result are durable and nothing names them.
    UNIT_STORED = "unit.stored";
    /// A result is recorded and charged, and not shown.
    UNIT_SETTLED = "unit.settled";
    /// A result is shown.
    UNIT_SHOWN = "unit.shown";
    /// A decision of a person is recorded and they were not answered.
    REVIEW_RECORDED = "review.recorded";
    /// A cancellation is recorded and not shown.
    CANCEL_RECORDED = "cancel.recorded";
    /// The end of a run is recorded and not shown.
    RUN_FINISHED = "run.finished";
}

/// The hidden variable that arms one: `name` or `name:nth`.
const VARIABLE: &str = "GESSO_FAILPOINT";

type Hit = Arc<dyn Fn() + Send + Sync>;

struct Armed {
    at: Option<(&'static str, u32)>,
    passed: Mutex<BTreeMap<&'static str, u32>>,
    hit: Hit,
    is_dead: AtomicBool,
    is_doubled: bool,
}

impl Armed {
    fn new(at: Option<(&'static str, u32)>, hit: Hit) -> Self {
        let is_dead = AtomicBool::new(false);
        Self { at, passed: Mutex::default(), hit, is_dead, is_doubled: false }
    }
}

/// The failpoints of one server. Clones are the same.
#[derive(Clone, Default)]
pub struct Failpoints {
    armed: Option<Arc<Armed>>,
}

impl Failpoints {
    /// As the environment says: one that aborts the process, or none.
    pub fn from_env() -> Self {
        let value = std::env::var(VARIABLE).ok();
        value.as_deref().and_then(named).map_or_else(Self::default, |at| {
            Self::armed(Some(at), Arc::new(|| std::process::abort()))
        })
    }

    /// Kills at the nth passing of `name`: `hit` is called, and from then on [`Self::is_dead`] is true.
    pub fn at(name: &'static str, nth: u32, hit: impl Fn() + Send + Sync + 'static) -> Self {
        Self::armed(Some((name, nth)), Arc::new(hit))
    }

    /// Kills nobody and counts what is passed.
    pub fn counting() -> Self {
        Self::armed(None, Arc::new(|| {}))
    }

    /// Kills nobody; every record of a run is written twice, as after a commit whose answer was lost.
    pub fn doubled() -> Self {
        Self {
            armed: Some(Arc::new(Armed { is_doubled: true, ..Armed::new(None, Arc::new(|| {})) })),
        }
    }

    fn armed(at: Option<(&'static str, u32)>, hit: Hit) -> Self {
        Self { armed: Some(Arc::new(Armed::new(at, hit))) }
    }

    /// Passes a place.
    pub fn pass(&self, name: &'static str) {
        let Some(armed) = &self.armed else { return };
        let count = {
            // Nothing panics while it is held.
            let mut passed = armed.passed.lock().unwrap_or_else(PoisonError::into_inner);
            let count = passed.entry(name).or_default();
            *count += 1;
            *count
        };
        if armed.at == Some((name, count)) {
            armed.is_dead.store(true, Ordering::SeqCst);
            (armed.hit)();
        }
    }

    /// True if the place was reached: whoever works for this server must stop where they stand.
    pub fn is_dead(&self) -> bool {
        self.armed.as_ref().is_some_and(|armed| armed.is_dead.load(Ordering::SeqCst))
    }

    /// True if records are written twice.
    pub(crate) fn is_doubled(&self) -> bool {
        self.armed.as_ref().is_some_and(|armed| armed.is_doubled)
    }

    /// Number of times each was passed.
    pub fn passed(&self) -> BTreeMap<&'static str, u32> {
        let passed = self.armed.as_ref().map(|armed| armed.passed.lock());
        passed
            .map(|passed| passed.unwrap_or_else(PoisonError::into_inner).clone())
            .unwrap_or_default()
    }
}

/// The place that `name` or `name:nth` means, if it is one; the first passing is 1.
fn named(value: &str) -> Option<(&'static str, u32)> {
    let (name, nth) = value.split_once(':').unwrap_or((value, "1"));
    let name = NAMES.iter().find(|known| **known == name)?;
    let nth = nth.parse().ok().filter(|nth| *nth > 0)?;
    Some((*name, nth))
}
