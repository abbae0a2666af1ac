//! Where models work that need more than memory: a scratch folder that is always emptied, and programs that are
//! watched, stopped and bounded.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::control::Control;
use crate::error::WorkError;
use crate::program::{Program, Programs};

/// Interval at which a program's work is looked at, and so the time until it ends after a stop.
const POLL: Duration = Duration::from_millis(20);
/// A program that takes nothing, gives nothing and gets no further for so long hangs.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Most address space of a program, in bytes.
const MEMORY_MAX_BYTES: u64 = 6 * 1024 * 1024 * 1024;
/// Lines of complaint that are kept.
const COMPLAINTS_MAX: usize = 12;
/// Longest line that is read from a program, in bytes.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Programs that a model has at hand beside its job, and a folder for their files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ToolRunner {
    programs: Programs,
    scratch: PathBuf,
    silence_max: Duration,
}

/// Conversation with a program: the input that it is fed, and the output that is read from it. All parts run in the
/// caller's thread.
#[derive(Default)]
pub struct Talk<'a> {
    /// Gives what goes into its standard input, piece by piece, until there is no more.
    pub feed: Option<&'a mut dyn FnMut() -> Result<Option<Vec<u8>>, WorkError>>,
    /// Told each line of its standard output.
    pub line: Option<&'a mut dyn FnMut(&str)>,
    /// Takes its standard output as bytes instead, piece by piece.
    pub bytes: Option<&'a mut dyn FnMut(Vec<u8>) -> Result<(), WorkError>>,
    /// The most time it has in all; without it, it has as much as it needs as long as it gets further.
    pub within: Option<Duration>,
}

/// Tells words that show that a program gets further from those that ffmpeg repeats (`-progress`) while it waits.
#[derive(Default)]
struct Advance {
    told: BTreeMap<String, String>,
}

impl Advance {
    /// Keys that change in a standstill as well, or that say nothing by themselves.
    const IDLE: [&'static str; 8] = [
        "fps",
        "bitrate",
        "speed",
        "out_time",
        "out_time_ms",
        "dup_frames",
        "drop_frames",
        "progress",
    ];
    /// Keys whose values only ever grow.
    const GROWS: [&'static str; 3] = ["frame", "total_size", "out_time_us"];

    fn is_further(&mut self, line: &str) -> bool {
        let Some((key, value)) = line.split_once('=') else { return true };
        if Self::IDLE.contains(&key) || key.starts_with("stream_") {
            return false;
        }
        if !Self::GROWS.contains(&key) {
            return true;
        }
        let before = self.told.insert(key.to_owned(), value.to_owned());
        before.as_deref() != Some(value)
    }
}

enum Heard {
    Line(String),
    Bytes(Vec<u8>),
}

impl ToolRunner {
    /// With these programs, and a folder for what is on the way; the folder is made where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(programs: Programs, scratch: &Path) -> Result<Self, WorkError> {
        std::fs::create_dir_all(scratch)?;
        // A program runs in its own folder, so its files must not be named from here.
        let scratch = std::path::absolute(scratch)?;
        Ok(Self { programs, scratch, silence_max: SILENCE_MAX })
    }

    /// The same with less patience for programs that get no further.
    #[must_use]
    pub fn with_patience(mut self, silence_max: Duration) -> Self {
        self.silence_max = silence_max;
        self
    }

