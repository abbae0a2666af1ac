//! Frames into an MP4 that every browser plays: H.264 high, 4:2:0, BT.709, its index in front.

use super::rate::Rate;
use super::sound::{SAMPLES_PER_S, Sound};
use gesso_media::Talk;
use gesso_media::{Control, Program, ToolRunner, WorkError};

/// Size, frame rate and length of a film.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reel {
    /// Even, in pixels.
    pub(crate) width: u32,
    /// Even, in pixels.
    pub(crate) height: u32,
    pub(crate) rate: Rate,
    /// Number of pictures it has.
    pub(crate) frames: u32,
}

impl Reel {
    pub(crate) fn seconds(&self) -> f64 {
        f64::from(self.frames) / self.rate.per_second()
    }

    /// Finer for small pictures, whose faults are enlarged on a screen.
    fn crf(&self) -> &'static str {
        match self.width * self.height {
            0..=500_000 => "18",
            500_001..=1_200_000 => "19",
            _ => "20",
        }
    }
}

/// Encodes what `draw` paints, frame by frame, as 8-bit sRGB; the sound is cut to the picture's length. The same frames
/// give the same bytes.
///
/// # Errors
/// The errors of `draw`, [`WorkError::Cancelled`], and those of the program.
pub(crate) fn encode(
    reel: &Reel,
    sound: Option<&Sound>,
    tools: &ToolRunner,
    control: &Control<'_>,
    draw: &mut dyn FnMut(u32, &mut [u8]) -> Result<(), WorkError>,
) -> Result<Vec<u8>, WorkError> {
    let folder = tools.folder()?;
    let out = folder.path().join("film.mp4");
    let mut command = tools.command(Program::Ffmpeg)?;
    command.args(["-nostdin", "-hide_banner", "-v", "error", "-y"]);
    command.args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-framerate", &reel.rate.text()]);
    command.args(["-video_size", &format!("{}x{}", reel.width, reel.height), "-i", "pipe:0"]);
    if let Some(sound) = sound {
        let path = folder.path().join("sound.wav");
        let count = libm::round(reel.seconds() * f64::from(SAMPLES_PER_S)) as usize;
        sound.write_wav(&path, count)?;
        command.args(["-f", "wav", "-i"]).arg(path);
        command.args(["-map", "0:v:0", "-map", "1:a:0", "-c:a", "aac", "-b:a", "192k"]);
    }
    let filter = "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int+bitexact,format=yuv420p";
    command.args(["-vf", filter, "-c:v", "libx264", "-profile:v", "high", "-preset", "fast"]);
    command.args(["-crf", reel.crf(), "-threads", "2", "-filter_threads", "1"]);
    let second = libm::ceil(reel.rate.per_second()) as u32;
    command.args(["-g", &(second * 2).to_string()]);
    command.args(["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"]);
    command.args(["-color_range", "tv", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]);
    command.args(["-fflags", "+bitexact", "-map_metadata", "-1", "-movflags", "+faststart"]);
    command.args(["-f", "mp4"]).arg(&out);

    let mut next = 0;
    let mut feed = || {
        if next == reel.frames {
            return Ok(None);
        }
        let mut frame = vec![0; reel.width as usize * reel.height as usize * 3];
        draw(next, &mut frame)?;
        next += 1;
        // The last part is the encoder's, which still has frames in hand.
        control.at(next as f32 / reel.frames as f32 * 0.97)?;
        Ok(Some(frame))
    };
    let talk = Talk { feed: Some(&mut feed), ..Talk::default() };
    tools.run(Program::Ffmpeg, command, talk, control)?;
    let bytes = std::fs::read(out)?;
    control.at(1.0)?;
    Ok(bytes)
}
