//! Which function computes which model. The only list of them.

use crate::job::{Job, Made};
use crate::{
    assistant, camera, lip_sync, mix, music, paint, solid, sound_effects, upscale, vector, video,
    voice,
};
use gesso_media::ToolRunner;
use gesso_media::{Control, WorkError};

/// Computes one result of a model.
type Compute = fn(&Job, &ToolRunner, &Control<'_>) -> Result<Vec<Made>, WorkError>;

/// A built-in model.
struct Model {
    /// Id in the catalogue.
    id: &'static str,
    compute: Compute,
    /// True if another seed gives another result.
    seeded: bool,
}

/// The most characters of a prompt. What it is read for takes time in proportion to it; voiceovers and assistants, which
/// take whole texts, have limits of their own.
const PROMPT_CHARS_MAX: usize = 20_000;

/// Models that take whole texts.
const TAKE_TEXTS: [&str; 2] = ["studio-assistant", "studio-voice"];

const fn seeded(id: &'static str, compute: Compute) -> Model {
    Model { id, compute, seeded: true }
}

const fn exact(id: &'static str, compute: Compute) -> Model {
    Model { id, compute, seeded: false }
}

/// The built-in models as data, in TOML, a file a family; read by `gesso_protocol::catalog`.
pub const CATALOG: &[&str] = &[
    include_str!("../catalog/assistant.toml"),
    include_str!("../catalog/motion.toml"),
    include_str!("../catalog/pictures.toml"),
    include_str!("../catalog/solid.toml"),
    include_str!("../catalog/sound.toml"),
    include_str!("../catalog/upscale.toml"),
];

/// Every built-in model.
const MODELS: &[Model] = &[
    seeded("studio-assistant", assistant::compute),
    exact("studio-camera", camera::compute),
    exact("studio-lips", lip_sync::compute),
    exact("studio-mixer", mix::compute),
    seeded("studio-motion", video::compute),
    seeded("studio-painter", paint::compute),
    seeded("studio-vector", vector::compute),
    seeded("studio-upscaler", upscale::compute),
    seeded("studio-solid", solid::compute),
    exact("studio-voice", voice::compute),
    seeded("studio-foley", sound_effects::compute),
    seeded("studio-music", music::compute),
];

fn model(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}

/// Computes what a job asks for. The same job gives the same result.
///
/// # Errors
/// All of [`WorkError`].
pub fn compute(
    job: &Job,
    tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    let model = model(&job.model)
        .ok_or_else(|| WorkError::Refused(format!("The studio has no model “{}”.", job.model)))?;
    for (words, what) in [(&job.prompt, "prompt"), (&job.negative, "negative prompt")] {
        let chars = words.chars().count();
        if chars > PROMPT_CHARS_MAX && !TAKE_TEXTS.contains(&model.id) {
            return Err(WorkError::Refused(format!(
                "This {what} has {chars} characters; this model reads at most {PROMPT_CHARS_MAX}. Shorten it."
            )));
        }
    }
    (model.compute)(job, tools, control)
}

/// True if another seed gives another result of a model.
#[must_use]
pub fn is_seeded(id: &str) -> bool {
    model(id).is_some_and(|model| model.seeded)
}

#[cfg(test)]
mod tests {
    use gesso_protocol::catalog::Catalog;

    use super::*;
    use gesso_media::Program;

    #[test]
    fn a_prompt_without_end_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let tools = ToolRunner::new(gesso_media::Programs::default(), folder.path()).unwrap();
        let long = "a red fox ".repeat(PROMPT_CHARS_MAX / 10) + "!";
        for found in MODELS.iter().filter(|model| !TAKE_TEXTS.contains(&model.id)) {
            let mut job =
                Job { model: found.id.to_owned(), prompt: long.clone(), ..Job::default() };
            let refused = compute(&job, &tools, &Control::none()).unwrap_err().to_string();
            assert!(refused.contains("20001 characters"), "{}: {refused}", found.id);
            std::mem::swap(&mut job.prompt, &mut job.negative);
            let refused = compute(&job, &tools, &Control::none()).unwrap_err().to_string();
            assert!(refused.contains("negative prompt"), "{}: {refused}", found.id);
        }
    }

    #[test]
    fn the_catalogue_and_the_studio_have_the_same_models() {
        let catalog = Catalog::read(CATALOG).unwrap();
        for entry in catalog.models().iter().filter(|model| model.provider == "studio") {
            let id = &entry.id;
            let found = model(id).unwrap_or_else(|| panic!("nothing computes {id}"));
            assert_eq!(entry.params.contains_key("seed"), found.seeded, "{id}");
            for need in &entry.needs {
                assert!(
                    Program::from_name(need).is_some(),
                    "{id} needs {need}, which is no program"
                );
            }
        }
        for (n, found) in MODELS.iter().enumerate() {
            assert!(MODELS[..n].iter().all(|other| other.id != found.id), "{} twice", found.id);
            assert!(catalog.model(found.id).is_some(), "{} is not in the catalogue", found.id);
        }
    }
}