    /// Removes what jobs of an earlier process left, for one who knows that there is none any more.
    pub fn sweep(&self) {
        let Ok(entries) = std::fs::read_dir(&self.scratch) else { return };
        for entry in entries.flatten() {
            // What cannot be removed takes room and harms nobody.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }

    /// The programs of this machine.
    #[must_use]
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// A folder for one job; it goes with the value.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn folder(&self) -> Result<TempDir, WorkError> {
        Ok(tempfile::Builder::new().prefix("job-").tempdir_in(&self.scratch)?)
    }

    /// A call of a program without arguments, at low priority, bounded in memory; it ends with this process.
    ///
    /// # Errors
    /// [`WorkError::Missing`].
    pub fn command(&self, program: Program) -> Result<Command, WorkError> {
        self.command_within(program, MEMORY_MAX_BYTES)
    }

    /// The same with so much memory, in bytes of address space.
    ///
    /// # Errors
    /// [`WorkError::Missing`].
    pub fn command_within(
        &self,
        program: Program,
        memory_max_bytes: u64,
    ) -> Result<Command, WorkError> {
        let path = self.programs.path(program).ok_or(WorkError::Missing(program))?;
        let mut chain: Vec<std::ffi::OsString> = Vec::new();
        if let Some(setpriv) = &self.programs.setpriv {
            chain.extend([setpriv.into(), "--pdeathsig".into(), "KILL".into(), "--".into()]);
        }
        if let Some(prlimit) = &self.programs.prlimit {
            let limit = format!("--as={memory_max_bytes}");
            chain.extend([prlimit.into(), limit.into(), "--".into()]);
        }
        chain.push(path.into());
        let mut command = Command::new(&chain[0]);
        command.args(&chain[1..]).current_dir(&self.scratch);
        // Its words are read by us: they must not depend on where the server runs.
        command.env("LC_ALL", "C.UTF-8");
        Ok(command)
    }

    /// Runs a program to its end, or until the control says stop, which takes no longer than [`POLL`] and a kill.
    ///
    /// # Errors
    /// [`WorkError::Cancelled`], [`WorkError::Program`] with the program's last words or where it got no further in
    /// time, and what `talk` answers.
    pub fn run(
        &self,
        program: Program,
        mut command: Command,
        mut talk: Talk<'_>,
        control: &Control<'_>,
    ) -> Result<(), WorkError> {
        let feeds = talk.feed.is_some();
        let hears = talk.line.is_some() || talk.bytes.is_some();
        command.stdin(if feeds { Stdio::piped() } else { Stdio::null() });
        command.stdout(if hears { Stdio::piped() } else { Stdio::null() });
        command.stderr(Stdio::piped());
        control.check()?;
        let mut child = Killed(command.spawn()?);
        let (heard_in, heard) = sync_channel(16);
        let (fed, to_feed) = sync_channel::<Vec<u8>>(2);
        let lines = talk.line.is_some();
        std::thread::scope(|scope| {
            let (stdin, stdout, stderr) =
                (child.0.stdin.take(), child.0.stdout.take(), child.0.stderr.take());
            let complaints = scope.spawn(move || stderr.map(complaints).unwrap_or_default());
            if let Some(stdout) = stdout {
                scope.spawn(move || listen(stdout, lines, &heard_in));
            } else {
                drop(heard_in);
            }
            if let Some(mut stdin) = stdin {
                scope.spawn(move || {
                    // A program that has enough closes its end; that is no failure of ours.
                    while let Ok(piece) = to_feed.recv() {
                        if stdin.write_all(&piece).is_err() {
                            break;
                        }
                    }
                });
            }
            let watched = Watched { program, silence_max: self.silence_max };
            let ended = watch(&mut child, &mut talk, &heard, fed, watched, control);
            drop(heard);
            // Without it the threads would wait for the pipes of a program that nobody waits for.
            drop(child);
            let words = complaints.join().unwrap_or_default();
            let status = ended?;
            if status.success() {
                return Ok(());
            }
            Err(WorkError::Program { program, detail: told(status, &words) })
        })
    }
}

/// A child that does not outlive the one who waits for it.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        // It may have ended in between: either way it is gone after the wait.
        if self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}

/// Who is watched, and with how much patience.
#[derive(Clone, Copy)]
struct Watched {
    program: Program,
    silence_max: Duration,
}

impl Watched {
    fn hung(self) -> WorkError {
        WorkError::Program {
            program: self.program,
            detail: "it got no further and was stopped".to_owned(),
        }
    }
}

