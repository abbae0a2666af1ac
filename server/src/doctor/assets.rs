//! Which files of assets are gone or damaged.

use std::path::Path;

use super::report::Report;
use crate::assets::audit::{self, Found};
use crate::db::assets::AssetKey;
use crate::db::{Db, DbError};

/// Number of rows that are read at once.
const ROWS: i64 = 1_000;

/// Compares the file of every asset with what was stored.
///
/// # Errors
/// When the database fails.
pub(super) async fn examine(report: &mut Report, db: &Db, data: &Path) -> Result<(), DbError> {
    let root = data.join("assets");
    let (mut sound, mut after) = (0_usize, None);
    loop {
        let rows = db.asset_names(after.as_ref(), ROWS).await?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(last.clone());
        for (AssetKey { id, .. }, name) in rows {
            let (root, file) = (root.clone(), id.clone());
            let found = tokio::task::spawn_blocking(move || audit::examine(&root, &file)).await;
            let told = match found {
                Ok(Ok(Found::Sound)) => {
                    sound += 1;
                    continue;
                }
                Ok(Ok(Found::Gone)) => "its file is gone".to_owned(),
                Ok(Ok(Found::Damaged)) => "its file is not what was stored".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            let told = format!("“{name}”: {told}; restore it from a backup, or upload it again");
            report.line(false, id.as_str(), &told);
        }
    }
    report.line(true, "assets", &format!("{sound} are sound"));
    Ok(())
}
