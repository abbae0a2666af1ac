//! The rules of the queue, one by one.

use super::{r, release, u};
use crate::run::scheduler::fair_queue::*;

/// Returns the units that start now, as `run:unit`, in order.
fn granted(queue: &mut FairQueue) -> Vec<String> {
    queue.grant().iter().map(|grant| format!("{}:{}", grant.run, grant.unit)).collect()
}

/// The next `count` turns, each call ending before the next begins.
fn turns(queue: &mut FairQueue, provider: &str, count: usize) -> Vec<String> {
    let mut turns = Vec::new();
    while turns.len() < count {
        let now = granted(queue);
        assert!(!now.is_empty(), "nothing starts after {turns:?}");
        for _ in &now {
            release(queue, provider);
        }
        turns.extend(now);
    }
    turns
}

/// Who waits, in the order in which they will have their turn.
fn waiting(queue: &FairQueue) -> Vec<String> {
    let positions = queue.positions();
    assert!(positions.iter().map(|(_, at)| *at).eq(1..=positions.len() as u32), "{positions:?}");
    positions.iter().map(|(run, _)| run.to_string()).collect()
}

/// One slot, and these runs `(run, person, place)` with units 0 and 1 waiting for `p`.
fn one_slot(runs: &[(&str, &str, i64)]) -> FairQueue {
    let mut queue = FairQueue::new(10);
    queue.limit("p", 1, 0);
    for (run, person, place) in runs {
        queue.enter(&r(run), person, *place, false);
        queue.wait(&r(run), "p", &u([0, 1]));
    }
    queue
}

#[test]
fn a_single_unit_waits_for_one_turn_of_somebody_with_a_thousand() {
    let mut queue = FairQueue::new(10);
    queue.limit("p", 1, 0);
    queue.enter(&r("big"), "ann", 1, false);
    queue.wait(&r("big"), "p", &u(0..1000));
    assert_eq!(granted(&mut queue), ["big:0"]);
    queue.enter(&r("small"), "zoe", 2, false);
    queue.wait(&r("small"), "p", &u([7]));
    release(&mut queue, "p");
    assert_eq!(granted(&mut queue), ["small:7"], "the slot went round");
    release(&mut queue, "p");
    assert_eq!(granted(&mut queue), ["big:1"]);
    queue.enter(&r("other"), "abe", 3, false);
    queue.wait(&r("other"), "p", &u([0]));
    release(&mut queue, "p");
    assert_eq!(granted(&mut queue), ["other:0"], "also to somebody whose name comes before");
}

#[test]
fn ones_own_runs_go_by_place_and_units_in_the_order_given() {
    let mut queue = one_slot(&[("b", "ann", 2), ("a", "ann", 3), ("c", "ann", 1)]);
    queue.wait(&r("c"), "p", &u([9, 5]));
    let expected = ["c:0", "c:1", "c:9", "c:5", "b:0", "b:1", "a:0", "a:1"];
    assert_eq!(turns(&mut queue, "p", 8), expected);
}

#[test]
fn no_more_start_than_a_provider_and_all_together_may() {
    let mut queue = FairQueue::new(5);
    queue.limit("p", 2, 0);
    queue.enter(&r("r"), "ann", 1, false);
    queue.wait(&r("r"), "p", &u([0, 1, 2]));
    queue.wait(&r("r"), "free", &u([10, 11, 12, 13]));
    let first = granted(&mut queue);
    assert_eq!(first.len(), 5, "{first:?}");
    assert_eq!(first.iter().filter(|turn| ["r:0", "r:1"].contains(&turn.as_str())).count(), 2);
    assert!(granted(&mut queue).is_empty());
    release(&mut queue, "p");
    assert_eq!(granted(&mut queue).len(), 1);
    queue.limit("idle", 1, 0);
    release(&mut queue, "idle");
    release(&mut queue, "unknown");
    release(&mut queue, "free");
    assert_eq!(granted(&mut queue).len(), 1, "a slot that nobody had is not given");
    assert!(granted(&mut queue).is_empty());
}

