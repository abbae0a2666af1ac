//! A remote service with three doors, that behaves as the words of the prompt ask. It outlives the servers that call
//! it, and remembers what each of them bought.
//!
//! Words, for all doors: `fail` and `hole` are rejected, `flaky` and `busy` are refused twice and then taken, `wrong`
//! gives nothing, `short` gives one result fewer, `slow` works once released, `forever` ends when it is stopped and
//! never else, `late` does not care about being stopped and works once released, `lost` is taken the first time and
//! its answer does not arrive. Everything else is a tiny picture, a text in capitals or a silent voice at once.

mod make;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use gesso_server::providers::{Call, Produced, Provider, ProviderError, Repeat};
use tokio_util::sync::CancellationToken;

/// Models of the providers, for `--catalog`.
pub const CATALOG: &str = include_str!("fake/catalog.toml");

/// Time that a refused call is asked to wait, in ms.
const RETRY_AFTER_MS: u64 = 5;
/// Time between two questions about a job, in ms.
const POLL_MS: u64 = 3;
/// Number of times a job is asked for before it is done.
const POLLS: u32 = 2;

/// Something that was bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The buyer's key for it.
    pub key: String,
    /// The model.
    pub model: String,
    /// The prompt.
    pub prompt: String,
    /// Number of results wanted.
    pub count: u32,
    /// The id of the job.
    pub job: String,
    /// True if the buyer has confirmed that it knows the job.
    pub known: bool,
    /// True if the buyer stopped it.
    pub stopped: bool,
}

struct Job {
    results: Vec<Produced>,
    polls: u32,
}

#[derive(Default)]
struct Books {
    purchases: Vec<Purchase>,
    jobs: BTreeMap<String, Job>,
    tries: BTreeMap<String, u32>,
    lost: BTreeMap<String, u32>,
}

#[derive(Default)]
struct Inside {
    books: Mutex<Books>,
    calls: AtomicUsize,
    released: CancellationToken,
}

/// The service. Clones are the same one.
#[derive(Clone, Default)]
pub struct World(Arc<Inside>);

impl World {
    /// Number of times a provider was called.
    pub fn calls(&self) -> usize {
        self.0.calls.load(Ordering::SeqCst)
    }

    /// Lets slow and late calls finish.
    pub fn release(&self) {
        self.0.released.cancel();
    }

    /// Everything that was bought as a job, in order.
    pub fn purchases(&self) -> Vec<Purchase> {
        self.books().purchases.clone()
    }

    /// The keys under which something was bought more than once.
    pub fn bought_twice(&self) -> Vec<String> {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for purchase in self.purchases() {
            *counts.entry(purchase.key).or_default() += 1;
        }
        counts.into_iter().filter(|(_, count)| *count > 1).map(|(key, _)| key).collect()
    }

    /// Doors.
    pub fn providers(&self) -> Vec<Arc<dyn Provider>> {
        [("fake", Repeat::Safe), ("fake-keyed", Repeat::Keyed), ("fake-unsafe", Repeat::Unsafe)]
            .into_iter()
            .map(|(id, repeat)| -> Arc<dyn Provider> {
                Arc::new(Door { id, repeat, world: self.clone() })
            })
            .collect()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.books.lock().expect("nobody panics holding it")
    }

    /// Refuses calls before anything is bought.
    fn admit(&self, call: &Call, says: &Words) -> Result<(), ProviderError> {
        if !CATALOG.contains(&format!("id = \"{}\"", call.invocation.model)) {
            return Err(ProviderError::Permanent {
                detail: format!("There is no model {}.", call.invocation.model),
                hint: "Choose another one.".to_owned(),
            });
        }
        if says.has("fail") || says.has("hole") {
            return Err(ProviderError::Permanent {
                detail: "The prompt was rejected.".to_owned(),
                hint: "Write another one.".to_owned(),
            });
        }
        if says.has("flaky") || says.has("busy") {
            let mut books = self.books();
            let tried = books.tries.entry(call.key.clone()).or_default();
            *tried += 1;
            if *tried < 3 {
                let detail = "Too busy.".to_owned();
                let retry_after_ms = Some(RETRY_AFTER_MS);
                return Err(ProviderError::Transient { detail, retry_after_ms });
            }
        }
        Ok(())
    }

    fn results(call: &Call, says: &Words) -> Vec<Produced> {
        match () {
            () if says.has("wrong") => Vec::new(),
            () if says.has("short") => make::all(call, call.count.saturating_sub(1)),
            () => make::all(call, call.count),
        }
    }

