//! Random operations against a plain list of what waits.

use proptest::prelude::*;

use super::{r, release, u};
use crate::run::scheduler::fair_queue::*;

const PROVIDERS: [&str; 3] = ["p", "q", "r"];
const RUNS: u8 = 8;

#[derive(Clone, Debug)]
enum Op {
    Enter { run: u8, person: u8, place: i8, held: bool },
    Wait { run: u8, provider: u8, count: u8 },
    Withdraw { pick: usize },
    Grant,
    Release { pick: usize },
    Leave { run: u8 },
    Hold { run: u8, held: bool },
    Place { run: u8, after: Option<u8> },
}

fn op() -> impl Strategy<Value = Op> {
    let run = || 0..RUNS;
    prop_oneof![
        2 => (run(), 0u8..3, 0i8..5, prop::bool::weighted(0.2))
            .prop_map(|(run, person, place, held)| Op::Enter { run, person, place, held }),
        4 => (run(), 0u8..3, 0u8..5)
            .prop_map(|(run, provider, count)| Op::Wait { run, provider, count }),
        1 => any::<usize>().prop_map(|pick| Op::Withdraw { pick }),
        4 => Just(Op::Grant),
        4 => any::<usize>().prop_map(|pick| Op::Release { pick }),
        1 => run().prop_map(|run| Op::Leave { run }),
        1 => (run(), any::<bool>()).prop_map(|(run, held)| Op::Hold { run, held }),
        1 => (run(), prop::option::of(run())).prop_map(|(run, after)| Op::Place { run, after }),
    ]
}

struct Member {
    person: String,
    place: i64,
    held: bool,
    started: bool,
}

/// The expected state of the queue, and what was seen of it.
struct Model {
    queue: FairQueue,
    at_once: usize,
    limits: [usize; 3],
    spares: [usize; 3],
    members: BTreeMap<RunId, Member>,
    /// `(run, unit, provider)` in the order in which they began to wait.
    waiting: Vec<(RunId, UnitIndex, usize)>,
    busy: Vec<(usize, String)>,
    /// The first turns of runs, with their providers, in order.
    firsts: Vec<(usize, RunId)>,
    next_unit: u32,
    /// Number of times others had a turn of a provider while this person could have had one: `(provider, person)`.
    passed: BTreeMap<(usize, String), BTreeMap<String, u32>>,
}

impl Model {
    fn new(at_once: usize, limits: [usize; 3], spares: [usize; 3]) -> Self {
        let mut queue = FairQueue::new(at_once);
        for ((name, limit), spare) in PROVIDERS.iter().zip(limits).zip(spares) {
            queue.limit(name, limit, spare);
        }
        Self {
            queue,
            at_once,
            limits,
            spares,
            members: BTreeMap::new(),
            waiting: Vec::new(),
            busy: Vec::new(),
            firsts: Vec::new(),
            next_unit: 0,
            passed: BTreeMap::new(),
        }
    }

    /// The person whose run this is, where it may start something.
    fn eager(&self, run: &RunId) -> Option<&String> {
        self.members.get(run).filter(|member| !member.held).map(|member| &member.person)
    }

    fn eager_people(&self, provider: usize) -> BTreeSet<String> {
        let of = self.waiting.iter().filter(|(_, _, other)| *other == provider);
        of.filter_map(|(run, ..)| self.eager(run).cloned()).collect()
    }

    fn used(&self, provider: usize) -> usize {
        self.busy.iter().filter(|(other, _)| *other == provider).count()
    }

    fn holds(&self, provider: usize, person: &str) -> bool {
        self.busy.iter().any(|(other, holder)| *other == provider && holder == person)
    }

    /// True where a slot is free for this person.
    fn room(&self, provider: usize, person: &str) -> bool {
        let (used, limit) = (self.used(provider), self.limits[provider]);
        let spare = used < limit + self.spares[provider] && !self.holds(provider, person);
        self.busy.len() < self.at_once && (used < limit || spare)
    }

