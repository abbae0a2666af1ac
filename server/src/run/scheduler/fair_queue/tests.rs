//! Who is next, in stories and for any sequence.

mod random;
mod rules;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn r(run: &str) -> RunId {
    RunId::new(run)
}

/// These units.
fn u(numbers: impl IntoIterator<Item = u32>) -> Vec<UnitIndex> {
    numbers.into_iter().map(UnitIndex::new).collect()
}

/// Ends a call of whoever has one.
fn release(queue: &mut FairQueue, provider: &str) {
    let holders = queue.providers.get(provider).map(|provider| &provider.holders);
    let person = holders.and_then(|holders| holders.keys().next().cloned());
    queue.release(provider, person.as_deref().unwrap_or("nobody"));
}

fn granted(queue: &mut FairQueue) -> Vec<String> {
    queue.grant().iter().map(|grant| format!("{}{}", grant.run, grant.unit)).collect()
}

fn positions(queue: &FairQueue) -> Vec<String> {
    queue.positions().iter().map(|(run, at)| format!("{at}{run}")).collect()
}

/// One slot of the provider `p`, and these runs: `name person units`.
fn queue(runs: &[(&str, &str, u32)]) -> FairQueue {
    let mut queue = FairQueue::new(100);
    queue.limit("p", 1, 0);
    for (place, (run, person, units)) in (0_i64..).zip(runs) {
        queue.enter(&r(run), person, place * 10, false);
        queue.wait(&r(run), "p", &u(0..*units));
    }
    queue
}

/// Everything, one slot after the other.
fn drained(queue: &mut FairQueue) -> Vec<String> {
    let mut order = Vec::new();
    loop {
        let next = granted(queue);
        if next.is_empty() {
            return order;
        }
        for _ in &next {
            release(queue, "p");
        }
        order.extend(next);
    }
}

#[test]
fn people_take_turns_whatever_they_ask_for() {
    let mut queue = queue(&[("a", "ann", 3), ("b", "bob", 1), ("c", "ann", 1)]);
    assert_eq!(positions(&queue), ["1a", "2b", "3c"]);
    assert_eq!(drained(&mut queue), ["a0", "b0", "a1", "a2", "c0"]);
}

#[test]
fn a_slot_is_one_call_and_providers_do_not_wait_for_each_other() {
    let mut queue = queue(&[("a", "ann", 2)]);
    queue.wait(&r("a"), "q", &u([7, 8]));
    let first: BTreeSet<String> = granted(&mut queue).into_iter().collect();
    assert_eq!(first, ["a0", "a7", "a8"].map(str::to_owned).into());
    assert_eq!(granted(&mut queue), Vec::<String>::new());
    release(&mut queue, "p");
    assert_eq!(granted(&mut queue), ["a1"]);
    let mut small = FairQueue::new(1);
    small.enter(&r("a"), "ann", 0, false);
    small.wait(&r("a"), "p", &u([0]));
    small.wait(&r("a"), "q", &u([1]));
    assert_eq!(granted(&mut small).len(), 1, "one slot in all");
}

#[test]
fn waiting_runs_are_held_moved_withdrawn_and_dropped() {
    let mut queue = queue(&[("busy", "zoe", 1), ("a", "ann", 1), ("b", "ann", 2), ("c", "ann", 1)]);
    queue.hold(&r("busy"), true);
    queue.hold(&r("busy"), false);
    assert_eq!(positions(&queue), ["1a", "2busy", "3b", "4c"]);
    queue.hold(&r("a"), true);
    assert_eq!(positions(&queue), ["1b", "2busy", "3c", "4a"]);
    assert!(queue.place_after(&r("c"), None).is_some());
    assert!(queue.place_after(&r("c"), Some(&r("busy"))).is_none(), "another person's");
    assert_eq!(positions(&queue)[0], "1c");
    queue.withdraw(&r("b"), UnitIndex::new(0));
    queue.leave(&r("c"));
    assert_eq!(drained(&mut queue), ["b1", "busy0"]);
    assert!(queue.place_after(&r("b"), None).is_none(), "it has started");
    queue.hold(&r("a"), false);
    assert_eq!(drained(&mut queue), ["a0"]);
}

#[derive(Clone, Debug)]
enum Step {
    Wait { run: usize, provider: usize, units: u32 },
    Release(usize),
    Hold(usize, bool),
    Withdraw(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_usize..6, 0_usize..2, 1_u32..5).prop_map(|(run, provider, units)| Step::Wait {
            run,
            provider,
            units
        }),
        (0_usize..2).prop_map(Step::Release),
        (0_usize..6, any::<bool>()).prop_map(|(run, held)| Step::Hold(run, held)),
        (0_usize..6).prop_map(Step::Withdraw),
    ]
}

