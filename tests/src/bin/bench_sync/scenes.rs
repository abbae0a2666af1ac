//! Scenes that are played on a server, and the figures read off it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gesso_protocol::wire::Frame;

use crate::client::{Ledger, Link, Shared, Writer, canvas, reader};
use crate::server::{Server, Usage};

/// The scenes, in the order they are played.
pub(crate) const NAMES: [&str; 8] =
    ["quiet", "edit", "fan-50", "fan-200", "presence", "stalled", "large", "rooms"];

/// Nodes of a small canvas, and the least bytes of its encoding.
const SMALL: (usize, usize) = (20, 4_000);
/// Nodes of a large canvas (1.9 MB), and the least bytes of its encoding.
const LARGE: (usize, usize) = (5_000, 1_500_000);
/// Time to wait after the last edit for everything that is on its way.
const SETTLE: Duration = Duration::from_secs(1);

/// Length and size of the scenes.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    /// Seconds of load in a scene.
    seconds: u32,
    /// Rooms with two people each.
    rooms: usize,
    /// Seconds after all left.
    after: u64,
    /// Number of times what is over in a moment is measured; the best counts.
    rounds: usize,
}

impl Scale {
    /// Scale of the figures that are told.
    pub(crate) const FULL: Self = Self { seconds: 8, rooms: 500, after: 35, rounds: 5 };
    /// For a first look.
    pub(crate) const QUICK: Self = Self { seconds: 3, rooms: 100, after: 35, rounds: 3 };
}

/// One line.
pub(crate) struct Figure {
    /// Measured quantity.
    pub(crate) what: String,
    /// The value; `None`: it cannot be measured on this server.
    pub(crate) value: Option<f64>,
    unit: &'static str,
    /// Value that is to be reached.
    pub(crate) bar: &'static str,
}

impl Figure {
    fn new(
        what: impl Into<String>,
        value: impl Into<Option<f64>>,
        unit: &'static str,
        bar: &'static str,
    ) -> Self {
        Self { what: what.into(), value: value.into(), unit, bar }
    }

    /// The value with its unit.
    pub(crate) fn text(&self) -> String {
        self.value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1} {}", self.unit))
    }
}

/// Plays a scene.
pub(crate) async fn play(name: &str, server: &mut Server, scale: Scale) -> Vec<Figure> {
    server.renew().await;
    match name {
        "quiet" => quiet(server, scale).await,
        "edit" => edit(server, scale).await,
        "fan-50" => {
            let bars = ["<= 12", "", "", ""];
            fan(server, scale, 50, 10, bars).await
        }
        "fan-200" => {
            let bars = ["<= 3.0", "", "< 20", "<= 27"];
            fan(server, scale, 200, 20, bars).await
        }
        "presence" => presence(server, scale).await,
        "stalled" => stalled(server, scale).await,
        "large" => large(server, scale).await,
        _ => rooms(server, scale).await,
    }
}

fn ledger() -> Shared {
    Arc::new(Mutex::new(Ledger::default()))
}

