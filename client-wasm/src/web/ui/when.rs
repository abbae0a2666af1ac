//! Times as people say them, in the browser's own time zone.

use js_sys::Date;
use wasm_bindgen::JsValue;

const DAY_MS: f64 = 86_400_000.0;
const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Milliseconds since 1970 as the browser's date; exact far beyond any date shown.
fn date(at_ms: i64) -> Date {
    #[expect(clippy::cast_precision_loss, reason = "dates are far below 2^53 ms")]
    Date::new(&JsValue::from_f64(at_ms as f64))
}

/// `09:12`
pub fn clock(at_ms: i64) -> String {
    let at = date(at_ms);
    format!("{:02}:{:02}", at.get_hours(), at.get_minutes())
}

/// `Today, 09:12`, `Yesterday`, `Tuesday`, `3 Mar`, `3 Mar 2025`.
pub fn told(at_ms: i64) -> String {
    let (at, now) = (date(at_ms), Date::new_0());
    let midnight = |day: &Date| {
        let start = Date::new(day);
        start.set_hours(0);
        start.set_minutes(0);
        start.set_seconds(0);
        start.set_milliseconds(0);
        start.get_time()
    };
    // Rounded, because a day with a change of clocks is an hour shorter or longer.
    let days = ((midnight(&now) - midnight(&at)) / DAY_MS).round();
    let named = |names: &[&'static str], i: u32| {
        usize::try_from(i).ok().and_then(|i| names.get(i).copied()).unwrap_or_default()
    };
    let month = named(&MONTHS, at.get_month());
    if days < 1.0 {
        format!("Today, {}", clock(at_ms))
    } else if days < 2.0 {
        "Yesterday".to_owned()
    } else if days < 7.0 {
        named(&DAYS, at.get_day()).to_owned()
    } else if at.get_full_year() == now.get_full_year() {
        format!("{} {month}", at.get_date())
    } else {
        format!("{} {month} {}", at.get_date(), at.get_full_year())
    }
}

/// How long something is good for, as a choice: days and words; the first is for ever.
pub const ENDS: [(&str, &str); 4] = [
    ("", "Never ends"),
    ("1", "Ends in a day"),
    ("7", "Ends in a week"),
    ("30", "Ends in 30 days"),
];

/// The time in so many days, in ms since 1970; `None` for something that is no number, which is for ever.
pub fn in_days(days: &str) -> Option<i64> {
    let days: f64 = days.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "dates are far below 2^53 ms")]
    Some((Date::now() + days * DAY_MS) as i64)
}

/// A day that begins at this moment in UTC: `3 Mar`.
pub fn day(at_ms: i64) -> String {
    let at = date(at_ms);
    let month = usize::try_from(at.get_utc_month()).ok().and_then(|i| MONTHS.get(i));
    format!("{} {}", at.get_utc_date(), month.copied().unwrap_or_default())
}

/// A time to come: `today, 09:12`, `3 Mar`, `3 Mar 2027`.
pub fn told_ahead(at_ms: i64) -> String {
    let (at, now) = (date(at_ms), Date::new_0());
    let month = usize::try_from(at.get_month())
        .ok()
        .and_then(|i| MONTHS.get(i))
        .copied()
        .unwrap_or_default();
    let is_this_year = at.get_full_year() == now.get_full_year();
    if is_this_year && at.get_month() == now.get_month() && at.get_date() == now.get_date() {
        format!("today, {}", clock(at_ms))
    } else if is_this_year {
        format!("{} {month}", at.get_date())
    } else {
        format!("{} {month} {}", at.get_date(), at.get_full_year())
    }
}
