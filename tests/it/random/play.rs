//! One seed: a random graph, random actions on it, then everything is let go and must come to its end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gesso_protocol::pricing::Money;
use gesso_protocol::problem::ErrorCode;
use gesso_server::failpoint;
use serde_json::{Value, json};

use super::check;
use super::graph::{self, Made};
use super::rng::Rng;
use super::world::{Answer, Ask, Trap, World};

/// Longest time until everything has ended once nothing holds it up.
const END_MAX: Duration = Duration::from_secs(20);
const PEOPLE: [&str; 2] = ["ann", "ben"];

/// Counts of what a seed did, for the report.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) runs: usize,
    /// Answers by what was asked and how it went.
    pub(super) answers: BTreeMap<String, usize>,
    pub(super) kills: usize,
    pub(super) reviews: usize,
    pub(super) retries: usize,
    pub(super) calls: usize,
    pub(super) items: usize,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.runs += other.runs;
        for (what, count) in other.answers {
            *self.answers.entry(what).or_default() += count;
        }
        self.kills += other.kills;
        self.reviews += other.reviews;
        self.retries += other.retries;
        self.calls += other.calls;
        self.items += other.items;
    }
}

/// The graph and the actions so far, for whoever looks at a failure.
pub(super) type Log = Arc<Mutex<String>>;

pub(super) struct Play {
    pub(super) world: World,
    pub(super) rng: Rng,
    canvas: String,
    /// A second canvas, whose runs take the places of all providers.
    jam: Option<String>,
    nodes: Vec<Made>,
    /// Run → who started it.
    pub(super) runs: BTreeMap<String, &'static str>,
    seen: check::Seen,
    log: Log,
    pub(super) tally: Tally,
    requests: usize,
}

pub(super) fn is_terminal(run: &Value) -> bool {
    ["succeeded", "failed", "cancelled"].iter().any(|status| run["status"] == *status)
}

impl Play {
    /// Plays a seed to its end; panics where something is wrong.
    pub(super) fn seed(seed: u64, log: &Log) -> Tally {
        let mut rng = Rng::new(seed);
        let credits = if rng.chance(10) { 60_000 } else { 10_000_000 };
        let trap = trap(&mut rng);
        let mut play = Self {
            world: World::new(Money(credits), trap),
            rng,
            canvas: String::new(),
            jam: None,
            nodes: Vec::new(),
            runs: BTreeMap::new(),
            seen: check::Seen::default(),
            log: Arc::clone(log),
            tally: Tally::default(),
            requests: 0,
        };
        play.note(format_args!("seed {seed}, {credits} millicredits, trap {trap:?}"));
        play.build();
        for _ in 0..play.rng.range(3, 10) {
            play.act();
            play.rest();
            play.revive();
            play.look();
        }
        play.end();
        check::all(&mut play);
        play.tally.runs = play.runs.len();
        play.tally.kills = play.world.kills;
        play.tally.calls = play.world.market.calls();
        std::mem::take(&mut play.tally)
    }

    pub(super) fn note(&self, what: std::fmt::Arguments<'_>) {
        let mut log = self.log.lock().expect("nobody panics holding it");
        writeln!(log, "{what}").expect("a string takes everything");
    }

    fn build(&mut self) {
        let (nodes, edits) = graph::build(&mut self.rng);
        let edits = json!(edits);
        self.note(format_args!("graph {edits}"));
        self.nodes = nodes;
        self.canvas = self.new_canvas(&edits);
    }

    fn new_canvas(&mut self, edits: &Value) -> String {
        let made = self.ask("ann", "POST", "/api/canvases", &json!({"name": "Random"}));
        let canvas = made.body["id"].as_str().expect("a canvas").to_owned();
        let edited = self.ask("ann", "POST", &format!("/api/canvases/{canvas}/edits"), edits);
        assert!(edited.is_ok(), "{edited:?}");
        canvas
    }

    /// All canvases.
    pub(super) fn canvases(&self) -> Vec<String> {
        [&self.canvas].into_iter().chain(&self.jam).cloned().collect()
    }

