//! Which canvases are damaged, and saving what was set aside of them.

use std::collections::BTreeMap;
use std::path::Path;

use super::assets;
use super::report::Report;
use crate::config::DoctorOptions;
use crate::db::{Db, DbError};
use crate::room::mend;

pub(super) async fn examine(report: &mut Report, options: &DoctorOptions) {
    report.title("Canvases");
    let db = match Db::open_unchanged(options.database.as_deref(), &options.data).await {
        Ok(Some(db)) => db,
        Ok(None) => return report.line(true, "canvases", "there is no database yet"),
        Err(error) => return report.line(false, "canvases", &error.to_string()),
    };
    if let Err(error) = look(report, &db).await {
        let told =
            format!("{error}; where the database is from a version before, start the server once");
        report.line(false, "canvases", &told);
    }
    report.title("Assets");
    if let Err(error) = assets::examine(report, &db, &options.data).await {
        report.line(false, "assets", &error.to_string());
    }
    if let Some(folder) = &options.save_damaged {
        match save(&db, folder).await {
            Ok(files) => {
                let told = format!("{files} files with what was set aside");
                report.line(true, &folder.display().to_string(), &told);
            }
            Err(error) => {
                report.line(false, &folder.display().to_string(), &error.to_string());
            }
        }
    }
    db.close().await;
}

/// Number of stored changes that a finding is about, and their bytes.
#[derive(Default)]
struct Count {
    rows: i64,
    bytes: i64,
}

async fn look(report: &mut Report, db: &Db) -> Result<(), DbError> {
    let mut sound = 0_usize;
    for (id, name) in db.canvas_names().await? {
        let mut found: BTreeMap<&str, Count> = BTreeMap::new();
        for damage in db.damage(&id).await? {
            let count = found.entry(damage.reason.id()).or_default();
            count.rows += damage.rows;
            count.bytes += damage.bytes;
        }
        let mut told = Vec::new();
        if !found.is_empty() {
            told.push(format!("set aside: {}", listed(&found)));
        }
        match db.read_log(&id).await {
            Ok(log) => {
                let canvas = id.clone();
                let looked =
                    tokio::task::spawn_blocking(move || mend::examine(&canvas, &log)).await;
                let mut new: BTreeMap<&str, Count> = BTreeMap::new();
                for item in looked.unwrap_or_default() {
                    let count = new.entry(item.reason.id()).or_default();
                    count.rows += item.rows;
                    count.bytes += item.data.len() as i64;
                }
                if !new.is_empty() {
                    told.push(format!("will be set aside when it is opened: {}", listed(&new)));
                }
            }
            Err(error) if error.is_damage() => told.push(error.to_string()),
            Err(error) => return Err(error),
        }
        if told.is_empty() {
            sound += 1;
        } else {
            report.line(false, id.as_str(), &format!("“{name}” is damaged; {}", told.join("; ")));
        }
    }
    report.line(true, "canvases", &format!("{sound} can be read whole"));
    Ok(())
}

fn listed(found: &BTreeMap<&str, Count>) -> String {
    let all = found.iter().map(|(reason, count)| {
        format!("{} changes {} ({} bytes)", count.rows, reason.replace('_', " "), count.bytes)
    });
    all.collect::<Vec<_>>().join(", ")
}

/// Writes what stands aside of each canvas into a folder of its own; gives how many files.
async fn save(db: &Db, folder: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    let mut files = 0;
    for (id, _) in db.damaged_canvases().await? {
        let folder = folder.join(id.as_str());
        tokio::fs::create_dir_all(&folder).await?;
        for row in db.aside(&id).await? {
            if row.data.is_empty() {
                continue;
            }
            let name = format!("{}-{}-{}.bin", row.seq, row.reason, row.id);
            tokio::fs::write(folder.join(name), &row.data).await?;
            files += 1;
        }
    }
    Ok(files)
}