#[test]
fn a_spare_slot_is_for_who_has_none() {
    let mut queue = FairQueue::new(10);
    queue.limit("p", 2, 1);
    queue.enter(&r("big"), "ann", 1, false);
    queue.wait(&r("big"), "p", &u(0..9));
    assert_eq!(granted(&mut queue), ["big:0", "big:1"], "nobody alone has all of them");
    for (run, person) in [("b", "bob"), ("c", "cid")] {
        queue.enter(&r(run), person, 2, false);
        queue.wait(&r(run), "p", &u([0, 1]));
    }
    assert_eq!(granted(&mut queue), ["b:0"], "who comes new need not wait");
    queue.release("p", "ann");
    assert_eq!(granted(&mut queue), ["c:0"], "it is filled again by somebody who has none");
    queue.release("p", "bob");
    assert_eq!(granted(&mut queue), ["b:1"], "ann has one already");
    queue.release("p", "cid");
    queue.release("p", "bob");
    assert_eq!(granted(&mut queue), ["c:1"], "cid's turn comes before ann's");
    queue.release("p", "cid");
    assert_eq!(granted(&mut queue), ["big:2"]);
}

#[test]
fn a_full_provider_keeps_nobody_from_another() {
    let mut queue = one_slot(&[("r", "ann", 1)]);
    queue.enter(&r("s"), "bob", 2, false);
    queue.wait(&r("s"), "q", &u([0]));
    assert_eq!(granted(&mut queue).len(), 2);
    queue.wait(&r("s"), "q", &u([1]));
    assert_eq!(granted(&mut queue), ["s:1"]);
}

#[test]
fn providers_take_turns_where_slots_are_short() {
    let mut queue = FairQueue::new(1);
    for (run, provider) in [("a", "p"), ("b", "q"), ("c", "r")] {
        queue.enter(&r(run), "ann", 1, false);
        queue.wait(&r(run), provider, &u([0, 1]));
    }
    let mut seen = Vec::new();
    for _ in 0..6 {
        let grants = queue.grant();
        let [grant] = grants.as_slice() else { panic!("one slot: {grants:?}") };
        let provider = BTreeMap::from([("a", "p"), ("b", "q"), ("c", "r")])[&grant.run.as_str()];
        release(&mut queue, provider);
        seen.push(provider);
    }
    assert_eq!(seen, ["p", "q", "r", "p", "q", "r"]);
}

#[test]
fn a_held_run_gets_nothing_until_it_is_let_go() {
    let mut queue = one_slot(&[("a", "ann", 1), ("b", "ann", 2)]);
    queue.hold(&r("a"), true);
    queue.wait(&r("a"), "p", &u([2]));
    assert_eq!(turns(&mut queue, "p", 2), ["b:0", "b:1"]);
    assert!(granted(&mut queue).is_empty());
    queue.hold(&r("a"), false);
    assert_eq!(turns(&mut queue, "p", 3), ["a:0", "a:1", "a:2"]);
    queue.enter(&r("c"), "ann", 3, true);
    queue.wait(&r("c"), "p", &u([0]));
    assert!(granted(&mut queue).is_empty(), "it joined as a held one");
}

#[test]
fn a_run_with_nothing_waiting_never_stops_the_others() {
    let mut queue = one_slot(&[("a", "ann", 1), ("b", "bob", 2)]);
    queue.enter(&r("idle"), "abe", 0, false);
    queue.wait(&r("idle"), "p", &[]);
    queue.hold(&r("idle"), true);
    queue.hold(&r("idle"), false);
    queue.enter(&r("a"), "ann", 1, false);
    queue.wait(&r("unknown"), "p", &u([0]));
    queue.withdraw(&r("b"), UnitIndex::new(99));
    queue.withdraw(&r("unknown"), UnitIndex::new(0));
    queue.leave(&r("unknown"));
    assert_eq!(turns(&mut queue, "p", 2), ["b:0", "b:1"]);
    queue.wait(&r("a"), "p", &u([3]));
    assert_eq!(turns(&mut queue, "p", 1), ["a:3"]);
}

