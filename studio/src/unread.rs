//! The words of a prompt that a model has nothing for: what it did not draw or play is told and not passed over.

use crate::words::split;

/// A model's vocabulary.
#[derive(Clone, Copy)]
pub(crate) struct Vocabulary {
    /// What was not done with an unknown word: "Not drawn".
    pub(crate) lack: &'static str,
    /// The words of a prompt, in lower case.
    pub(crate) words: fn(&str) -> Vec<String>,
    /// True if a word means something to the model.
    pub(crate) knows: fn(&str) -> bool,
}

/// The most words that are named one by one.
const NAMED_MAX: usize = 6;

/// Words that say how things belong together, or that a picture or sound is wanted at all.
const FILLERS: &str = "a an the this that these those my your our his her its their some any each every all both few many \
    of in on at by to from with into onto over under above below behind beside between among near next through across \
    along around against inside outside off out up down for as like about after before during until while when where \
    and or but nor so than then also too very quite really more most less least only just even still yet not no without \
    is are was were be been being am do does did has have had having will would can could should may might must \
    i you he she it we they me him them who whom whose which what there here \
    make makes made show shows showing shown draw drawing drawn paint painted create creating generate please want add \
    picture pictures image images photo photos photograph illustration painting render rendering scene view shot \
    style styled kind type sort version piece set pair bit lot part side front back top bottom left right middle center \
    centre one two three four five six seven eight nine ten several first second \
    beautiful nice great good best amazing stunning gorgeous lovely pretty perfect detailed detail details high quality \
    sound sounds noise audio recording music song track tune theme instrumental loop video clip film movie footage \
    small little tiny big large huge tall short wide light lit soft gentle \
    stands standing sits sitting lies lying comes coming goes going falls falling glides gliding moves moving \
    model object objects thing things shape";

/// "Not drawn: dragon, knight", or nothing where everything was understood.
pub(crate) fn told(prompt: &str, vocabulary: Vocabulary) -> Option<String> {
    let mut unread: Vec<String> = Vec::new();
    let mut is_refused = false;
    for word in (vocabulary.words)(prompt) {
        let is_filler = FILLERS.split_ascii_whitespace().any(|filler| filler == word);
        if matches!(word.as_str(), "no" | "not" | "without") {
            is_refused = true;
            continue;
        }
        let is_short = word.chars().count() < 2 || word.chars().all(|c| c.is_ascii_digit());
        if is_filler || is_short {
            continue;
        }
        // What is not wanted was not drawn on purpose.
        if !std::mem::take(&mut is_refused) && !(vocabulary.knows)(&word) && !unread.contains(&word)
        {
            unread.push(word);
        }
    }
    let more = unread.len().saturating_sub(NAMED_MAX);
    unread.truncate(NAMED_MAX);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!unread.is_empty()).then(|| format!("{}: {}{rest}", vocabulary.lack, unread.join(", ")))
}

/// The words of the first part of a prompt, in lower case.
pub(crate) fn plain_words(prompt: &str) -> Vec<String> {
    const CHARS_MAX: usize = 4_000;
    let text: String = prompt.chars().take(CHARS_MAX).collect::<String>().to_lowercase();
    split(&text, &['\'']).map(str::to_owned).collect()
}