    /// Loses the answer to this call where the words ask for it; once for each key.
    fn loses(&self, call: &Call, says: &Words) -> Result<(), ProviderError> {
        if !says.has("lost") {
            return Ok(());
        }
        let mut books = self.books();
        let lost = books.lost.entry(call.key.clone()).or_default();
        *lost += 1;
        match *lost {
            1 => Err(ProviderError::Unknown { detail: "The connection broke.".to_owned() }),
            _ => Ok(()),
        }
    }

    /// Waits as long as the words ask.
    async fn work(&self, call: &Call, says: &Words) -> Result<(), ProviderError> {
        if says.has("late") {
            self.0.released.cancelled().await;
        } else if says.has("forever") {
            call.cancel.cancelled().await;
            return Err(ProviderError::Cancelled);
        } else if says.has("slow") {
            (call.progress)(0.5);
            tokio::select! {
                () = self.0.released.cancelled() => {}
                () = call.cancel.cancelled() => return Err(ProviderError::Cancelled),
            }
        }
        Ok(())
    }

    /// Takes a job: a new one, or the one of the same key where the door knows keys.
    fn submit(&self, call: &Call, says: &Words, repeat: Repeat) -> String {
        let mut books = self.books();
        let known = books.purchases.iter().find(|purchase| purchase.key == call.key);
        if let Some(purchase) = known.filter(|_| repeat == Repeat::Keyed) {
            return purchase.job.clone();
        }
        let job = format!("job-{}", books.purchases.len() + 1);
        books.purchases.push(Purchase {
            key: call.key.clone(),
            model: call.invocation.model.clone(),
            prompt: call.invocation.prompt(),
            count: call.count,
            job: job.clone(),
            known: false,
            stopped: false,
        });
        let results = Self::results(call, says);
        books.jobs.insert(job.clone(), Job { results, polls: 0 });
        job
    }

    fn note(&self, job: &str, note: impl Fn(&mut Purchase)) {
        let mut books = self.books();
        books.purchases.iter_mut().filter(|purchase| purchase.job == job).for_each(note);
    }

    /// Asks for a job until it is done.
    async fn poll(
        &self,
        call: &Call,
        says: &Words,
        job: &str,
    ) -> Result<Vec<Produced>, ProviderError> {
        loop {
            if let Err(stopped) = self.work(call, says).await {
                self.note(job, |purchase| purchase.stopped = true);
                return Err(stopped);
            }
            tokio::time::sleep(Duration::from_millis(POLL_MS)).await;
            let mut books = self.books();
            let Some(entry) = books.jobs.get_mut(job) else {
                return Err(ProviderError::Permanent {
                    detail: format!("There is no job {job}."),
                    hint: "Submit it again.".to_owned(),
                });
            };
            entry.polls += 1;
            if entry.polls >= POLLS {
                return Ok(entry.results.clone());
            }
        }
    }
}

/// The words of a prompt.
struct Words(String);

impl Words {
    fn has(&self, word: &str) -> bool {
        self.0.split(|letter: char| !letter.is_alphanumeric()).any(|other| other == word)
    }
}

/// One of its doors.
struct Door {
    id: &'static str,
    repeat: Repeat,
    world: World,
}

impl Door {
    async fn answer(&self, call: Call) -> Result<Vec<Produced>, ProviderError> {
        let world = &self.world;
        world.0.calls.fetch_add(1, Ordering::SeqCst);
        let says = Words(call.invocation.prompt());
        if let Some(job) = &call.job {
            return world.poll(&call, &says, job).await;
        }
        world.admit(&call, &says)?;
        if self.repeat == Repeat::Safe {
            world.loses(&call, &says)?;
            world.work(&call, &says).await?;
            return Ok(World::results(&call, &says));
        }
        let job = world.submit(&call, &says, self.repeat);
        world.loses(&call, &says)?;
        if !(call.submitted)(job.clone()).await {
            let detail = "The id of the job could not be kept.".to_owned();
            return Err(ProviderError::Unknown { detail });
        }
        world.note(&job, |purchase| purchase.known = true);
        world.poll(&call, &says, &job).await
    }
}

impl Provider for Door {
    fn id(&self) -> &str {
        self.id
    }

    fn repeat(&self) -> Repeat {
        self.repeat
    }

    fn at_once(&self) -> usize {
        4
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Vec<Produced>, ProviderError>> {
        Box::pin(self.answer(call))
    }
}