#[test]
fn what_is_withdrawn_or_has_left_gets_no_turn() {
    let mut queue = one_slot(&[("a", "ann", 1), ("b", "bob", 2)]);
    queue.withdraw(&r("a"), UnitIndex::new(0));
    assert_eq!(granted(&mut queue), ["a:1"]);
    queue.leave(&r("a"));
    assert!(
        granted(&mut queue).is_empty(),
        "the slot of a run that left is taken until its call ends"
    );
    queue.withdraw(&r("b"), UnitIndex::new(0));
    queue.withdraw(&r("b"), UnitIndex::new(1));
    release(&mut queue, "p");
    assert!(granted(&mut queue).is_empty());
    assert!(waiting(&queue).is_empty());
    queue.wait(&r("b"), "p", &u([1]));
    assert_eq!(granted(&mut queue), ["b:1"], "tried again");
}

#[test]
fn a_unit_that_waits_twice_has_one_turn() {
    let mut queue = one_slot(&[("a", "ann", 1)]);
    queue.wait(&r("a"), "p", &u([1, 0, 2]));
    queue.wait(&r("a"), "q", &u([0]));
    assert_eq!(turns(&mut queue, "p", 3), ["a:0", "a:1", "a:2"]);
    assert!(granted(&mut queue).is_empty());
}

#[test]
fn ones_own_waiting_runs_can_be_put_in_order() {
    let runs = [("a", "ann", 10), ("b", "ann", 20), ("c", "ann", 30), ("x", "bob", 1)];
    let mut queue = one_slot(&runs);
    assert_eq!(queue.place_after(&r("c"), None), Some(vec![(r("c"), 9)]));
    assert_eq!(queue.place_after(&r("a"), Some(&r("b"))), Some(vec![(r("a"), 21)]));
    queue.leave(&r("x"));
    assert_eq!(waiting(&queue), ["c", "b", "a"]);
    assert_eq!(queue.place_after(&r("a"), Some(&r("c"))), Some(vec![(r("a"), 14)]));
    assert_eq!(turns(&mut queue, "p", 6), ["c:0", "c:1", "a:0", "a:1", "b:0", "b:1"]);
}

#[test]
fn order_is_refused_where_it_makes_no_sense() {
    let mut queue = one_slot(&[("a", "ann", 1), ("b", "ann", 2), ("c", "ann", 3), ("x", "bob", 1)]);
    assert_eq!(granted(&mut queue), ["a:0"]);
    assert_eq!(queue.place_after(&r("a"), None), None, "it has started");
    assert_eq!(queue.place_after(&r("b"), Some(&r("a"))), None, "the other has started");
    assert_eq!(queue.place_after(&r("b"), Some(&r("x"))), None, "somebody else's");
    assert_eq!(queue.place_after(&r("b"), Some(&r("b"))), None, "after itself");
    assert_eq!(queue.place_after(&r("b"), Some(&r("gone"))), None);
    assert_eq!(queue.place_after(&r("gone"), None), None);
    assert_eq!(queue.place_after(&r("x"), None), Some(vec![(r("x"), 1)]), "their only one");
}

