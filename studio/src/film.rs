//! Moving pictures: frames into an MP4, frames and sound out of files of unknown origin. Frames pass one by one; a
//! film is never held.

mod encode;
mod probe;
mod rate;
mod read;
mod sound;

pub(crate) use encode::{Reel, encode};
pub(crate) use probe::Probe;
pub(crate) use rate::Rate;
pub(crate) use read::Source;
pub(crate) use sound::{SAMPLES_PER_S, Sound};

#[cfg(test)]
mod tests {
    use super::*;
    use gesso_media::{Control, Program, Programs, ToolRunner, WorkError};

    pub(super) fn tools() -> (ToolRunner, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (ToolRunner::new(Programs::find(), dir.path()).unwrap(), dir)
    }

    /// Each frame is one grey that grows, with a red left half.
    fn draw(n: u32, frame: &mut [u8]) {
        for (i, pixel) in frame.chunks_exact_mut(3).enumerate() {
            let grey = 20 + n as u8 * 10;
            pixel.copy_from_slice(&if i % 64 < 32 { [200, 30, 40] } else { [grey; 3] });
        }
    }

    fn tone(seconds: f64) -> Sound {
        let count = (seconds * f64::from(SAMPLES_PER_S)) as usize;
        let wave = |i: usize| (libm::sin(i as f64 * 0.06) * 9000.0) as i16;
        Sound { samples: (0..count).map(|i| [wave(i); 2]).collect() }
    }

    fn film(sound: Option<&Sound>) -> Vec<u8> {
        let (tools, _dir) = tools();
        let reel = Reel { width: 64, height: 48, rate: Rate::whole(12), frames: 18 };
        let mut picture = |n: u32, frame: &mut [u8]| {
            draw(n, frame);
            Ok(())
        };
        encode(&reel, sound, &tools, &Control::none(), &mut picture).unwrap()
    }

    #[test]
    fn frames_and_sound_come_back() {
        let sound = tone(1.5);
        let bytes = film(Some(&sound));
        assert_eq!(bytes, film(Some(&sound)), "the same frames must give the same bytes");
        let (tools, _dir) = tools();
        let source = Source::open(&bytes, &tools, &Control::none()).unwrap();
        let probe = source.about();
        assert_eq!(probe.size_px, Some((64, 48)));
        assert_eq!(probe.rate, Some(Rate::whole(12)));
        assert!((probe.duration_s - 1.5).abs() < 0.05, "{}", probe.duration_s);
        assert!(probe.has_sound);

        let mut seen = Vec::new();
        let mut take = |frame: Vec<u8>| {
            seen.push(frame);
            Ok(())
        };
        let none = Control::none();
        source.frames((64, 48), Rate::whole(12), 100, &tools, &none, &mut take).unwrap();
        assert_eq!(seen.len(), 18);
        for (n, frame) in seen.iter().enumerate() {
            let mut expected = vec![0; frame.len()];
            draw(n as u32, &mut expected);
            for x in [8, 56] {
                let at = (24 * 64 + x) * 3;
                for c in 0..3 {
                    let off = i32::from(frame[at + c]) - i32::from(expected[at + c]);
                    assert!(off.abs() < 10, "frame {n} x {x}: {off}");
                }
            }
        }
        let heard = source.sound(10.0, &tools, &none).unwrap();
        assert!((heard.seconds() - 1.5).abs() < 0.05, "{}", heard.seconds());
        let level = heard.loudness(0.2, 1.2);
        assert!((level - 9000.0 / 32768.0 / 1.414).abs() < 0.03, "{level}");
    }

    #[test]
    fn without_sound_there_is_no_stream_of_it() {
        let (tools, _dir) = tools();
        let source = Source::open(&film(None), &tools, &Control::none()).unwrap();
        assert!(!source.about().has_sound);
        let error = source.sound(1.0, &tools, &Control::none()).unwrap_err();
        assert!(matches!(error, WorkError::Refused(_)), "{error}");
    }

    #[test]
    fn what_is_no_film_is_refused_in_a_sentence() {
        let (tools, _dir) = tools();
        for bytes in [&b""[..], b"#EXTM3U\nfile:///etc/passwd", b"<svg xmlns='x'/>"] {
            let error = Source::open(bytes, &tools, &Control::none()).err().unwrap();
            assert!(matches!(error, WorkError::Refused(_)), "{error}");
        }
        let whole = film(None);
        let broken = Source::open(&whole[..whole.len() / 3], &tools, &Control::none());
        let error = broken.err().unwrap();
        assert!(matches!(error, WorkError::Refused(_)), "{error}");
    }

    #[test]
    fn a_stop_ends_the_encoding() {
        let (tools, _dir) = tools();
        let reel = Reel { width: 64, height: 48, rate: Rate::whole(12), frames: 1_000_000 };
        let stop = std::sync::atomic::AtomicBool::new(false);
        let mut picture = |n: u32, _: &mut [u8]| {
            stop.store(n > 3, std::sync::atomic::Ordering::Relaxed);
            Ok(())
        };
        let cancelled = || stop.load(std::sync::atomic::Ordering::Relaxed);
        let control = Control { progress: &|_| {}, cancelled: &cancelled };
        let ended = encode(&reel, None, &tools, &control, &mut picture);
        assert_eq!(ended, Err(WorkError::Cancelled));
        assert!(tools.programs().has(Program::Ffmpeg));
    }
}