/// Feeds and hears a program until it ends.
fn watch(
    child: &mut Killed,
    talk: &mut Talk<'_>,
    heard: &Receiver<Heard>,
    fed: SyncSender<Vec<u8>>,
    watched: Watched,
    control: &Control<'_>,
) -> Result<ExitStatus, WorkError> {
    let (begun, mut advance) = (Instant::now(), Advance::default());
    let mut fed = talk.feed.is_some().then_some(fed);
    let mut piece: Option<Vec<u8>> = None;
    let mut alive = Instant::now();
    let mut closed = talk.line.is_none() && talk.bytes.is_none();
    loop {
        control.check()?;
        if let (Some(to), Some(feed)) = (&fed, &mut talk.feed) {
            let next = match piece.take() {
                Some(waiting) => Some(waiting),
                None => feed()?,
            };
            let Some(next) = next else {
                fed = None;
                continue;
            };
            match to.try_send(next) {
                Ok(()) => alive = Instant::now(),
                Err(TrySendError::Full(back)) => piece = Some(back),
                Err(TrySendError::Disconnected(_)) => fed = None,
            }
        }
        // While it takes what it is fed there is no need to wait for its words.
        let wait = if fed.is_some() && piece.is_none() { Duration::ZERO } else { POLL };
        if closed {
            if let Some(status) = child.0.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(wait);
        } else {
            match heard.recv_timeout(wait) {
                Ok(what) => {
                    if !matches!(&what, Heard::Line(line) if !advance.is_further(line)) {
                        alive = Instant::now();
                    }
                    match (what, &mut talk.line, &mut talk.bytes) {
                        (Heard::Line(line), Some(hear), _) => hear(&line),
                        (Heard::Bytes(bytes), _, Some(take)) => take(bytes)?,
                        (Heard::Line(_) | Heard::Bytes(_), _, _) => {}
                    }
                }
                Err(RecvTimeoutError::Disconnected) => closed = true,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        if alive.elapsed() > watched.silence_max
            || talk.within.is_some_and(|within| begun.elapsed() > within)
        {
            return Err(watched.hung());
        }
    }
}

fn listen(from: impl Read, lines: bool, to: &SyncSender<Heard>) {
    let mut from = BufReader::with_capacity(256 * 1024, from);
    loop {
        let heard = if lines {
            let mut line = Vec::new();
            match (&mut from).take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => Heard::Line(String::from_utf8_lossy(&line).trim_end().to_owned()),
            }
        } else {
            let Ok(piece) = from.fill_buf() else { return };
            if piece.is_empty() {
                return;
            }
            let piece = piece.to_vec();
            from.consume(piece.len());
            Heard::Bytes(piece)
        };
        if to.send(heard).is_err() {
            return;
        }
    }
}

fn complaints(from: impl Read) -> Vec<String> {
    let mut from = BufReader::new(from);
    let mut kept = VecDeque::new();
    loop {
        let mut line = Vec::new();
        match (&mut from).take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return kept.into(),
            Ok(_) => {}
        }
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if !line.is_empty() {
            kept.push_back(line);
        }
        if kept.len() > COMPLAINTS_MAX {
            kept.pop_front();
        }
    }
}

