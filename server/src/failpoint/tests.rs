use std::process::{Command, ExitStatus};
use std::sync::atomic::AtomicU32;

use super::*;

#[test]
fn the_hidden_variable_names_a_place_and_a_passing() {
    assert_eq!(named("unit.settled"), Some((UNIT_SETTLED, 1)));
    assert_eq!(named("unit.settled:3"), Some((UNIT_SETTLED, 3)));
    for wrong in
        ["", "unit", "unit.settled:", "unit.settled:0", "unit.settled:-1", "unit.settled:1:2", ":1"]
    {
        assert_eq!(named(wrong), None, "{wrong}");
    }
    for name in NAMES {
        assert_eq!(named(name), Some((*name, 1)));
    }
}

#[test]
fn names_differ() {
    assert_eq!(NAMES.iter().collect::<std::collections::BTreeSet<_>>().len(), NAMES.len());
}

#[test]
fn it_is_hit_once_at_that_passing_and_dead_from_then_on() {
    let hits = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&hits);
    let failpoints = Failpoints::at(UNIT_STORED, 2, move || {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let same = failpoints.clone();
    failpoints.pass(UNIT_STORED);
    failpoints.pass(UNIT_SETTLED);
    failpoints.pass(UNIT_SETTLED);
    assert!(!failpoints.is_dead());
    same.pass(UNIT_STORED);
    assert!(failpoints.is_dead() && same.is_dead(), "clones are the same");
    failpoints.pass(UNIT_STORED);
    assert_eq!(hits.load(Ordering::SeqCst), 1);
}

#[test]
fn it_is_dead_before_whoever_was_told_looks() {
    let seen = Arc::new(AtomicBool::new(false));
    let cell: Arc<Mutex<Option<Failpoints>>> = Arc::default();
    let (sees, of) = (Arc::clone(&seen), Arc::clone(&cell));
    let failpoints = Failpoints::at(RUN_SHOWN, 1, move || {
        let dead = of.lock().unwrap().as_ref().is_some_and(Failpoints::is_dead);
        sees.store(dead, Ordering::SeqCst);
    });
    *cell.lock().unwrap() = Some(failpoints.clone());
    failpoints.pass(RUN_SHOWN);
    assert!(seen.load(Ordering::SeqCst));
}

#[test]
fn counting_kills_nobody_and_tells_what_was_passed() {
    let failpoints = Failpoints::counting();
    failpoints.pass(RUN_RECORDED);
    failpoints.clone().pass(RUN_RECORDED);
    failpoints.pass(RUN_FINISHED);
    assert_eq!(failpoints.passed(), BTreeMap::from([(RUN_RECORDED, 2), (RUN_FINISHED, 1)]));
    assert!(!failpoints.is_dead());

    let none = Failpoints::default();
    none.pass(RUN_RECORDED);
    assert!(none.passed().is_empty() && !none.is_dead());
}

/// Runs [`pass_three_times`] in a process of its own.
fn child(armed: Option<&str>) -> (ExitStatus, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "failpoint::tests::pass_three_times", "--ignored", "--nocapture"]);
    command.env_remove(VARIABLE).envs(armed.map(|armed| (VARIABLE, armed)));
    let output = command.output().unwrap();
    (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
#[ignore = "the process that `the_environment_aborts_the_process` kills"]
fn pass_three_times() {
    let failpoints = Failpoints::from_env();
    for n in 1..=3 {
        failpoints.pass(UNIT_SHOWN);
        eprintln!("passed {n}");
    }
}

#[test]
fn the_environment_aborts_the_process() {
    let (status, told) = child(Some("unit.shown:2"));
    assert!(!status.success() && told.contains("passed 1") && !told.contains("passed 2"), "{told}");
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        const SIGABRT: i32 = 6;
        assert_eq!(status.signal(), Some(SIGABRT), "{status}");
    }
    for harmless in
        [None, Some("unit.settled"), Some("unit.shown:4"), Some("unit.shown:x"), Some("other")]
    {
        let (status, told) = child(harmless);
        assert!(status.success() && told.contains("passed 3"), "{harmless:?}: {told}");
    }
}
