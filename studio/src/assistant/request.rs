//! The request: the task, and the words it is about.

use super::seen::Seen;
use crate::words::split;

/// A task of the assistant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Describe,
    Expand,
    Variations,
    Ideas,
    Refine,
    Summarise,
    Decline,
}

/// A request, read.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) task: Task,
    /// The subject matter, without the words that ask.
    pub(super) content: String,
    /// Number of results asked for.
    pub(super) count: usize,
}

/// Beginnings of words and phrases that ask for a task; the first of this list that a paragraph contains counts.
const ASKING: [(&str, Task); 31] = [
    ("translat", Task::Decline),
    ("summar", Task::Summarise),
    ("tl;dr", Task::Summarise),
    ("shorten", Task::Summarise),
    ("key points", Task::Summarise),
    ("describe", Task::Describe),
    ("description of", Task::Describe),
    ("what is in", Task::Describe),
    ("what do you see", Task::Describe),
    ("what's in", Task::Describe),
    ("caption", Task::Describe),
    ("alt text", Task::Describe),
    ("variation", Task::Variations),
    ("variant", Task::Variations),
    ("alternatives", Task::Variations),
    ("versions", Task::Variations),
    ("different prompts", Task::Variations),
    ("prompts for", Task::Variations),
    ("ideas", Task::Ideas),
    ("directions", Task::Ideas),
    ("concepts", Task::Ideas),
    ("brainstorm", Task::Ideas),
    ("suggest", Task::Ideas),
    ("improve", Task::Refine),
    ("refine", Task::Refine),
    ("critique", Task::Refine),
    ("feedback", Task::Refine),
    ("expand", Task::Expand),
    ("elaborate", Task::Expand),
    ("write a prompt", Task::Expand),
    ("make a prompt", Task::Expand),
];

/// A paragraph longer than this is matter, not a request.
const REQUEST_CHARS_MAX: usize = 160;
/// A text longer than this is for reading, not a prompt to expand.
const READING_WORDS: usize = 90;

impl Request {
    /// Reads the texts, the standing instructions and the mode.
    pub(super) fn read(text: &str, instructions: &str, mode: &str, seen: &Seen) -> Self {
        let text = text.replace("\r\n", "\n");
        let mut asked = None;
        let mut matter: Vec<String> = Vec::new();
        for paragraph in text.split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
            match request_of(paragraph) {
                Some((task, rest)) => {
                    asked = Some((task, number_in(paragraph)));
                    matter.extend(rest);
                }
                None => matter.push(paragraph.to_owned()),
            }
        }
        let standing =
            request_of(instructions.trim()).map(|(task, _)| (task, number_in(instructions)));
        let (said, count) = asked.or(standing).map_or((None, None), |(t, n)| (Some(t), n));
        let content = matter.join("\n\n");
        let anything = !seen.pictures.is_empty() || !seen.films.is_empty() || seen.unseen > 0;
        let natural = if content.split_whitespace().count() > READING_WORDS {
            Task::Summarise
        } else if anything && content.is_empty() {
            Task::Describe
        } else {
            Task::Expand
        };
        let task = match mode {
            "describe" => Task::Describe,
            "expand" => Task::Expand,
            "variations" => Task::Variations,
            "ideas" => Task::Ideas,
            "refine" => Task::Refine,
            "summarise" => Task::Summarise,
            _ => said.unwrap_or(natural),
        };
        let task = if task == Task::Describe && !anything { natural } else { task };
        Self { task, content, count: count.unwrap_or(5).clamp(1, 20) }
    }
}

/// The task a paragraph asks for, and what of it says what about.
fn request_of(paragraph: &str) -> Option<(Task, Option<String>)> {
    if paragraph.is_empty() || paragraph.chars().count() > REQUEST_CHARS_MAX {
        return None;
    }
    let lower = paragraph.to_lowercase();
    let (_, task) = ASKING.iter().find(|(words, _)| lower.contains(words))?;
    // "Five variations of a red fox", "Summarise: …": what comes after is the matter.
    let cut = [": ", " of ", " about ", " for ", " on "]
        .iter()
        .filter_map(|mark| lower.find(mark).map(|at| at + mark.len()))
        .min()
        .filter(|at| paragraph.is_char_boundary(*at));
    let rest = cut.map(|at| paragraph[at..].trim().trim_end_matches(['.', '!', '?']).trim());
    const POINTING: [&str; 16] = [
        "it",
        "this",
        "that",
        "them",
        "these",
        "the picture",
        "the image",
        "this picture",
        "this image",
        "the video",
        "this video",
        "the text",
        "this text",
        "posts about it",
        "the reference",
        "the prompt",
    ];
    let rest =
        rest.filter(|rest| !rest.is_empty() && !POINTING.contains(&rest.to_lowercase().as_str()));
    Some((*task, rest.map(str::to_owned)))
}

/// The first number in a text, in digits or as a word.
fn number_in(text: &str) -> Option<usize> {
    const WORDS: [&str; 13] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    split(&text.to_lowercase(), &[]).find_map(|word| {
        word.parse().ok().or_else(|| WORDS.iter().skip(2).position(|w| *w == word).map(|n| n + 2))
    })
}