fn micros(before: Usage, after: Usage, deliveries: usize) -> Option<f64> {
    let cpu = (after.cpu - before.cpu).as_secs_f64() * 1e6;
    (deliveries > 0).then(|| cpu / deliveries as f64)
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// A new room with a canvas of so many nodes; answers its address.
async fn furnished(server: &Server, nodes: usize) -> (String, String) {
    let room = format!("bench{:08x}", rand::random::<u32>());
    let url = server.room(&room).await;
    let (mut link, _) = Link::synced(&url, 0).await;
    link.send(&Frame::Update(&canvas(nodes))).await;
    // The server has it when it says so to somebody else.
    let (_, least) = if nodes == LARGE.0 { LARGE } else { SMALL };
    loop {
        let (_, update) = Link::synced(&url, 0).await;
        if update.len() >= least {
            return (room, url);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everybody acts so many times a second, not all at once, for so long.
async fn act(writers: &mut [Writer], per_second: u32, seconds: u32, bytes: Option<usize>) {
    let gap = Duration::from_secs(1) / per_second;
    let count = writers.len() as u32;
    let acting = writers.iter_mut().enumerate().map(|(n, writer)| async move {
        let first = tokio::time::Instant::now() + gap * n as u32 / count;
        let mut clock = tokio::time::interval_at(first, gap);
        for _ in 0..per_second * seconds {
            clock.tick().await;
            match bytes {
                Some(bytes) => writer.edit(bytes).await,
                None => writer.point().await,
            }
        }
    });
    join_all(acting).await;
}

async fn quiet(server: &Server, scale: Scale) -> Vec<Figure> {
    let (_, url) = furnished(server, SMALL.0).await;
    let ledger = ledger();
    let mut writers = vec![Writer::join(&url, SMALL.1, 0, &ledger).await];
    let reading = reader(&url, SMALL.1, &ledger).await;
    tokio::time::sleep(SETTLE).await;
    act(&mut writers, 1, scale.seconds.max(5), Some(0)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    reading.abort();
    let p50 = ledger.lock().unwrap().percentile(0.5);
    vec![Figure::new("quiet room, 1 edit a second: p50", p50, "ms", "< 3")]
}

async fn fan(
    server: &Server,
    scale: Scale,
    clients: usize,
    writing: usize,
    bars: [&'static str; 4],
) -> Vec<Figure> {
    let (_, url) = furnished(server, SMALL.0).await;
    let ledger = ledger();
    let mut writers = Vec::new();
    for n in 0..writing {
        writers.push(Writer::join(&url, SMALL.1, n, &ledger).await);
    }
    let mut reading = Vec::new();
    for _ in writing..clients {
        reading.push(reader(&url, SMALL.1, &ledger).await);
    }
    act(&mut writers, 20, 1, Some(0)).await;
    tokio::time::sleep(SETTLE).await;
    // What came before is warming up.
    let arrived = std::mem::take(&mut ledger.lock().unwrap().times).len();
    server.forget_peak();
    let before = server.usage();
    act(&mut writers, 20, scale.seconds, Some(0)).await;
    tokio::time::sleep(SETTLE).await;
    let after = server.usage();
    reading.iter().for_each(tokio::task::JoinHandle::abort);
    let mut ledger = ledger.lock().unwrap();
    let got = ledger.times.len();
    let lost = (ledger.edits() * (clients - 1)).saturating_sub(arrived + got);
    let what = format!("fan-out {clients} x {writing} x 20 Hz");
    let mut figures = vec![
        Figure::new(format!("{what}: CPU a delivery"), micros(before, after, got), "us", bars[0]),
        Figure::new(format!("{what}: p50"), ledger.percentile(0.5), "ms", bars[1]),
        Figure::new(format!("{what}: p99"), ledger.percentile(0.99), "ms", bars[2]),
        Figure::new(format!("{what}: peak memory"), mb(after.peak), "MB", bars[3]),
    ];
    if lost > 0 {
        let part = lost as f64 * 100.0 / (lost + got) as f64;
        figures.push(Figure::new(format!("{what}: lost"), part, "%", "0"));
    }
    figures
}

async fn presence(server: &Server, scale: Scale) -> Vec<Figure> {
    let (_, url) = furnished(server, SMALL.0).await;
    let ledger = ledger();
    let mut writers = Vec::new();
    for n in 0..50 {
        writers.push(Writer::join(&url, SMALL.1, n, &ledger).await);
    }
    act(&mut writers, 10, 1, None).await;
    tokio::time::sleep(SETTLE).await;
    ledger.lock().unwrap().times.clear();
    let before = server.usage();
    act(&mut writers, 10, scale.seconds, None).await;
    tokio::time::sleep(SETTLE).await;
    let after = server.usage();
    let mut ledger = ledger.lock().unwrap();
    let got = ledger.times.len();
    vec![
        Figure::new(
            "presence 50 x 10 Hz: CPU a delivery",
            micros(before, after, got),
            "us",
            "<= 3.5",
        ),
        Figure::new("presence 50 x 10 Hz: p50", ledger.percentile(0.5), "ms", "<= 12"),
    ]
}

async fn stalled(server: &Server, scale: Scale) -> Vec<Figure> {
    let (_, url) = furnished(server, SMALL.0).await;
    let ledger = ledger();
    let mut writers = Vec::new();
    for n in 0..5 {
        writers.push(Writer::join(&url, SMALL.1, n, &ledger).await);
    }
    // They have the document and then read nothing any more.
    let stalled = join_all((0..4).map(|_| Link::synced(&url, SMALL.1))).await;
    act(&mut writers, 50, 1, Some(4_096)).await;
    ledger.lock().unwrap().times.clear();
    server.forget_peak();
    let before = server.usage();
    act(&mut writers, 50, scale.seconds, Some(4_096)).await;
    tokio::time::sleep(SETTLE).await;
    let after = server.usage();
    drop(stalled);
    let got = ledger.lock().unwrap().times.len();
    let what = "4 stalled, 5 writers of 4 KB at 50 Hz";
    vec![
        Figure::new(format!("{what}: CPU a delivery"), micros(before, after, got), "us", "<= 30"),
        Figure::new(format!("{what}: peak memory"), mb(after.peak), "MB", ""),
    ]
}

/// CPU time of one edit that ten people get, in ms.
async fn one_edit(server: &Server, scale: Scale, url: &str, bytes: usize) -> Option<f64> {
    let ledger = ledger();
    let mut writers = vec![Writer::join(url, bytes, 7, &ledger).await];
    let mut reading = Vec::new();
    for _ in 0..10 {
        reading.push(reader(url, bytes, &ledger).await);
    }
    act(&mut writers, 20, 1, Some(0)).await;
    tokio::time::sleep(SETTLE).await;
    let before = server.usage();
    act(&mut writers, 20, scale.seconds, Some(0)).await;
    let after = server.usage();
    reading.iter().for_each(tokio::task::JoinHandle::abort);
    micros(before, after, (20 * scale.seconds) as usize).map(|micros| micros / 1e3)
}

async fn edit(server: &Server, scale: Scale) -> Vec<Figure> {
    let (_, small) = furnished(server, SMALL.0).await;
    let small = one_edit(server, scale, &small, SMALL.1).await;
    let (_, large) = furnished(server, LARGE.0).await;
    tokio::time::sleep(SETTLE).await;
    let large = one_edit(server, scale, &large, LARGE.1).await;
    vec![
        Figure::new("7 KB document: CPU of one edit, 10 readers", small, "ms", ""),
        Figure::new("1.9 MB document: CPU of one edit, 10 readers", large, "ms", "<= 0.3"),
    ]
}

async fn large(server: &mut Server, scale: Scale) -> Vec<Figure> {
    let (room, url) = furnished(server, LARGE.0).await;
    tokio::time::sleep(SETTLE).await;
    let (mut warm, mut herd) = (Duration::MAX, Duration::MAX);
    for _ in 0..scale.rounds {
        let begun = Instant::now();
        Link::synced(&url, LARGE.1).await;
        warm = warm.min(begun.elapsed());
    }
    for _ in 0..scale.rounds {
        let begun = Instant::now();
        join_all((0..20).map(|_| Link::synced(&url, LARGE.1))).await;
        herd = herd.min(begun.elapsed());
    }
    let mut cold = None;
    if server.is_own() {
        let mut best = Duration::MAX;
        for _ in 0..scale.rounds {
            let url = server.kill(&room).await;
            let begun = Instant::now();
            Link::synced(&url, LARGE.1).await;
            best = best.min(begun.elapsed());
        }
        cold = Some(best.as_secs_f64() * 1e3);
    }
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    vec![
        Figure::new("1.9 MB document: warm first sync", ms(warm), "ms", "<= 8"),
        Figure::new("1.9 MB document: 20 at once", ms(herd), "ms", "<= 60"),
        Figure::new("1.9 MB document: cold open after kill -9", cold, "ms", "<= 100"),
    ]
}

async fn rooms(server: &Server, scale: Scale) -> Vec<Figure> {
    tokio::time::sleep(SETTLE).await;
    let empty = server.usage();
    let ledger = ledger();
    let mut people = Vec::new();
    for _ in 0..scale.rooms {
        let (_, url) = furnished(server, SMALL.0).await;
        for _ in 0..2 {
            people.push(reader(&url, SMALL.1, &ledger).await);
        }
    }
    tokio::time::sleep(SETTLE).await;
    let full = server.usage();
    people.iter().for_each(tokio::task::JoinHandle::abort);
    drop(people);
    tokio::time::sleep(Duration::from_secs(scale.after)).await;
    let left = server.usage();
    let each = full.rss.saturating_sub(empty.rss) as f64 / scale.rooms as f64 / 1e3;
    let what = format!("{} rooms x 2", scale.rooms);
    vec![
        Figure::new(format!("{what}: memory at the start"), mb(empty.rss), "MB", ""),
        Figure::new(format!("{what}: memory a room"), each, "KB", "<= 150"),
        Figure::new(
            format!("{what}: memory {} s after all left", scale.after),
            mb(left.rss),
            "MB",
            "start + 10 %",
        ),
    ]
}
