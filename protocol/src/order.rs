//! Fractional indexes: strings over `0-9A-Za-z` compared by bytes, so that something can always be put
//! between two others by writing one value (R-DOC-8, R-DOC-9).

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Appending and prepending count in the leading digits, so that keys stay short over many of them.
const COUNTED: usize = 4;

fn value(digit: u8) -> usize {
    DIGITS.iter().position(|d| *d == digit).unwrap_or(0)
}

/// A key after `last` (`""`: the first key of all), also where a foreign writer made `last` of other letters.
pub fn after(last: &str) -> String {
    step(last, 1).filter(|key| key.as_str() > last).unwrap_or_else(|| format!("{last}V"))
}

/// A key before `first`, if there is room (there is none before `""`).
pub fn before(first: &str) -> Option<String> {
    if first.is_empty() {
        return None;
    }
    step(first, -1).filter(|key| key.as_str() < first).or_else(|| between("", first))
}

fn step(key: &str, by: i64) -> Option<String> {
    if key.is_empty() {
        return Some("V000".to_owned());
    }
    let mut number: i64 = 0;
    for i in 0..COUNTED {
        let digit = key.as_bytes().get(i).map_or(0, |d| value(*d));
        number = number * 62 + i64::try_from(digit).ok()?;
    }
    number += by;
    if !(1..62_i64.pow(4)).contains(&number) {
        return None;
    }
    let mut digits = [b'0'; COUNTED];
    for place in digits.iter_mut().rev() {
        *place = DIGITS[usize::try_from(number % 62).ok()?];
        number /= 62;
    }
    Some(digits.iter().map(|d| char::from(*d)).collect())
}

/// A key strictly between `low` and `high`; `None` where none exists, because they are equal, out of
/// order or differ by trailing zeros only: then one of the two must be rewritten.
pub fn between(low: &str, high: &str) -> Option<String> {
    if low >= high {
        return None;
    }
    let (low, high) = (low.as_bytes(), high.as_bytes());
    let mut key = Vec::new();
    let mut bounded = true;
    for i in 0.. {
        let from = low.get(i).map_or(0, |d| value(*d));
        let to = if bounded { high.get(i).map(|d| value(*d)) } else { Some(62) };
        let to = to?;
        if to > from + 1 {
            key.push(DIGITS[(from + to) / 2]);
            break;
        }
        key.push(DIGITS[from]);
        if to == from + 1 {
            bounded = false;
        }
    }
    let key: String = key.into_iter().map(char::from).collect();
    // Of letters that a foreign writer used nothing follows.
    (low < key.as_bytes() && key.as_bytes() < high).then_some(key)
}

/// True if a key is written as here: at most 256 of `0-9A-Za-z`.
pub fn is_key(key: &str) -> bool {
    key.len() <= 256 && key.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_thousand_appends_stay_short_and_ordered() {
        let mut last = String::new();
        for _ in 0..1000 {
            let next = after(&last);
            assert!(next > last && next.len() <= 4);
            last = next;
        }
        assert!(after("zzzz").as_str() > "zzzz");
        assert!(before("").is_none());
    }

    proptest! {
        #[test]
        fn keys_of_other_letters_are_followed_too(a in "[ -~é]{1,6}", b in "[ -~é]{1,6}") {
            prop_assert!(after(&a) > a);
            if let Some(key) = before(&a) { prop_assert!(key < a); }
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            if let Some(key) = between(&low, &high) { prop_assert!(low < key && key < high); }
        }

        #[test]
        fn between_is_between(a in "[0-9A-Za-z]{0,6}", b in "[0-9A-Za-z]{0,6}") {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            match between(&low, &high) {
                Some(key) => prop_assert!(low < key && key < high, "{} {} {}", low, key, high),
                None => prop_assert!(low == high || high.trim_end_matches('0') == low.trim_end_matches('0')),
            }
            prop_assert!(after(&low) > low);
            if let Some(key) = before(&high) { prop_assert!(key < high); }
        }
    }
}