    /// True where others may go first again and again: only spare slots are free, and those are not for this person.
    fn has_enough(&self, provider: usize, person: &str) -> bool {
        let is_full = self.used(provider) >= self.limits[provider];
        self.spares[provider] > 0 && is_full && self.holds(provider, person)
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Enter { run, person, place, held } => {
                let name = r(&format!("r{run}"));
                self.queue.enter(&name, &format!("p{person}"), i64::from(*place), *held);
                self.waiting.retain(|(other, ..)| *other != name);
                let member = Member {
                    person: format!("p{person}"),
                    place: i64::from(*place),
                    held: *held,
                    started: false,
                };
                self.members.insert(name, member);
            }
            Op::Wait { run, provider, count } => {
                let name = r(&format!("r{run}"));
                let units = u((self.next_unit..).take(usize::from(*count)));
                self.next_unit += u32::from(*count);
                let provider = usize::from(*provider);
                self.queue.wait(&name, PROVIDERS[provider], &units);
                if self.members.contains_key(&name) {
                    self.waiting.extend(units.iter().map(|unit| (name.clone(), *unit, provider)));
                }
            }
            Op::Withdraw { pick } => {
                if !self.waiting.is_empty() {
                    let (run, unit, _) = self.waiting.remove(pick % self.waiting.len());
                    self.queue.withdraw(&run, unit);
                }
            }
            Op::Grant => self.grant(),
            Op::Release { pick } => {
                if !self.busy.is_empty() {
                    let (provider, person) = self.busy.swap_remove(pick % self.busy.len());
                    self.queue.release(PROVIDERS[provider], &person);
                }
            }
            Op::Leave { run } => {
                let name = r(&format!("r{run}"));
                self.queue.leave(&name);
                self.waiting.retain(|(other, ..)| *other != name);
                self.members.remove(&name);
            }
            Op::Hold { run, held } => {
                let name = r(&format!("r{run}"));
                self.queue.hold(&name, *held);
                if let Some(member) = self.members.get_mut(&name) {
                    member.held = *held;
                }
            }
            Op::Place { run, after } => {
                self.place(&r(&format!("r{run}")), after.map(|after| r(&format!("r{after}"))))
            }
        }
        // A turn can be claimed only by who could have had it all the time.
        for provider in 0..PROVIDERS.len() {
            let mut eager = self.eager_people(provider);
            eager.retain(|person| !self.has_enough(provider, person));
            self.passed.retain(|(of, person), _| *of != provider || eager.contains(person));
        }
    }

    fn place(&mut self, run: &RunId, after: Option<RunId>) {
        let before = self.own_order(run);
        let moves = self.queue.place_after(run, after.as_ref());
        let of_person = |other: &RunId| before.iter().any(|known| known == other);
        let allowed =
            of_person(run) && after.as_ref().is_none_or(|after| *after != *run && of_person(after));
        assert_eq!(moves.is_some(), allowed);
        let Some(moves) = moves else { return };
        for (run, place) in moves {
            self.members.get_mut(&run).unwrap().place = place;
        }
        let mut expected: Vec<RunId> = before.into_iter().filter(|other| other != run).collect();
        let at = after.map_or(0, |after| 1 + expected.iter().position(|r| *r == after).unwrap());
        expected.insert(at, run.clone());
        assert_eq!(self.own_order(run), expected);
    }

    /// The runs that have not started of the person whose run this is, in their order; none where it has started.
    fn own_order(&self, run: &RunId) -> Vec<RunId> {
        let Some(mine) = self.members.get(run).filter(|mine| !mine.started) else {
            return Vec::new();
        };
        let mut own: Vec<(i64, &RunId)> = self
            .members
            .iter()
            .filter(|(_, other)| !other.started && other.person == mine.person)
            .map(|(id, other)| (other.place, id))
            .collect();
        own.sort();
        own.into_iter().map(|(_, id)| id.clone()).collect()
    }

    fn grant(&mut self) {
        for grant in self.queue.grant() {
            let at = self
                .waiting
                .iter()
                .position(|(run, unit, _)| *run == grant.run && *unit == grant.unit);
            let at = at.unwrap_or_else(|| panic!("{grant:?} does not wait"));
            let (run, unit, provider) = self.waiting[at].clone();
            let member = &self.members[&run];
            assert!(!member.held, "{grant:?} is held");
            let person = member.person.clone();
            assert!(self.room(provider, &person), "{grant:?} is one too many");
            let best = self
                .waiting
                .iter()
                .filter(|(other, _, of)| *of == provider && self.eager(other) == Some(&person))
                .min_by_key(|(other, ..)| (self.members[other].place, other.clone()))
                .map(|(other, first, _)| (other.clone(), *first));
            assert_eq!(best, Some((run.clone(), unit)), "the person's first run, its first unit");
            self.waiting.remove(at);
            let mut others = self.eager_people(provider);
            others.retain(|other| *other != person && self.room(provider, other));
            self.busy.push((provider, person.clone()));
            if !std::mem::replace(&mut self.members.get_mut(&run).unwrap().started, true) {
                self.firsts.push((provider, run.clone()));
            }
            self.passed.remove(&(provider, person.clone()));
            for other in others {
                let passed = self.passed.entry((provider, other.clone())).or_default();
                let times = passed.entry(person.clone()).or_default();
                *times += 1;
                assert!(*times <= 1, "{person} had {times} turns while {other} waited");
            }
        }
        for (provider, name) in PROVIDERS.iter().enumerate() {
            let eager = self.eager_people(provider);
            let idle = eager.iter().find(|person| self.room(provider, person));
            assert_eq!(idle, None, "a slot of {name} is free and they wait");
        }
    }

    /// Ends all calls and lets all held runs go, until nothing waits.
    fn drain(&mut self) {
        for run in 0..RUNS {
            self.apply(&Op::Hold { run, held: false });
        }
        while !(self.waiting.is_empty() && self.busy.is_empty()) {
            let before = self.waiting.len() + self.busy.len();
            self.apply(&Op::Grant);
            self.apply(&Op::Release { pick: before });
            assert!(self.waiting.len() + self.busy.len() < before, "it stands still");
        }
        assert!(self.queue.positions().is_empty());
    }

    /// Who is listed, and that what waits for one provider alone is listed in the order of its first turns.
    fn check_positions(&mut self, picks: &[usize]) {
        let positions = self.queue.positions();
        assert!(positions.iter().map(|(_, at)| *at).eq(1..=positions.len() as u32));
        let listed: Vec<RunId> = positions.into_iter().map(|(run, _)| run).collect();
        let waits = |run: &RunId| self.waiting.iter().any(|(other, ..)| other == run);
        let expected: BTreeSet<&RunId> = self
            .members
            .iter()
            .filter(|(run, member)| !member.started && (member.held || waits(run)))
            .map(|(run, _)| run)
            .collect();
        assert_eq!(listed.iter().collect::<BTreeSet<_>>(), expected);
        assert_eq!(listed.len(), expected.len());
        let held = |run: &RunId| self.members[run].held;
        assert!(listed.is_sorted_by_key(held), "held ones last: {listed:?}");

        let alone = |run: &RunId| {
            let mut of: Vec<usize> =
                self.waiting.iter().filter(|(other, ..)| other == run).map(|w| w.2).collect();
            of.dedup();
            <[usize; 1]>::try_from(of).ok().map(|[provider]| provider)
        };
        let mut told: BTreeMap<usize, Vec<RunId>> = BTreeMap::new();
        for run in listed.iter().filter(|run| !held(run)) {
            if let Some(provider) = alone(run) {
                told.entry(provider).or_default().push(run.clone());
            }
        }
        self.firsts.clear();
        let mut picks = picks.iter().cycle();
        while !self.busy.is_empty() {
            self.apply(&Op::Release { pick: *picks.next().unwrap_or(&0) });
            self.apply(&Op::Grant);
        }
        let mut seen: BTreeMap<usize, Vec<RunId>> = BTreeMap::new();
        for (provider, run) in std::mem::take(&mut self.firsts) {
            if told.get(&provider).is_some_and(|told| told.contains(&run)) {
                seen.entry(provider).or_default().push(run);
            }
        }
        assert_eq!(seen, told);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn it_is_fair_and_loses_nothing(
        at_once in 1usize..6,
        limits in [1usize..4, 1usize..4, 1usize..4],
        spares in [0usize..3, 0usize..3, 0usize..3],
        ops in prop::collection::vec(op(), 1..120),
    ) {
        let mut model = Model::new(at_once, limits, spares);
        for op in &ops {
            model.apply(op);
        }
        model.drain();
    }

    #[test]
    fn positions_are_the_order_of_the_first_turns(
        at_once in 1usize..6,
        limits in [1usize..4, 1usize..4, 1usize..4],
        ops in prop::collection::vec(op(), 1..60),
        picks in prop::collection::vec(any::<usize>(), 1..8),
    ) {
        let mut model = Model::new(at_once, limits, [0; 3]);
        for op in &ops {
            model.apply(op);
        }
        model.apply(&Op::Grant);
        model.check_positions(&picks);
    }

    #[test]
    fn a_turn_has_the_number_it_was_told(
        units in prop::collection::vec((0u8..4, 1u32..5), 1..14),
        begun in 0usize..4,
    ) {
        let mut queue = FairQueue::new(10);
        queue.limit("p", 1, 0);
        for (at, (person, count)) in units.iter().enumerate() {
            let run = r(&format!("r{at:02}"));
            queue.enter(&run, &format!("p{person}"), at as i64, false);
            queue.wait(&run, "p", &u(0..*count));
        }
        for _ in 0..begun {
            queue.grant();
            release(&mut queue, "p");
        }
        let name: Arc<str> = Arc::from("p");
        let told: BTreeMap<RunId, usize> = queue
            .turns(&name, &queue.providers["p"])
            .into_iter()
            .map(|(turn, run)| (run.clone(), turn))
            .collect();
        let mut seen = BTreeMap::new();
        for turn in 0.. {
            let grants = queue.grant();
            let Some(grant) = grants.first() else { break };
            seen.entry(grant.run.clone()).or_insert(turn);
            release(&mut queue, "p");
        }
        prop_assert_eq!(told, seen);
    }
}
