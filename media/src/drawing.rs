//! Drawing vector pictures of unknown origin where it can be ended: in a process of its own, which has so much memory
//! and so much time and no more. The program is the server's own, called for this alone.

use std::io::{Read, Write};
use std::time::Duration;

use image::RgbaImage;

use crate::control::Control;
use crate::error::WorkError;
use crate::program::Program;
use crate::runner::Talk;
use crate::runner::ToolRunner;
use crate::svg;

/// Most address space of a drawing, in bytes.
const MEMORY_MAX_BYTES: u64 = 1536 * 1024 * 1024;
/// Most time of a drawing.
pub const DRAWING_TIME_MAX: Duration = Duration::from_secs(20);
/// Most bytes of a drawing's answer: its pixels and a little more.
const ANSWER_BYTES_MAX: usize = 4096 * 4096 * 4 + 1024;
/// Most bytes that the drawing process reads.
const QUESTION_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// First byte of an answer: pixels or a sentence follow.
const PIXELS: u8 = 1;
const SENTENCE: u8 = 2;
/// The argument by which the own program knows what it is called for.
pub const DRAW_ARGUMENT: &str = "draw-svg";

/// Width and height of a vector picture in pixels.
///
/// # Errors
/// [`WorkError::Refused`] for what is broken or asks for too much, and those of [`ToolRunner::run`].
pub fn size(
    svg: &[u8],
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<(u32, u32), WorkError> {
    if !tools.programs().has(Program::Own) {
        return svg::size(svg);
    }
    Ok(ask(svg, 0, DRAWING_TIME_MAX, tools, control)?.0)
}

/// A drawing of a vector picture, `width` pixels wide, on nothing; narrower where it would be too high. It may take as
/// long as `within`.
///
/// # Errors
/// Those of [`size`].
pub fn draw(
    svg: &[u8],
    width: u32,
    within: Duration,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    let width = width.max(1);
    if !tools.programs().has(Program::Own) {
        return svg::draw(svg, width);
    }
    let ((width, height), pixels) = ask(svg, width, within, tools, control)?;
    RgbaImage::from_raw(width, height, pixels)
        .ok_or_else(|| WorkError::Internal("a drawing of another size".to_owned()))
}

fn ask(
    svg: &[u8],
    width: u32,
    within: Duration,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<((u32, u32), Vec<u8>), WorkError> {
    let mut command = tools.command_within(Program::Own, MEMORY_MAX_BYTES)?;
    command.arg(DRAW_ARGUMENT).arg(width.to_string());
    let mut question = Some(svg.to_vec());
    let mut feed = || Ok(question.take());
    let mut answer = Vec::new();
    let mut bytes = |piece: Vec<u8>| {
        answer.extend(piece);
        if answer.len() > ANSWER_BYTES_MAX { Err(too_much()) } else { Ok(()) }
    };
    let talk = Talk {
        feed: Some(&mut feed),
        bytes: Some(&mut bytes),
        within: Some(within),
        ..Talk::default()
    };
    // However it ended, by its memory, its time or its own fault: it was the picture that did it.
    tools.run(Program::Own, command, talk, control).map_err(|error| {
        if matches!(error, WorkError::Program { .. }) { too_much() } else { error }
    })?;
    let number =
        |at: usize| answer.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    match (answer.first(), number(1), number(5)) {
        (Some(&SENTENCE), ..) => {
            Err(WorkError::Refused(String::from_utf8_lossy(&answer[1..]).into_owned()))
        }
        (Some(&PIXELS), Some(width), Some(height)) => Ok(((width, height), answer.split_off(9))),
        _ => Err(too_much()),
    }
}

fn too_much() -> WorkError {
    WorkError::Refused(
        "This SVG asks for more work than is done for a picture. Simplify its filters and effects, or save it as PNG \
         and upload that."
            .to_owned(),
    )
}

/// Draws for another process: reads a picture from `from` to its end, and writes its size (with a width of 0) or its
/// pixels to `to`.
///
/// # Errors
/// Those of reading and writing.
pub fn serve_drawing(width: u32, from: impl Read, mut to: impl Write) -> std::io::Result<()> {
    let mut svg = Vec::new();
    from.take(QUESTION_BYTES_MAX).read_to_end(&mut svg)?;
    let drawn = if width == 0 {
        svg::size(&svg).map(|size| (size, Vec::new()))
    } else {
        svg::draw(&svg, width).map(|drawn| (drawn.dimensions(), drawn.into_raw()))
    };
    match drawn {
        Ok(((width, height), pixels)) => {
            to.write_all(&[PIXELS])?;
            to.write_all(&width.to_le_bytes())?;
            to.write_all(&height.to_le_bytes())?;
            to.write_all(&pixels)?;
        }
        Err(error) => {
            to.write_all(&[SENTENCE])?;
            to.write_all(error.to_string().as_bytes())?;
        }
    }
    to.flush()
}
