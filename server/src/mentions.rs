//! Telling people that somebody mentioned them in a comment.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use gesso_protocol::api::accounts::NotificationKind;
use gesso_protocol::ids::CanvasId;
use gesso_protocol::names;
use gesso_protocol::schema::Message;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::clock::now_ms;
use crate::db::audit::NewNotification;
use crate::db::{Db, DbError};
use crate::events::Events;

/// The longest text that a notification shows, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// Mentions of one person that are told at once, and time after which one more is.
const BURST: NonZeroU32 = NonZeroU32::new(30).unwrap();
const EACH: Duration = Duration::from_secs(20);
/// So many writers are remembered before those at rest are forgotten.
const KEYS_MAX: usize = 10_000;

/// Keeps people from filling the lists of others.
#[derive(Debug)]
pub struct MentionLimiter(DefaultKeyedRateLimiter<String>);

impl Default for MentionLimiter {
    fn default() -> Self {
        let quota = Quota::with_period(EACH).expect("a period is above zero").allow_burst(BURST);
        Self(RateLimiter::keyed(quota))
    }
}

impl MentionLimiter {
    fn allows(&self, writer: &str) -> bool {
        if self.0.len() > KEYS_MAX {
            self.0.retain_recent();
        }
        self.0.check_key(&writer.to_owned()).is_ok()
    }
}

/// Leaves a notification for everybody whom a message mentions and who may see the canvas, but for its writer.
///
/// # Errors
/// When the database fails.
pub async fn tell(
    db: &Db,
    events: &Events,
    limiter: &MentionLimiter,
    canvas: &CanvasId,
    thread: String,
    message: Message,
) -> Result<(), DbError> {
    let Some(row) = db.canvas(canvas).await? else { return Ok(()) };
    let by_name = db.person(&message.by).await?.map_or(message.name, |me| me.name);
    let people: BTreeSet<String> = message.mentions.into_iter().collect();
    for person in people.into_iter().filter(|person| *person != message.by) {
        let role = db.role(canvas, &person).await?.and_then(|row| row.role());
        if role.is_none() {
            continue;
        }
        if !limiter.allows(&message.by) {
            return Ok(());
        }
        let new = NewNotification {
            person: person.clone(),
            kind: NotificationKind::Mention,
            canvas: Some(canvas.clone()),
            canvas_name: row.name.clone(),
            node: Some(thread.clone()),
            request: None,
            by_name: by_name.clone(),
            text: names::shortened_text(&message.text, SHOWN_CHARS_MAX),
        };
        db.notify(&new, now_ms()).await?;
        events.notified(&person);
    }
    Ok(())
}
