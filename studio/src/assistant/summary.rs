//! The telling sentences of a text: `TextRank` (Mihalcea and Tarau, 2004), in the order in which they stand.

use std::collections::BTreeSet;

use super::seen::Length;
use crate::words::split;
use gesso_media::{Control, WorkError};

/// The most sentences that are compared with each other.
const SENTENCES_MAX: usize = 600;
/// Words that tell nothing about what a sentence is about.
const PLAIN: &str = "a about after again all also am an and any are as at be because been before being but by can could did do \
    does for from had has have he her here him his how i if in into is it its just like made make many may me more most \
    much my no not now of on one only or other our out over said same she should so some such than that the their them \
    then there these they this those through to too under up us very was we were what when where which while who will \
    with would you your";

/// Splits a text into sentences; abbreviations of one letter and numbers end none.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut from = 0;
        let marks: Vec<(usize, char)> = line.char_indices().collect();
        for (n, (at, c)) in marks.iter().enumerate() {
            let ends = matches!(c, '.' | '!' | '?' | '…' | '。');
            let next = marks.get(n + 1).map(|(_, c)| *c);
            let breaks = next.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '”' | ')'));
            let word = line[from..*at].rsplit(char::is_whitespace).next().unwrap_or_default();
            if ends && (breaks || *c == '。') && (word.chars().count() > 1 || *c != '.') {
                let end = at + c.len_utf8();
                push(&mut found, &line[from..end]);
                from = end;
            }
        }
        push(&mut found, &line[from..]);
    }
    found
}

fn push(found: &mut Vec<String>, sentence: &str) {
    let sentence = sentence.trim();
    if sentence.chars().any(char::is_alphanumeric) {
        found.push(sentence.to_owned());
    }
}

fn topics(sentence: &str, plain: &BTreeSet<&str>) -> BTreeSet<String> {
    let words = sentence.to_lowercase();
    split(&words, &[])
        .filter(|word| word.chars().count() > 2 && !plain.contains(word))
        // Endings off: "boats" and "boat" speak of the same.
        .map(|word| word.strip_suffix('s').unwrap_or(word).to_owned())
        .collect()
}

/// The telling sentences; a text of few is given back as it is.
pub(super) fn summarise(
    text: &str,
    length: Length,
    control: &Control<'_>,
) -> Result<String, WorkError> {
    let all = sentences(text);
    let wanted = match length {
        Length::Short => 2,
        Length::Medium => (all.len() / 4).clamp(3, 6),
        Length::Long => (all.len() / 3).clamp(5, 12),
    };
    if all.is_empty() {
        return Ok("There is no text to summarise. Connect one, or write it here.".to_owned());
    }
    if all.len() <= wanted {
        return Ok(all.join(" "));
    }
    let plain: BTreeSet<&str> = PLAIN.split_whitespace().collect();
    // Of a very long text every so-manieth sentence is read, so that its end counts as well.
    let step = all.len().div_ceil(SENTENCES_MAX);
    let mut known = BTreeSet::new();
    let read: Vec<(usize, BTreeSet<String>)> = all
        .iter()
        .enumerate()
        .step_by(step)
        .map(|(i, s)| (i, topics(s, &plain)))
        // Said again it tells nothing more, and would vouch for itself.
        .filter(|(_, topics)| known.insert(topics.clone()))
        .collect();
    let scores = ranks(&read, control)?;
    let mut order: Vec<usize> = (0..read.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    let mut chosen: Vec<usize> = Vec::new();
    for candidate in order {
        let alike = |other: &usize| likeness(&read[candidate].1, &read[*other].1) > 0.9;
        if chosen.len() < wanted && !chosen.iter().any(alike) {
            chosen.push(candidate);
        }
    }
    chosen.sort_unstable();
    Ok(chosen.into_iter().map(|n| all[read[n].0].as_str()).collect::<Vec<_>>().join(" "))
}

fn likeness(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f32 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let shared = a.intersection(b).count() as f32;
    shared / (libm::logf(a.len() as f32 + 1.0) + libm::logf(b.len() as f32 + 1.0))
}

fn ranks(read: &[(usize, BTreeSet<String>)], control: &Control<'_>) -> Result<Vec<f32>, WorkError> {
    let n = read.len();
    let mut links = vec![0.0_f32; n * n];
    for i in 0..n {
        control.check()?;
        for j in 0..i {
            let like = likeness(&read[i].1, &read[j].1);
            links[i * n + j] = like;
            links[j * n + i] = like;
        }
    }
    let sums: Vec<f32> = (0..n).map(|i| links[i * n..(i + 1) * n].iter().sum()).collect();
    let mut scores = vec![1.0_f32; n];
    for _ in 0..30 {
        control.check()?;
        let next = (0..n).map(|i| {
            let given = (0..n).filter(|j| sums[*j] > 0.0);
            0.15 + 0.85 * given.map(|j| links[j * n + i] / sums[j] * scores[j]).sum::<f32>()
        });
        scores = next.collect();
    }
    // What a text opens with is more often what it is about.
    for (i, score) in scores.iter_mut().enumerate() {
        *score *= 1.0 + 0.25 / (1.0 + i as f32);
    }
    Ok(scores)
}
