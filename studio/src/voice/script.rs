//! A script as it is spoken: plain text, in sentences.

/// Silence after a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// Within a sentence that is too long for one breath.
    Breath,
    /// Between sentences.
    Sentence,
    /// Between paragraphs.
    Paragraph,
}

/// A text said in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) pause: Pause,
}

/// Most bytes of a piece: about twenty seconds of speech.
const PIECE_BYTES_MAX: usize = 400;
/// A point after these ends no sentence.
const SHORT: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "etc", "no", "nr", "fig", "e.g",
    "i.e", "z.b", "bzw", "ca", "approx", "dept", "inc", "ltd", "co", "mme", "mlle", "sra", "ing",
];

/// The text without what the speaker would take as an order: control characters become spaces, and the brackets that
/// would begin phonemes are taken apart.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        let c = match c {
            '\n' | '\u{2028}' | '\u{2029}' => '\n',
            '\r' | '\u{feff}' | '\u{200b}' => continue,
            c if c.is_control() => ' ',
            c => c,
        };
        if c == '[' && plain.ends_with('[') {
            plain.push(' ');
        }
        plain.push(c);
    }
    plain
}

/// The sentences of a text, those that are too long in parts.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for paragraph in text.split('\n') {
        let before = pieces.len();
        for sentence in sentences(paragraph) {
            for part in parts(sentence) {
                if part.chars().any(char::is_alphanumeric) {
                    pieces.push(Piece { text: part.to_owned(), pause: Pause::Breath });
                }
            }
            if let Some(last) = pieces.get_mut(before..).and_then(<[Piece]>::last_mut) {
                last.pause = Pause::Sentence;
            }
        }
        if let Some(last) = pieces.get_mut(before..).and_then(<[Piece]>::last_mut) {
            last.pause = Pause::Paragraph;
        }
    }
    pieces
}

fn sentences(paragraph: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut chars = paragraph.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let wide = matches!(c, '。' | '！' | '？' | '।' | '؟');
        if !wide && !matches!(c, '.' | '!' | '?' | '…') {
            continue;
        }
        // Closing marks belong to the sentence.
        let mut end = at + c.len_utf8();
        while let Some((next, mark)) = chars.peek().copied() {
            if !matches!(mark, '.' | '!' | '?' | '…' | '"' | '”' | '’' | '»' | ')' | '\'') {
                break;
            }
            end = next + mark.len_utf8();
            chars.next();
        }
        let ends = wide || chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        if ends && !(c == '.' && is_short(&paragraph[start..at])) {
            sentences.push(paragraph[start..end].trim());
            start = end;
        }
    }
    sentences.push(paragraph[start..].trim());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// True if a point after this is that of an abbreviation, an initial or an ordinal number.
fn is_short(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic) && word != "i";
    initial || SHORT.contains(&word.as_str())
}

/// A sentence in parts that end at a comma, else at a space, else anywhere.
fn parts(mut sentence: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while sentence.len() > PIECE_BYTES_MAX {
        let mut most = PIECE_BYTES_MAX;
        while !sentence.is_char_boundary(most) {
            most -= 1;
        }
        let head = &sentence[..most];
        let comma = head.rfind([',', ';', ':', '，', '、', '；']).filter(|at| *at > most / 3);
        let cut = comma
            .or_else(|| head.rfind(char::is_whitespace))
            .map_or(most, |at| at + head[at..].chars().next().map_or(1, char::len_utf8));
        parts.push(sentence[..cut].trim());
        sentence = &sentence[cut..];
    }
    parts.push(sentence.trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        pieces(&plain(text)).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn sentences_end_where_a_reader_stops() {
        assert_eq!(
            texts(
                "Dr. Smith paid 3.50 for it. \"Really?\" Yes! J. Doe did not…\n\nNew day。你好。"
            ),
            [
                "Dr. Smith paid 3.50 for it.",
                "\"Really?\"",
                "Yes!",
                "J. Doe did not…",
                "New day。",
                "你好。"
            ]
        );
        let pauses: Vec<_> = pieces("One. Two.\nThree.").iter().map(|piece| piece.pause).collect();
        assert_eq!(pauses, [Pause::Sentence, Pause::Paragraph, Pause::Paragraph]);
    }

    #[test]
    fn nothing_is_an_order_to_the_speaker() {
        assert_eq!(plain("a[[h@l'oU]]\u{1}99P[[[b\r\nc"), "a[ [h@l'oU]] 99P[ [ [b\nc");
    }

    #[test]
    fn long_sentences_are_cut_without_losing_a_word() {
        let long = "many words, then a few more ".repeat(60);
        let all = texts(&long);
        assert!(all.iter().all(|part| part.len() <= PIECE_BYTES_MAX));
        assert_eq!(all.join(" "), long.trim());
        let unbroken = "é".repeat(5000);
        assert_eq!(texts(&unbroken).concat(), unbroken);
    }

    #[test]
    fn marks_alone_are_not_spoken() {
        assert!(texts("... !!! \n — ?").is_empty());
    }
}
