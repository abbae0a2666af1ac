//! Numbers and times as people read them.

/// "1st", "2nd", "3rd", "11th".
pub fn ordinal(n: u64) -> String {
    let end = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}

/// A length of time: "340 ms", "4.2 s", "48 s", "3 min 5 s", "2 h 10 min".
pub fn took(ms: i64) -> String {
    let s = ms / 1_000;
    match ms {
        i64::MIN..1_000 => format!("{} ms", ms.max(0)),
        1_000..10_000 => format!("{:.1} s", ms as f64 / 1000.0),
        10_000..120_000 => format!("{s} s"),
        120_000..3_600_000 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}

/// With the first letter capital.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A value somebody can choose, as it is shown: "push in" is "Push in"; "en", "mp4", "16:9" and "2K" stay.
pub fn choice(value: &str) -> String {
    let word = |c: char| c.is_ascii_lowercase() || matches!(c, ' ' | '_');
    let plain = value.chars().count() > 2 && value.chars().all(word);
    if plain { sentence(&value.replace('_', " ")) } else { value.to_owned() }
}

/// With the first letter small, for the end of a line.
pub fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// "1 item", "12 items".
pub fn many(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// "prompt", "model and prompt", "model, settings and prompt".
pub fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The first line of a text, cut to at most `most` characters.
pub fn line(text: &str, most: usize) -> String {
    let first = text.trim().lines().next().unwrap_or_default();
    if first.chars().count() <= most {
        return first.to_owned();
    }
    let cut: String = first.chars().take(most).collect();
    format!("{}…", cut.trim_end())
}

/// Text as a value of a URL's query (RFC 3986 §2.1: all but the unreserved characters as percent and hex).
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        let said: Vec<String> = [1, 2, 3, 4, 11, 12, 21, 103, 113].map(ordinal).to_vec();
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "103rd", "113th"]);
        assert_eq!(took(340), "340 ms");
        assert_eq!(took(4_200), "4.2 s");
        assert_eq!(took(185_000), "3 min 5 s");
        assert_eq!(took(7_800_000), "2 h 10 min");
        assert_eq!(many(1, "item"), "1 item");
        assert_eq!(listed(&["model", "settings", "prompt"]), "model, settings and prompt");
        assert_eq!(listed(&["prompt"]), "prompt");
        assert_eq!(line("ä storm\nsecond", 4), "ä st…");
    }

    #[test]
    fn choices_read_as_words_where_they_are_words() {
        assert_eq!(choice("push in"), "Push in");
        assert_eq!(choice("three_quarter"), "Three quarter");
        assert_eq!(choice("oil"), "Oil");
        for same in ["en", "16:9", "2K", "480p", "en-GB"] {
            assert_eq!(choice(same), same);
        }
    }
}
