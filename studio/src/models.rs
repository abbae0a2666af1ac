//! Which function computes which model, and what it takes.

use crate::job::{Job, Made};
use crate::unread::{self, Vocabulary};
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
    /// The words it understands, where it does not take whole texts.
    vocabulary: Option<Vocabulary>,
    /// The most characters of its prompt.
    prompt_max: usize,
    weight: Weight,
}

/// The kind of work of a model: models of one kind wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// What is done at once.
    Quick,
    /// What takes seconds to minutes: films, and what works on every pixel of a large picture.
    Slow,
    /// Voices, music and effects: seconds to minutes, as long as they sound.
    Sound,
}

impl Weight {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Slow, Self::Quick, Self::Sound];
}

/// The most characters of a prompt that is read word by word. What it is read for takes time in proportion to it.
const PROMPT_CHARS_MAX: usize = 20_000;

impl Model {
    /// Takes whole texts of so many characters.
    const fn texts(self, prompt_max: usize) -> Self {
        Self { prompt_max, ..self }
    }

    const fn weight(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }
}

const fn seeded(id: &'static str, compute: Compute) -> Model {
    Model { seeded: true, ..exact(id, compute) }
}

/// A model that reads its prompt word by word.
const fn read(id: &'static str, compute: Compute, vocabulary: Vocabulary) -> Model {
    Model { vocabulary: Some(vocabulary), ..seeded(id, compute) }
}

const fn exact(id: &'static str, compute: Compute) -> Model {
    Model {
        id,
        compute,
        seeded: false,
        vocabulary: None,
        prompt_max: PROMPT_CHARS_MAX,
        weight: Weight::Quick,
    }
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
    seeded("studio-assistant", assistant::compute).texts(assistant::TEXT_CHARS_MAX),
    exact("studio-camera", camera::compute),
    exact("studio-lips", lip_sync::compute).weight(Weight::Slow),
    exact("studio-mixer", mix::compute).weight(Weight::Slow),
    read("studio-motion", video::compute, video::VOCABULARY).weight(Weight::Slow),
    read("studio-painter", paint::compute, paint::VOCABULARY),
    read("studio-vector", vector::compute, vector::VOCABULARY),
    seeded("studio-upscaler", upscale::compute).weight(Weight::Slow),
    read("studio-solid", solid::compute, solid::VOCABULARY).weight(Weight::Slow),
    exact("studio-voice", voice::compute).texts(voice::CHARS_MAX).weight(Weight::Sound),
    read("studio-foley", sound_effects::compute, sound_effects::VOCABULARY).weight(Weight::Sound),
    read("studio-music", music::compute, music::VOCABULARY).weight(Weight::Sound),
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
    for (words, what, most) in [
        (&job.prompt, "prompt", model.prompt_max),
        (&job.negative, "negative prompt", PROMPT_CHARS_MAX),
    ] {
        let chars = words.chars().count();
        if chars > most {
            return Err(WorkError::Refused(format!(
                "This {what} has {chars} characters; this model reads at most {most}. Shorten it, or split it over several nodes."
            )));
        }
    }
    (model.compute)(job, tools, control)
}

/// The words of the prompt that the model has nothing for, as a sentence: "Not drawn: dragon".
#[must_use]
pub fn unread(job: &Job) -> Option<String> {
    let vocabulary = model(&job.model)?.vocabulary?;
    unread::told(&job.prompt, vocabulary)
}

/// The kind of work of a model.
#[must_use]
pub fn weight(id: &str) -> Weight {
    model(id).map_or(Weight::Quick, |model| model.weight)
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
        for found in MODELS {
            let long = |most: usize| "a red fox ".repeat(most / 10) + "!";
            let model = found.id.to_owned();
            let mut job = Job { model, prompt: long(found.prompt_max), ..Job::default() };
            let refused = compute(&job, &tools, &Control::none()).unwrap_err().to_string();
            let told = format!("{} characters", found.prompt_max + 1);
            assert!(refused.contains(&told), "{}: {refused}", found.id);
            (job.prompt, job.negative) = (String::new(), long(PROMPT_CHARS_MAX));
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

    fn of(model: &str, prompt: &str) -> Option<String> {
        unread(&Job { model: model.to_owned(), prompt: prompt.to_owned(), ..Job::default() })
    }

    #[test]
    fn what_a_model_has_nothing_for_is_named() {
        for (model, prompt, told) in [
            ("studio-painter", "A dragon over a red house at night", Some("Not drawn: dragon")),
            ("studio-painter", "a lighthouse by the sea at sunset", None),
            ("studio-painter", "a forest without dragons", None),
            ("studio-vector", "a minimal owl with a top hat", Some("Not drawn: hat")),
            (
                "studio-motion",
                "a dragon flies over misty mountains",
                Some("Not shown: dragon, flies"),
            ),
            ("studio-solid", "two small red cubes and a unicorn", Some("Not built: unicorn")),
            ("studio-foley", "heavy rain and a didgeridoo", Some("Not heard: didgeridoo")),
            ("studio-music", "slow jazz with piano and zither", Some("Not played: zither")),
            ("studio-voice", "Whatever is said is spoken", None),
        ] {
            assert_eq!(of(model, prompt).as_deref(), told, "{model}: {prompt}");
        }
    }

    #[test]
    fn a_long_list_ends() {
        let told = of("studio-painter", "qa qb qc qd qe qf qg qh qa").unwrap();
        assert_eq!(told, "Not drawn: qa, qb, qc, qd, qe, qf and 2 more");
    }
}