/// Runs started within one millisecond have the same place.
#[test]
fn runs_without_room_between_them_are_put_in_order_too() {
    let places = [("a", 5), ("b", 5), ("c", 5), ("d", 6), ("e", 8)];
    let names = places.map(|(run, _)| run);
    for moved in names {
        for after in [None, Some("a"), Some("b"), Some("c"), Some("d"), Some("e")] {
            if after == Some(moved) {
                continue;
            }
            let mut queue = one_slot(&places.map(|(run, place)| (run, "ann", place)));
            let mut expected: Vec<&str> = names.into_iter().filter(|run| *run != moved).collect();
            let at =
                after.map_or(0, |after| 1 + expected.iter().position(|r| *r == after).unwrap());
            let others = expected.clone();
            expected.insert(at, moved);
            let moves = queue.place_after(&r(moved), after.map(r).as_ref()).unwrap();
            assert_eq!(waiting(&queue), expected, "{moved} after {after:?}");
            assert_eq!(moves.last().unwrap().0.as_str(), moved);

            // What is recorded, one by one, with a restart at any point.
            let mut recorded: BTreeMap<&str, i64> = places.into();
            for (run, place) in &moves {
                let by_place = |recorded: &BTreeMap<&str, i64>| {
                    let mut runs: Vec<(i64, String)> =
                        recorded.iter().map(|(run, place)| (*place, (*run).to_owned())).collect();
                    runs.sort();
                    runs.into_iter()
                        .map(|(_, run)| run)
                        .filter(|run| run != moved)
                        .collect::<Vec<_>>()
                };
                assert_eq!(by_place(&recorded), others);
                *recorded.get_mut(run.as_str()).unwrap() = *place;
            }
            let runs: Vec<_> = recorded.into_iter().map(|(run, at)| (run, "ann", at)).collect();
            assert_eq!(waiting(&one_slot(&runs)), expected, "{moved} after {after:?}, restarted");
        }
    }
}

#[test]
fn positions_count_everything_that_comes_before() {
    let mut queue =
        one_slot(&[("a", "ann", 1), ("b", "ann", 2), ("x", "bob", 9), ("y", "bob", 10)]);
    queue.enter(&r("held"), "abe", 0, true);
    queue.enter(&r("empty"), "abe", 0, false);
    assert_eq!(waiting(&queue), ["a", "x", "b", "y", "held"]);
    assert_eq!(granted(&mut queue), ["a:0"]);
    assert_eq!(waiting(&queue), ["x", "b", "y", "held"], "it is bob's turn, then ann's rest");
    queue.wait(&r("a"), "p", &u([2, 3, 4]));
    assert_eq!(waiting(&queue), ["x", "y", "b", "held"], "a still has units before b");
    queue.hold(&r("x"), true);
    assert_eq!(waiting(&queue), ["y", "b", "held", "x"]);
    queue.wait(&r("held"), "p", &u([0]));
    queue.hold(&r("held"), false);
    assert_eq!(waiting(&queue), ["y", "held", "b", "x"]);
}

#[test]
fn a_quick_provider_counts_for_positions() {
    let mut queue = FairQueue::new(100);
    queue.limit("slow", 1, 0);
    queue.limit("wide", 4, 0);
    for (at, run) in ["a", "b", "c"].into_iter().enumerate() {
        queue.enter(&r(run), run, at as i64, false);
        queue.wait(&r(run), "slow", &u([0]));
    }
    for (at, run) in ["w", "x", "y", "z"].into_iter().enumerate() {
        queue.enter(&r(run), run, at as i64, false);
        queue.wait(&r(run), "wide", &u([0]));
    }
    assert_eq!(waiting(&queue), ["a", "w", "x", "y", "z", "b", "c"]);
    queue.wait(&r("c"), "wide", &u([1]));
    assert_eq!(waiting(&queue), ["a", "c", "w", "x", "y", "b", "z"], "the sooner of two counts");
}

#[test]
fn many_runs_of_many_units_all_have_their_turn() {
    const RUNS: u32 = 200;
    const UNITS: u32 = 200;
    let mut queue = FairQueue::new(64);
    queue.limit("p", 32, 0);
    let units = u(0..UNITS);
    for run in 0..RUNS {
        let name = format!("r{run}");
        queue.enter(&r(&name), &format!("p{}", run % 7), i64::from(run), false);
        queue.wait(&r(&name), if run.is_multiple_of(2) { "p" } else { "q" }, &units);
    }
    assert_eq!(queue.positions().len(), RUNS as usize);
    let mut count = 0;
    loop {
        let grants = queue.grant();
        if grants.is_empty() {
            break;
        }
        for grant in &grants {
            count += 1;
            let run: u32 = grant.run.as_str()[1..].parse().unwrap();
            release(&mut queue, if run.is_multiple_of(2) { "p" } else { "q" });
        }
    }
    assert_eq!(count, RUNS * UNITS);
}