    /// Occupies all places of all providers, so that what starts then waits and can be put in order.
    fn jam(&mut self) {
        let slow = |id: &str, model: &str| {
            json!({"op": "add_node", "id": id, "kind": "image_generator", "text": "slow",
                   "settings": {"model": model}})
        };
        let canvas = match self.jam.clone() {
            Some(canvas) => canvas,
            None => {
                let models = ["safe-image", "safe-image", "keyed-image", "keyed-image"];
                let nodes: Vec<Value> = ["j0", "j1", "j2", "j3"]
                    .iter()
                    .zip(models)
                    .map(|(id, model)| slow(id, model))
                    .collect();
                self.new_canvas(&json!(nodes))
            }
        };
        self.jam = Some(canvas.clone());
        let person = self.person();
        let path = format!("/api/canvases/{canvas}/runs");
        let started = self.ask(person, "POST", &path, &json!({"mode": "workflow"}));
        self.started(&started, person);
        for _ in 0..self.rng.range(1, 3) {
            self.try_start();
        }
        for _ in 0..self.rng.range(1, 4) {
            self.queue();
        }
    }

    /// Asks the server and checks that a refusal is one.
    fn ask(&mut self, person: &str, method: &str, path: &str, body: &Value) -> Answer {
        let answer = self.world.call(method, path, Ask { person, body: Some(body), key: None });
        self.judge(method, path, body, &answer);
        answer
    }

