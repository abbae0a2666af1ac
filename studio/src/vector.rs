//! The SVG generator: signs, scenes, badges, patterns and abstract compositions out of a set of drawn glyphs, in few
//! flat colours. The drawing holds shapes and nothing else: no script, no style sheet, no address, no font.

mod brief;
mod glyphs;
mod inks;
mod sheet;
mod styles;

use crate::math::{Rng, mix64};
use crate::paint::{palette, words};
use crate::unread::Vocabulary;
use crate::{Content, Job, Made, job};
use brief::Brief;
use gesso_media::{Control, MediaKind, ToolRunner, WorkError};
use inks::Inks;
use sheet::Sheet;

/// As many canvas units as a square of this side has.
const SIDE: f32 = 512.0;

/// The words it understands: its signs, and the painter's colours and moods.
pub(crate) const VOCABULARY: Vocabulary = Vocabulary {
    lack: "Not drawn",
    words: words::words,
    knows: |word| !glyphs::asked(&[word.to_owned()]).is_empty() || words::knows(word),
};

/// The model `studio-vector`.
pub(crate) fn compute(
    job: &Job,
    _tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    control.at(0.0)?;
    let references = job.pictures("references")?;
    control.at(0.3)?;
    let brief = brief(job, palette::study(&references).as_ref());
    let ratio = job::ratio(job.text("aspect_ratio")).unwrap_or(1.0) as f32;
    let (w, h) = ((SIDE * ratio.sqrt()).round(), (SIDE / ratio.sqrt()).round());
    let mut sheet = Sheet::new(w, h);
    styles::draw(job.text("style"), &brief, &mut sheet);
    control.at(0.9)?;
    let text = sheet.finish(&title(&job.prompt));
    control.at(1.0)?;
    let content = Content::File {
        kind: MediaKind::Svg,
        mime: "image/svg+xml",
        bytes: text.into_bytes(),
        size_px: Some((w as u32, h as u32)),
        duration_s: None,
    };
    Ok(vec![Made { port: "svg", content }])
}

fn brief(job: &Job, reference: Option<&palette::Reference>) -> Brief {
    let intent = words::read(&job.prompt, &job.negative);
    let rng = Rng::new(mix64(job.seed) ^ intent.hash);
    let unwanted = glyphs::asked(&words::words(&job.negative));
    let wanted = |g: &&'static glyphs::Glyph| unwanted.iter().all(|other| other.id != g.id);
    let mut found: Vec<_> =
        glyphs::asked(&words::words(&job.prompt)).into_iter().filter(wanted).collect();
    let named = !found.is_empty();
    if !named {
        let all: Vec<_> = glyphs::all().iter().filter(wanted).collect();
        let mut rng = rng.fork("glyphs");
        // Everything was unwanted: a drawing is made of something all the same.
        let all = if all.is_empty() { glyphs::all().iter().collect() } else { all };
        found = (0..3).map(|_| all[rng.below(all.len())]).collect();
    }
    let colors = job.whole("colors", 5).clamp(2, 6) as usize;
    let inks = Inks::choose(&intent, reference, &rng).reduced(colors);
    Brief { intent, glyphs: found, named, inks, rng }
}

/// The first words of the prompt, as the drawing's title for those who cannot see it.
fn title(prompt: &str) -> String {
    let first = prompt.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("Drawing");
    first.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests;
