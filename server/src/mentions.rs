//! Telling people that somebody mentioned them in a comment.

use std::collections::BTreeSet;

use gesso_protocol::api::accounts::NotificationKind;
use gesso_protocol::ids::CanvasId;
use gesso_protocol::names;
use gesso_protocol::schema::Message;

use crate::clock::now_ms;
use crate::db::audit::NewNotification;
use crate::db::{Db, DbError};
use crate::events::Events;

/// The longest text that a notification shows, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// Leaves a notification for everybody whom a message mentions and who may see the canvas, but for its writer.
///
/// # Errors
/// When the database fails.
pub async fn tell(
    db: &Db,
    events: &Events,
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