proptest! {
    /// Never above a limit, nothing twice, nothing forgotten, and a person with little is never behind a person
    /// with much by more than one turn.
    #[test]
    fn limits_hold_and_everything_has_its_turn(steps in proptest::collection::vec(step(), 1..60)) {
        let mut queue = FairQueue::new(3);
        let names = ["p", "q"];
        let limits = [2_usize, 1];
        for (name, limit) in names.iter().zip(limits) {
            queue.limit(name, limit, 0);
        }
        for run in 0..6 {
            queue.enter(&r(&format!("r{run}")), &format!("person{}", run % 3), run, false);
        }
        let mut waiting: BTreeSet<(usize, usize, UnitIndex)> = BTreeSet::new();
        let mut busy = [0_usize; 2];
        let mut fresh = 0;
        let take = |queue: &mut FairQueue, waiting: &mut BTreeSet<(usize, usize, UnitIndex)>, busy: &mut [usize; 2]| {
            for grant in queue.grant() {
                let run: usize = grant.run.as_str()[1..].parse().unwrap();
                let found = waiting.iter().find(|(r, _, unit)| *r == run && *unit == grant.unit).copied();
                prop_assert!(found.is_some(), "granted what does not wait: {grant:?}");
                let found = found.unwrap();
                waiting.remove(&found);
                busy[found.1] += 1;
            }
            prop_assert!(busy[0] <= 2 && busy[1] <= 1 && busy[0] + busy[1] <= 3);
            Ok(())
        };
        for step in steps {
            match step {
                Step::Wait { run, provider, units } => {
                    let units = u(fresh..fresh + units);
                    fresh += units.len() as u32;
                    queue.wait(&r(&format!("r{run}")), names[provider], &units);
                    waiting.extend(units.iter().map(|unit| (run, provider, *unit)));
                }
                Step::Release(provider) if busy[provider] > 0 => {
                    busy[provider] -= 1;
                    release(&mut queue, names[provider]);
                }
                Step::Release(_) => {}
                Step::Hold(run, held) => queue.hold(&r(&format!("r{run}")), held),
                Step::Withdraw(run) => {
                    if let Some(unit) = waiting.iter().find(|(r, _, _)| *r == run).copied() {
                        waiting.remove(&unit);
                        queue.withdraw(&r(&format!("r{run}")), unit.2);
                    }
                }
            }
            take(&mut queue, &mut waiting, &mut busy)?;
        }
        for run in 0..6 {
            queue.hold(&r(&format!("r{run}")), false);
        }
        while busy[0] + busy[1] > 0 || !waiting.is_empty() {
            let before = waiting.len();
            for provider in 0..2 {
                while busy[provider] > 0 {
                    busy[provider] -= 1;
                    release(&mut queue, names[provider]);
                }
            }
            take(&mut queue, &mut waiting, &mut busy)?;
            prop_assert!(waiting.is_empty() || waiting.len() < before, "somebody is forgotten");
        }
    }

    /// Positions are the order in which the runs have their first turn.
    #[test]
    fn positions_tell_the_truth(runs in proptest::collection::vec((0_usize..4, 1_u32..3), 1..8)) {
        let names: Vec<(String, String)> =
            runs.iter().enumerate().map(|(n, (person, _))| (format!("r{n}-"), format!("person{person}"))).collect();
        let entries: Vec<(&str, &str, u32)> = names
            .iter()
            .zip(&runs)
            .map(|((run, person), (_, units))| (run.as_str(), person.as_str(), *units))
            .collect();
        let mut queue = queue(&entries);
        let told: Vec<String> = queue.positions().iter().map(|(run, _)| run.to_string()).collect();
        let mut first = Vec::new();
        for grant in drained(&mut queue) {
            let run = grant[..grant.find('-').unwrap() + 1].to_owned();
            if !first.contains(&run) {
                first.push(run);
            }
        }
        // A run with several units delays the next of the same person; others keep their order.
        let of = |order: &[String], person: usize| -> Vec<String> {
            order.iter().filter(|run| names.iter().any(|(name, who)| name == *run && *who == format!("person{person}"))).cloned().collect()
        };
        for person in 0..4 {
            prop_assert_eq!(of(&told, person), of(&first, person));
        }
        prop_assert_eq!(told.first(), first.first());
    }
}
