//! Entries of a list as people type them: what a key or a paste makes of the entry with the caret.

/// Returns the entries that pasted text becomes: its lines, or the cells of a column, without empty ones. A single one
/// is left to the field.
pub fn of_paste(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.replace('\t', " ").trim().to_owned());
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    if lines.len() > 1 { lines } else { Vec::new() }
}

/// Splits an entry where Enter is pressed, by offsets in UTF-16 units: what stays, and what the next one begins with. A
/// selection goes.
pub fn split(text: &str, start: u32, end: u32) -> (String, String) {
    let units: Vec<u16> = text.encode_utf16().collect();
    let at = |offset: u32| (offset as usize).min(units.len());
    let (start, end) = (at(start.min(end)), at(end.max(start)));
    (String::from_utf16_lossy(&units[..start]), String::from_utf16_lossy(&units[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_lines_become_entries_and_one_stays_text() {
        assert_eq!(of_paste("a fox\r\n\r\n  an owl \na\tdeer\n"), ["a fox", "an owl", "a deer"]);
        assert_eq!(of_paste("a fox\n"), Vec::<String>::new());
        assert_eq!(of_paste(""), Vec::<String>::new());
    }

    #[test]
    fn enter_splits_at_the_caret_and_takes_what_is_selected() {
        assert_eq!(split("a fox", 5, 5), ("a fox".to_owned(), String::new()));
        assert_eq!(split("a fox", 2, 2), ("a ".to_owned(), "fox".to_owned()));
        assert_eq!(split("a 🦊 b", 2, 5), ("a ".to_owned(), "b".to_owned()));
        assert_eq!(split("ab", 9, 9), ("ab".to_owned(), String::new()));
    }
}
