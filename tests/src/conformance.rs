//! Rules that the run engine relies on of every provider, as checks that each of them passes (R-RUN-60 to R-RUN-66).
//!
//! A check panics with what is wrong. A provider's own tests bring a [`Sample`]: something small that one of its models
//! can do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gesso_media::sniff;
use gesso_protocol::catalog::Model;
use gesso_protocol::invocation::Invocation;
use gesso_protocol::nodes;
use gesso_server::providers::{
    Call, Content, InputFile, Produced, Provider, ProviderError, Repeat,
};
use tokio_util::sync::CancellationToken;

/// No check waits longer for a provider, also on a slow machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Something a model can be asked for.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The model.
    pub model: Model,
    /// The invocation of the model.
    pub invocation: Invocation,
    /// The files on its inputs.
    pub files: Vec<InputFile>,
    /// Number of results wanted.
    pub count: u32,
}

/// Reports of a call while it was under way.
#[derive(Default)]
struct Told {
    jobs: Mutex<Vec<String>>,
    progress: Mutex<Vec<f32>>,
    calls: AtomicUsize,
}

impl Told {
    fn jobs(&self) -> Vec<String> {
        self.jobs.lock().expect("nobody panics holding it").clone()
    }
}

/// A call of a sample: `key` names it, `job` is one that was submitted before.
fn call(sample: &Sample, key: &str, job: Option<String>, told: &Arc<Told>) -> Call {
    let (jobs, parts) = (Arc::clone(told), Arc::clone(told));
    Call {
        invocation: sample.invocation.clone(),
        files: sample.files.clone(),
        count: sample.count,
        seed: 7,
        key: key.to_owned(),
        job,
        submitted: Arc::new(move |job| {
            jobs.jobs.lock().expect("nobody panics holding it").push(job);
            Box::pin(std::future::ready(true))
        }),
        progress: Arc::new(move |part| {
            parts.calls.fetch_add(1, Ordering::SeqCst);
            parts.progress.lock().expect("nobody panics holding it").push(part);
        }),
        cancel: CancellationToken::new(),
    }
}

async fn invoke(provider: &Arc<dyn Provider>, call: Call) -> Result<Vec<Produced>, ProviderError> {
    let ended = tokio::time::timeout(PATIENCE, provider.invoke(call)).await;
    ended.expect("a call ends")
}

/// All checks.
pub async fn conforms(provider: Arc<dyn Provider>, sample: &Sample) {
    assert!(!provider.id().is_empty());
    assert_eq!(provider.id(), sample.model.provider, "the sample's model is its own");
    assert!(provider.at_once() > 0, "a provider that takes no call at once");
    assert_eq!(provider.missing(&sample.model), Vec::<String>::new(), "the sample can run here");
    gives_what_its_ports_promise(&provider, sample).await;
    a_repeated_call_buys_nothing_twice(&provider, sample).await;
    a_job_is_asked_for_and_not_submitted_again(&provider, sample).await;
    a_stopped_call_ends(&provider, sample).await;
    a_dropped_call_gives_its_place_back(&provider, sample).await;
    what_it_does_not_know_is_refused_with_a_hint(&provider, sample).await;
}

/// As many results as were asked for, on ports that the kind has, of the type of the port, each what it says it is.
async fn gives_what_its_ports_promise(provider: &Arc<dyn Provider>, sample: &Sample) {
    let told = Arc::new(Told::default());
    let made =
        invoke(provider, call(sample, "ports", None, &told)).await.expect("the sample works");
    let spec = nodes::spec(&sample.invocation.kind).expect("the sample's kind exists");
    for port in spec.outputs.iter().map(|port| port.name) {
        let of_port = made.iter().filter(|one| one.port == port).count();
        assert!(of_port <= sample.count as usize, "{of_port} results on {port}");
    }
    assert!(!made.is_empty(), "nothing came");
    for one in &made {
        let port = spec.outputs.iter().find(|port| port.name == one.port);
        assert!(port.is_some(), "there is no output {}", one.port);
        match &one.content {
            Content::Text(text) => assert!(!text.trim().is_empty(), "an empty text"),
            Content::File { mime, bytes, .. } => {
                let found = sniff(bytes).map(|found| found.mime);
                assert_eq!(found, Some(mime.as_str()), "on {}", one.port);
            }
        }
        assert!(one.duration_s.is_none_or(|length| length > 0.0), "a length of nothing");
    }
    let progress = told.progress.lock().expect("nobody panics holding it").clone();
    assert!(progress.iter().all(|part| (0.0..=1.0).contains(part)), "{progress:?}");
    assert!(progress.is_sorted(), "progress goes back: {progress:?}");
}