    fn judge(&mut self, method: &str, path: &str, body: &Value, answer: &Answer) {
        let told = if answer.is_ok() { "" } else { answer.code() };
        self.note(format_args!("{method} {path} {body} → {} {told}", answer.status));
        if self.world.is_dead() {
            return;
        }
        let what = match path.rsplit('/').next().filter(|last| last.len() < 12) {
            Some(last) => last,
            None if path.contains("/late/") => "late",
            None => method,
        };
        let told = if answer.is_ok() { "ok" } else { answer.code() };
        *self.tally.answers.entry(format!("{what} {told}")).or_default() += 1;
        if answer.is_ok() {
            return;
        }
        let body = &answer.body;
        let known = ErrorCode::ALL.iter().find(|code| code.id() == answer.code());
        let known = known.unwrap_or_else(|| panic!("an unknown refusal: {answer:?}"));
        assert_ne!(*known, ErrorCode::Internal, "{answer:?}");
        assert_eq!(known.status(), answer.status, "{answer:?}");
        assert_eq!(answer.mime, "application/problem+json");
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer:?}");
    }

    fn act(&mut self) {
        let action = self.rng.weighted(&[
            (34, Self::start as fn(&mut Self)),
            (8, Self::cancel),
            (12, Self::retry),
            (14, Self::review),
            (12, Self::edit),
            (6, Self::queue),
            (6, Self::jam),
            (4, Self::late),
            (9, Self::release),
            (7, Self::kill),
            (4, Self::kill_while_starting),
            (8, Self::go_away),
        ]);
        if self.runs.is_empty() {
            self.start();
        } else {
            action(self);
        }
    }

    /// Asks for runs until one starts, a few times.
    fn start(&mut self) {
        for _ in 0..4 {
            if self.try_start() || self.world.is_dead() {
                return;
            }
        }
    }

    fn person(&mut self) -> &'static str {
        self.rng.weighted(&[(75, PEOPLE[0]), (25, PEOPLE[1])])
    }

    fn node(&mut self) -> String {
        self.rng.pick(&self.nodes).id.clone()
    }

    /// One that runs, mostly.
    fn node_that_runs(&mut self) -> String {
        let running: Vec<&Made> = self.nodes.iter().filter(|node| node.runs()).collect();
        if running.is_empty() || self.rng.chance(10) {
            return self.node();
        }
        self.rng.pick(&running).id.clone()
    }

    fn target(&mut self) -> Value {
        match self.rng.weighted(&[(15, 0), (38, 1), (13, 2), (12, 3), (15, 4), (7, 5)]) {
            0 => json!({"mode": "node", "node": self.node_that_runs()}),
            1 => json!({"mode": "workflow"}),
            2 => json!({"mode": "downstream", "node": self.node()}),
            3 => {
                let ids: Vec<String> = self.nodes.iter().map(|node| node.id.clone()).collect();
                json!({"mode": "selection", "nodes": self.rng.some(&ids)})
            }
            4 if !self.runs.is_empty() => json!({"mode": "outdated"}),
            _ => json!({"mode": "workflow", "node": self.node()}),
        }
    }

    fn try_start(&mut self) -> bool {
        let person = self.person();
        let mut body = self.target();
        let at = format!("/api/canvases/{}", self.canvas);
        // While something runs the document changes between the two questions.
        let quiet = self.runs.keys().all(|run| self.seen.has_ended(run));
        let quote =
            self.rng.chance(50).then(|| self.ask(person, "POST", &format!("{at}/estimate"), &body));
        if self.rng.chance(20) {
            body["on_error"] = json!("stop");
        }
        if self.rng.chance(4) {
            body["max_cost"] = json!(self.rng.below(30));
        }
        self.requests += 1;
        let key = format!("start-{}", self.requests);
        let key = self.rng.chance(30).then_some(key.as_str());
        let ask = Ask { person, body: Some(&body), key };
        let path = format!("{at}/runs");
        let started = self.world.call("POST", &path, ask);
        self.judge("POST", &path, &body, &started);
        if let Some(quote) = quote.filter(|_| quiet && started.is_ok()) {
            assert_eq!(quote.body["cost"], started.body["cost"], "the quote is what is held");
            assert_eq!(quote.body["steps"], started.body["steps"]);
        }
        if key.is_some() && started.is_ok() && self.rng.chance(50) {
            let again = self.world.call("POST", &path, ask);
            assert_eq!(again.body, started.body, "a repeated request is one run");
        }
        self.started(&started, person);
        started.is_ok()
    }

    fn started(&mut self, started: &Answer, person: &'static str) {
        if started.is_ok() {
            let id = started.body["id"].as_str().expect("a run").to_owned();
            self.note(format_args!("  is run {id} of {person}"));
            self.runs.insert(id, person);
        }
    }

    /// A run, mostly one of the newest.
    fn run(&mut self) -> Value {
        let mut ids: Vec<&String> = self.runs.keys().collect();
        ids.sort();
        let newest = ids.len().saturating_sub(3);
        let id =
            if self.rng.chance(70) { self.rng.pick(&ids[newest..]) } else { self.rng.pick(&ids) };
        self.world.get(&format!("/api/runs/{id}"))
    }

    fn cancel(&mut self) {
        let id = id_of(&self.run());
        let path = format!("/api/runs/{id}/cancel");
        for _ in 0..self.rng.weighted(&[(80, 1), (20, 2)]) {
            let answer = self.ask("ann", "POST", &path, &json!({}));
            assert!(answer.is_ok() || self.world.is_dead(), "{answer:?}");
        }
    }

    fn retry(&mut self) {
        let mut run = self.run();
        for _ in 0..3 {
            if is_terminal(&run) && run["status"] != "succeeded" {
                break;
            }
            run = self.run();
        }
        let person = self.person();
        let mut body = json!({});
        if self.rng.chance(55) {
            let steps = run["steps"].as_array().expect("steps");
            let bad: Vec<&Value> = steps.iter().filter(|step| !step["error"].is_null()).collect();
            let step = if bad.is_empty() { self.rng.pick(steps) } else { *self.rng.pick(&bad) };
            body["node"] = step["node"].clone();
            let items = step["items"].as_array().expect("items");
            let holes: Vec<Value> = items
                .iter()
                .filter(|i| i["state"] != "completed")
                .map(|i| i["key"].clone())
                .collect();
            if self.rng.chance(50) && !holes.is_empty() {
                body["items"] = json!([self.rng.pick(&holes)]);
            }
        }
        let answer = self.ask(person, "POST", &format!("/api/runs/{}/retry", id_of(&run)), &body);
        self.tally.retries += usize::from(answer.is_ok());
        let steps = run["steps"].as_array().expect("steps");
        let mut items = steps.iter().flat_map(|step| step["items"].as_array().expect("items"));
        if body == json!({}) && answer.code() == "bad_request" {
            let failed = items.find(|item| item["state"] == "failed");
            assert!(failed.is_none(), "what failed can be tried again: {failed:?} of {run}");
        }
        self.started(&answer, person);
    }

    fn review(&mut self) {
        let ids: Vec<String> = self.runs.keys().cloned().collect();
        for id in ids {
            let run = self.world.get(&format!("/api/runs/{id}"));
            for step in run["steps"].as_array().expect("steps") {
                if step["state"] == "paused" && self.rng.chance(80) {
                    self.decide(&id, step);
                }
            }
        }
    }

    fn decide(&mut self, run: &str, step: &Value) {
        let path = format!("/api/runs/{run}/review");
        let person = self.person();
        let items = step["items"].as_array().expect("items");
        assert!(!items.is_empty(), "a paused evaluator has candidates: {step}");
        let candidates: Vec<Value> = items
            .iter()
            .filter(|item| item["state"] == "paused")
            .map(|item| item["generations"][0].clone())
            .collect();
        if candidates.is_empty() {
            // Somebody has just stopped the run.
            return;
        }
        let node = &step["node"];
        if self.rng.chance(10) {
            let none = self.ask(person, "POST", &path, &json!({"node": node, "accept": ["none"]}));
            let told = ["bad_request", "conflict"].contains(&none.code());
            assert!(told || self.world.is_dead(), "{none:?}");
        }
        let some = self.rng.some(&candidates);
        let body = match some.is_empty() {
            true => json!({"node": node, "reject": true, "note": "None of these."}),
            false => json!({"node": node, "accept": some}),
        };
        let answer = self.ask(person, "POST", &path, &body);
        if self.world.is_dead() {
            return;
        }
        // Somebody may have stopped the run meanwhile.
        assert!(answer.is_ok() || answer.code() == "conflict", "{answer:?}");
        if answer.is_ok() {
            self.tally.reviews += 1;
            let steps = answer.body["steps"].as_array().expect("steps");
            let decided = steps.iter().find(|step| step["node"] == *node).expect("the step");
            assert_eq!(decided["review"]["accepted"], json!(some), "a decision is recorded");
            if self.rng.chance(40) {
                let second = self.ask(person, "POST", &path, &body);
                assert!(second.code() == "conflict" || self.world.is_dead(), "{second:?}");
            }
        }
    }

    fn edit(&mut self) {
        let node = self.rng.pick(&self.nodes).clone();
        let (id, rng) = (&node.id, &mut self.rng);
        let edit = match (rng.below(10), node.kind) {
            (0, _) => json!({"op": "set", "node": id, "title": format!("T{}", rng.below(100))}),
            (1, kind) if kind != "text" && kind != "list" => {
                json!({"op": "set", "node": id, "locked": rng.chance(50)})
            }
            (2, _) if rng.chance(30) => json!({"op": "remove_node", "node": id}),
            (2..4, "image_generator" | "image_upscaler" | "assistant") => {
                return self.choose(&node.id);
            }
            (_, "list") => json!({"op": "set", "node": id, "items": graph::items(rng)}),
            (_, "text") => json!({"op": "set", "node": id, "text": graph::words(rng)}),
            (4..7, "image_generator" | "assistant") => {
                json!({"op": "set", "node": id, "text": graph::words(rng)})
            }
            (_, kind) => json!({"op": "set", "node": id, "settings": graph::settings(rng, kind)}),
        };
        let edits = json!([edit]);
        let answer =
            self.ask("ann", "POST", &format!("/api/canvases/{}/edits", self.canvas), &edits);
        if answer.is_ok() && edit["op"] == "remove_node" && self.nodes.len() > 1 {
            self.nodes.retain(|other| other.id != node.id);
        }
    }

    /// Chooses what flows of an item: an earlier generation, nothing, or the newest again.
    fn choose(&mut self, node: &str) {
        let path = format!("/api/canvases/{}/nodes/{node}/generations", self.canvas);
        let made = self.world.pages(&path, 1000);
        if made.is_empty() {
            return;
        }
        let of_item = self.rng.pick(&made)["key"].clone();
        let made: Vec<&Value> = made.iter().filter(|made| made["key"] == of_item).collect();
        let after = made.last().map(|newest| newest["id"].clone());
        let choice = match self.rng.below(4) {
            0 => Value::Null,
            1 => json!({"use": null, "after": after}),
            _ => json!({"use": {"generation": self.rng.pick(&made)["id"]}, "after": after}),
        };
        let key = of_item.as_str().expect("a key");
        let edits = json!([{"op": "set", "node": node, "output": {key: choice}}]);
        self.ask("ann", "POST", &format!("/api/canvases/{}/edits", self.canvas), &edits);
    }

    fn queue(&mut self) {
        let path = format!("/api/canvases/{}/runs", self.canvas);
        let listed = self.world.pages(&path, 1000);
        let queued: Vec<&Value> = listed.iter().filter(|run| run["status"] == "queued").collect();
        let run = match queued.as_slice() {
            [] => id_of(&self.run()),
            some => id_of(some[self.rng.below(some.len())]),
        };
        let owner = self.runs[&run];
        let person = if self.rng.chance(85) { owner } else { self.person() };
        let mut body = json!({});
        if self.rng.chance(60) {
            body["hold"] = json!(self.rng.chance(70));
        }
        if body["hold"].is_null() || self.rng.chance(30) {
            let others: Vec<&String> = self.runs.keys().collect();
            let other = self.rng.pick(&others).to_owned();
            body["after"] = if self.rng.chance(50) { Value::Null } else { json!(other) };
        }
        let answer = self.ask(person, "PATCH", &format!("/api/runs/{run}"), &body);
        assert!(person == owner || !answer.is_ok(), "another's run is not one's own: {answer:?}");
    }

    fn late(&mut self) {
        let ids: Vec<String> = self.runs.keys().cloned().collect();
        for id in ids {
            let run = self.world.get(&format!("/api/runs/{id}"));
            for late in run["late"].as_array().expect("a list") {
                let late = late["id"].as_str().expect("an id");
                let path = format!("/api/runs/{id}/late/{late}");
                let answer = self.ask("ann", "POST", &path, &json!({}));
                if answer.is_ok() {
                    let again = self.ask("ann", "POST", &path, &json!({}));
                    assert_eq!(again.code(), "not_found", "a late result is taken over once");
                }
            }
        }
    }

    fn release(&mut self) {
        self.note(format_args!("release"));
        self.world.market.release();
    }

    fn kill(&mut self) {
        let trap = trap(&mut self.rng);
        self.note(format_args!("kill, then trap {trap:?}"));
        self.world.kill(trap);
    }

    /// Kills the server while it starts a run; the same request afterwards is that run, or the first one.
    fn kill_while_starting(&mut self) {
        let (person, body) = (self.person(), self.target());
        let path = format!("/api/canvases/{}/runs", self.canvas);
        self.requests += 1;
        let key = format!("killed-{}", self.requests);
        let ask = Ask { person, body: Some(&body), key: Some(&key) };
        self.world.send("POST", &path, ask);
        std::thread::sleep(Duration::from_micros(self.rng.below(3000) as u64));
        self.note(format_args!("kill while starting {body}"));
        self.world.kill(None);
        let again = self.world.call("POST", &path, ask);
        self.judge("POST", &path, &body, &again);
        let known = self.world.pages(&path, 1000).into_iter().map(|run| id_of(&run));
        let new: Vec<String> = known.filter(|run| !self.runs.contains_key(run)).collect();
        match new.as_slice() {
            [] => assert!(!again.is_ok(), "a run that nobody lists: {again:?}"),
            [one] => assert_eq!(again.body["id"], json!(one), "a repeated request is one run"),
            more => panic!("one request made the runs {more:?}"),
        }
        self.started(&again, person);
    }

    /// Somebody asks for something and goes away at any await of the server. What they asked for is done whole or not
    /// at all, and asking again for the same is answered.
    fn go_away(&mut self) {
        let polls = self.rng.range(1, 40);
        let person = self.person();
        let (path, body) = match self.rng.weighted(&[(55, 0), (20, 1), (15, 2), (10, 3)]) {
            0 => (format!("/api/canvases/{}/runs", self.canvas), self.target()),
            1 => (format!("/api/runs/{}/retry", id_of(&self.run())), json!({})),
            2 => (format!("/api/runs/{}/cancel", id_of(&self.run())), json!({})),
            _ => {
                let run = self.run();
                let steps = run["steps"].as_array().expect("steps");
                let paused = steps.iter().find(|step| step["state"] == "paused");
                let node = paused.map_or_else(|| json!("none"), |step| step["node"].clone());
                let body = json!({"node": node, "reject": true});
                (format!("/api/runs/{}/review", id_of(&run)), body)
            }
        };
        self.requests += 1;
        let key = format!("left-{}", self.requests);
        let ask = Ask { person, body: Some(&body), key: Some(&key) };
        self.note(format_args!("POST {path} {body}, gone after {polls} polls"));
        self.world.leave("POST", &path, ask, polls);
        if path.ends_with("/runs") || path.ends_with("/retry") {
            let again = self.world.call("POST", &path, ask);
            self.judge("POST", &path, &body, &again);
            self.started(&again, person);
        }
    }

    /// Lets some time pass, or none.
    fn rest(&mut self) {
        match self.rng.weighted(&[(40, 0), (35, 1), (25, 2)]) {
            0 => {}
            1 => std::thread::sleep(Duration::from_micros(self.rng.below(4000) as u64)),
            _ => {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(60) && !self.is_quiet() {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        }
    }

    /// True if every run has ended or waits for a person.
    fn is_quiet(&self) -> bool {
        if self.world.is_dead() {
            return true;
        }
        self.runs.keys().filter(|run| !self.seen.has_ended(run)).all(|run| {
            let run = self.world.get(&format!("/api/runs/{run}"));
            is_terminal(&run) || run["status"] == "paused"
        })
    }

    /// Starts another server where one was trapped.
    fn revive(&mut self) {
        if self.world.is_dead() {
            let trap = trap(&mut self.rng);
            self.note(format_args!("died in its trap; then trap {trap:?}"));
            self.world.kill(trap);
        }
    }

    /// Looks at all runs: what was terminal has not changed.
    fn look(&mut self) {
        for id in self.runs.keys() {
            self.seen.look(&self.world.get(&format!("/api/runs/{id}")));
        }
    }

    /// Lets everything go and waits until all runs have ended.
    fn end(&mut self) {
        self.note(format_args!("release all"));
        self.world.market.release_all();
        let begun = Instant::now();
        loop {
            if self.world.is_dead() {
                self.note(format_args!("died in its trap"));
                self.world.kill(None);
            }
            let mut open = Vec::new();
            let ids: Vec<(String, &'static str)> =
                self.runs.iter().map(|(id, person)| (id.clone(), *person)).collect();
            for (id, owner) in ids {
                let run = self.world.get(&format!("/api/runs/{id}"));
                self.seen.look(&run);
                if is_terminal(&run) {
                    continue;
                }
                if run["waiting"] == true {
                    let path = format!("/api/runs/{id}");
                    self.ask(owner, "PATCH", &path, &json!({"hold": false}));
                }
                for step in run["steps"].as_array().expect("steps") {
                    if step["state"] == "paused" {
                        self.decide(&id, step);
                    }
                }
                open.push(run);
            }
            if open.is_empty() {
                return;
            }
            if begun.elapsed() > END_MAX {
                let open: Vec<String> = open.iter().map(Value::to_string).collect();
                panic!("runs that never end: {}", open.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Runs that have ended and whose bodies are known.
    pub(super) fn ended(&self) -> Vec<Value> {
        self.runs.keys().map(|id| self.world.get(&format!("/api/runs/{id}"))).collect()
    }

    /// Looks at a run once more: nothing terminal has changed.
    pub(super) fn look_again(&mut self, run: &Value) {
        self.seen.look(run);
    }
}

fn id_of(run: &Value) -> String {
    run["id"].as_str().expect("an id").to_owned()
}

fn trap(rng: &mut Rng) -> Trap {
    rng.chance(25).then(|| (*rng.pick(failpoint::NAMES), rng.range(1, 6) as u32))
}