/// A program's end in one sentence: its last words, without the addresses it puts before them.
fn told(status: ExitStatus, words: &[String]) -> String {
    let last = words.iter().rev().find(|line| !line.starts_with("Conversion failed"));
    let Some(last) = last else { return format!("it ended with {status}") };
    let said = match (last.starts_with('['), last.split_once("] ")) {
        (true, Some((_, rest))) => rest,
        _ => last,
    };
    said.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn tools() -> (ToolRunner, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (ToolRunner::new(Programs::find(), dir.path()).unwrap(), dir)
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_is_fed_and_heard() {
        let (tools, _dir) = tools();
        let mut left = 3_u8;
        let mut feed = || {
            left = left.saturating_sub(1);
            Ok((left > 0).then(|| format!("piece {left}\n").into_bytes()))
        };
        let mut lines = Vec::new();
        let mut line = |line: &str| lines.push(line.to_owned());
        let talk = Talk { feed: Some(&mut feed), line: Some(&mut line), ..Talk::default() };
        tools.run(Program::Ffmpeg, shell("cat"), talk, &Control::none()).unwrap();
        assert_eq!(lines, ["piece 2", "piece 1"]);
    }

    #[test]
    fn a_failed_program_is_quoted() {
        let (tools, _dir) = tools();
        let command = shell("echo '[mov @ 0x5581] moov atom not found' >&2; exit 3");
        let error =
            tools.run(Program::Ffmpeg, command, Talk::default(), &Control::none()).unwrap_err();
        assert_eq!(error.to_string(), "ffmpeg could not do this: moov atom not found");
    }

    #[test]
    fn a_stop_ends_a_program_that_neither_reads_nor_ends() {
        let (tools, _dir) = tools();
        let stop = AtomicBool::new(false);
        let cancelled = || stop.load(Ordering::Relaxed);
        let control = Control { progress: &|_| {}, cancelled: &cancelled };
        let mut fed = 0;
        let mut feed = || {
            fed += 1;
            // The pipe and the queue are full by then.
            if fed > 4 {
                stop.store(true, Ordering::Relaxed);
            }
            Ok(Some(vec![0_u8; 1 << 20]))
        };
        let (seen, watch) = (std::sync::Mutex::new(None), Instant::now());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(300));
                stop.store(true, Ordering::Relaxed);
            });
            let talk = Talk { feed: Some(&mut feed), ..Talk::default() };
            let ended = tools.run(Program::Ffmpeg, shell("exec sleep 3600"), talk, &control);
            *seen.lock().unwrap() = Some((ended, watch.elapsed()));
        });
        let (ended, _) = seen.into_inner().unwrap().unwrap();
        assert_eq!(ended, Err(WorkError::Cancelled));
    }

    #[test]
    fn a_program_that_gets_no_further_is_ended() {
        let (tools, _dir) = tools();
        let tools = tools.with_patience(Duration::from_millis(200));
        // As ffmpeg does while it sleeps: it goes on telling that it is where it was.
        let script = "n=0; while true; do n=$((n+1)); echo frame=4; echo out_time_us=1002000; echo speed=0.$n; \
                      echo progress=continue; sleep 0.02; done";
        let mut lines = 0;
        let mut line = |_: &str| lines += 1;
        let talk = Talk { line: Some(&mut line), ..Talk::default() };
        let ended = tools.run(Program::Ffmpeg, shell(script), talk, &Control::none());
        assert!(
            matches!(&ended, Err(WorkError::Program { detail, .. }) if detail.contains("no further")),
            "{ended:?}"
        );
        // One that gets further, slowly, is let go on.
        let script = "for n in 1 2 3 4 5 6 7 8; do echo out_time_us=$n; sleep 0.1; done";
        let mut line = |_: &str| {};
        let talk = Talk { line: Some(&mut line), ..Talk::default() };
        let slow = tools.clone().with_patience(Duration::from_secs(20));
        assert_eq!(slow.run(Program::Ffmpeg, shell(script), talk, &Control::none()), Ok(()));
        let talk = Talk { within: Some(Duration::from_millis(100)), ..Talk::default() };
        let ended = slow.run(Program::Own, shell("exec sleep 3600"), talk, &Control::none());
        assert!(matches!(ended, Err(WorkError::Program { program: Program::Own, .. })));
    }

    #[test]
    fn a_folder_goes_with_its_job() {
        let (tools, _dir) = tools();
        let folder = tools.folder().unwrap();
        let path = folder.path().to_owned();
        std::fs::write(path.join("frame.png"), b"x").unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