/// The same key makes one purchase where the provider says so, and the same bytes where calls are simply repeated.
async fn a_repeated_call_buys_nothing_twice(provider: &Arc<dyn Provider>, sample: &Sample) {
    let told = Arc::new(Told::default());
    let first = invoke(provider, call(sample, "twice", None, &told)).await.expect("it works");
    if provider.repeat() == Repeat::Unsafe {
        return;
    }
    let again = invoke(provider, call(sample, "twice", None, &told)).await.expect("it works again");
    assert_eq!(contents(&first), contents(&again), "the same key and seed gave something else");
    if provider.repeat() == Repeat::Keyed {
        let jobs = told.jobs();
        assert!(jobs.windows(2).all(|two| two[0] == two[1]), "two jobs for one key: {jobs:?}");
    }
}

fn contents(made: &[Produced]) -> Vec<&Content> {
    made.iter().map(|one| &one.content).collect()
}

/// A provider that tells a job before its results finishes that job later, without a second submission.
async fn a_job_is_asked_for_and_not_submitted_again(provider: &Arc<dyn Provider>, sample: &Sample) {
    let told = Arc::new(Told::default());
    let first = invoke(provider, call(sample, "job", None, &told)).await.expect("it works");
    let [job] = &told.jobs()[..] else {
        assert!(told.jobs().is_empty(), "one call made several jobs: {:?}", told.jobs());
        assert_ne!(provider.repeat(), Repeat::Unsafe, "what may be bought twice tells its job");
        return;
    };
    let told = Arc::new(Told::default());
    let later = invoke(provider, call(sample, "job", Some(job.clone()), &told)).await;
    assert_eq!(contents(&later.expect("the job is there")), contents(&first));
    assert_eq!(told.jobs(), Vec::<String>::new(), "a job in hand was submitted again");
}

/// A call that was stopped before it began gives nothing and says so.
async fn a_stopped_call_ends(provider: &Arc<dyn Provider>, sample: &Sample) {
    let told = Arc::new(Told::default());
    let call = call(sample, "stopped", None, &told);
    call.cancel.cancel();
    match invoke(provider, call).await {
        Err(ProviderError::Cancelled) => {}
        // What it delivers all the same is kept aside.
        Ok(made) => assert!(!made.is_empty(), "stopped, and nothing to show for it"),
        Err(other) => panic!("a stopped call failed with {other:?}"),
    }
}

/// More calls than it takes at once, all dropped, leave it as it was.
async fn a_dropped_call_gives_its_place_back(provider: &Arc<dyn Provider>, sample: &Sample) {
    let told = Arc::new(Told::default());
    for n in 0..provider.at_once() + 2 {
        let mut dropped = provider.invoke(call(sample, &format!("dropped {n}"), None, &told));
        // Polled once, so that it has begun.
        let began = futures_util::poll!(&mut dropped);
        drop((began, dropped));
    }
    let made = invoke(provider, call(sample, "after", None, &told)).await;
    assert!(made.is_ok(), "after dropped calls: {made:?}");
}

/// An unknown model is refused for good, in words that help; nothing is bought.
async fn what_it_does_not_know_is_refused_with_a_hint(
    provider: &Arc<dyn Provider>,
    sample: &Sample,
) {
    let told = Arc::new(Told::default());
    let mut strange = sample.clone();
    strange.invocation.model = "no such model".to_owned();
    match invoke(provider, call(&strange, "strange", None, &told)).await {
        Err(ProviderError::Permanent { detail, hint }) => {
            assert!(!detail.trim().is_empty() && !hint.trim().is_empty(), "{detail:?} {hint:?}");
        }
        other => panic!("an unknown model gave {other:?}"),
    }
}
