//! The sounds of a mix: settings that hold one value for each wire, read leniently and written so that a sound
//! connected later has its default.

/// One value for each sound, as the mixer reads it: a single number is for all of them, a place left empty and
/// whatever is not written has the default.
#[must_use]
pub fn read(text: &str, count: usize, default: f64) -> Vec<f64> {
    let words: Vec<&str> = text.split([',', ';']).map(str::trim).collect();
    let value = |word: &str| word.parse::<f64>().ok().filter(|v| v.is_finite()).unwrap_or(default);
    (0..count)
        .map(|n| match words.as_slice() {
            [one] => value(one),
            all => all.get(n).map_or(default, |word| value(word)),
        })
        .collect()
}

/// The setting with another value for one sound; empty once all are the default.
#[must_use]
pub fn write(text: &str, count: usize, default: f64, at: usize, value: f64) -> String {
    let mut values = read(text, count, default);
    if let Some(place) = values.get_mut(at) {
        *place = value;
    }
    let is_default = |v: f64| (v - default).abs() < 1e-9;
    if values.iter().all(|v| is_default(*v)) {
        return String::new();
    }
    let words: Vec<String> =
        values.iter().map(|v| if is_default(*v) { String::new() } else { short(*v) }).collect();
    // A single number would be for every sound that is connected later.
    if words.len() == 1 { format!("{},", words[0]) } else { words.join(",") }
}

/// With at most three digits after the point.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_for_all_and_gaps_have_the_default() {
        assert_eq!(read("", 2, 1.0), [1.0, 1.0]);
        assert_eq!(read("0.5", 2, 1.0), [0.5, 0.5]);
        assert_eq!(read("0.5,", 2, 1.0), [0.5, 1.0]);
        assert_eq!(read(" 0.5 ; x ,2, 3", 3, 1.0), [0.5, 1.0, 2.0]);
    }

    #[test]
    fn what_is_written_is_read_and_a_new_sound_has_the_default() {
        let one = write("", 1, 1.0, 0, 0.25);
        assert_eq!(read(&one, 3, 1.0), [0.25, 1.0, 1.0]);
        let two = write(&one, 3, 1.0, 2, 1.75);
        assert_eq!(read(&two, 3, 1.0), [0.25, 1.0, 1.75]);
        assert_eq!(write(&write(&two, 3, 1.0, 0, 1.0), 3, 1.0, 2, 1.0), "");
        assert_eq!(write("0.5", 2, 1.0, 1, 2.0), "0.5,2");
    }
}
