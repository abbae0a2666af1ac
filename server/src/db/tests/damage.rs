//! Damaging what is stored, behind the server's back; and a database file that is damaged itself.

use super::*;
use crate::db::log::{Append, LogRow};
use crate::db::{DbError, with_read, with_tx, with_write};
use gesso_protocol::ids::WorkspaceId;
use gesso_protocol::schema::Meta;

impl TestDb {
    /// Writes a stored update anew as it is given, the checksum too.
    pub(crate) async fn overwrite_update(&self, canvas: &CanvasId, row: &LogRow) {
        const SQL: &str =
            "UPDATE doc_updates SET data = $3, checksum = $4 WHERE canvas = $1 AND seq = $2";
        self.overwrite(SQL, canvas, row).await;
    }

    /// Writes a stored snapshot anew as it is given, the checksum too.
    pub(crate) async fn overwrite_snapshot(&self, canvas: &CanvasId, row: &LogRow) {
        const SQL: &str =
            "UPDATE doc_snapshots SET data = $3, checksum = $4 WHERE canvas = $1 AND seq = $2";
        self.overwrite(SQL, canvas, row).await;
    }

    async fn overwrite(&self, sql: &'static str, canvas: &CanvasId, row: &LogRow) {
        let done = with_write!(&self.db, on => sqlx::query(sql)
            .bind(canvas.as_str())
            .bind(row.seq)
            .bind(row.data.as_deref())
            .bind(row.checksum.as_deref())
            .execute(on)
            .await
            .map(|done| done.rows_affected()));
        assert_eq!(done.unwrap(), 1);
    }

    /// Takes a stored update away.
    pub(crate) async fn remove_update(&self, canvas: &CanvasId, seq: i64) {
        const SQL: &str = "DELETE FROM doc_updates WHERE canvas = $1 AND seq = $2";
        with_write!(&self.db, on => sqlx::query(SQL).bind(canvas.as_str()).bind(seq).execute(on).await.map(|_| ()))
            .unwrap();
    }
}

#[tokio::test]
async fn rows_carry_checksums_and_go_with_their_canvas() {
    for test in databases().await {
        let append =
            Append { canvas: &CANVAS, seq: 1, data: &[0, 0], at: 0, listed: None, clients: vec![] };
        test.db.append_log(std::slice::from_ref(&append)).await.unwrap();
        test.db.compact_log(&CANVAS, 1, &[0, 0]).await.unwrap();
        test.db.append_log(&[Append { seq: 2, ..append }]).await.unwrap();
        let log = test.db.read_log(&CANVAS).await.unwrap();
        let sums = (log.snapshot.unwrap().checksum.unwrap(), log.rows[0].checksum.clone().unwrap());
        assert_eq!(sums.0, crate::db::checksum::of_state(&CANVAS, 1, &[0, 0]));
        assert_eq!(sums.1, crate::db::checksum::of(&CANVAS, 2, &[0, 0]));
        let aside = crate::db::log::SetAside {
            seq: 7,
            rows: 2,
            reason: gesso_protocol::api::DamageReason::Altered,
            data: vec![1, 2, 3],
        };
        // The same is set aside once.
        for now in [50, 60] {
            test.db.set_aside(&CANVAS, std::slice::from_ref(&aside), now).await.unwrap();
        }
        let damage = test.db.damage(&CANVAS).await.unwrap();
        assert_eq!(damage.len(), 1);
        assert_eq!((damage[0].at, damage[0].rows, damage[0].bytes, damage[0].first), (50, 2, 3, 7));
        assert_eq!(test.db.aside(&CANVAS).await.unwrap()[0].data, [1, 2, 3]);
        test.db.compact_log(&CANVAS, 2, &[0, 0]).await.unwrap();
        assert_eq!(test.db.aside(&CANVAS).await.unwrap().len(), 1);
        test.db.mark_deleted(&CANVAS, 70).await.unwrap();
        test.db.purge(&CANVAS).await.unwrap();
        assert_eq!(test.db.aside(&CANVAS).await.unwrap(), []);
    }
}

/// Where in the file the table's rows are.
async fn pages(db: &Db, sql: &'static str) -> Vec<i64> {
    with_read!(db, pool => sqlx::query_scalar(sql).fetch_all(pool).await).unwrap_or_default()
}

#[tokio::test]
async fn what_lies_on_other_pages_than_the_damaged_one_is_still_read() {
    let folder = folder();
    let db = Db::open(None, &folder).await.unwrap();
    // Each row has a page of its own and more.
    let data: Vec<Vec<u8>> = (0..8_u8).map(|n| vec![n + 1; 6_000]).collect();
    for (at, data) in data.iter().enumerate() {
        db.append_log(&[Append {
            canvas: &CANVAS,
            seq: at as i64 + 1,
            data,
            at: 0,
            listed: None,
            clients: vec![],
        }])
        .await
        .unwrap();
    }
    let Db::Sqlite { write, .. } = &db else { unreachable!() };
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut *write.acquire().await.unwrap())
        .await
        .unwrap();
    assert!(pages(&db, "SELECT seq FROM doc_updates").await.len() == 8);
    db.close().await;
    // The page on which the fourth row's bytes go on.
    let file = folder.join("gesso.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let is_filled = |page: &[u8]| page[4..1_000].iter().all(|byte| *byte == 4);
    let page = bytes.chunks(4096).position(is_filled).unwrap();
    // The leaf that leads to it leads to one that does not exist.
    // Its number stands behind the first of the row's bytes.
    let number = (page as u32 + 1).to_be_bytes();
    let behind = [[4; 4], number].concat();
    let named = bytes.windows(8).rposition(|window| window == behind).unwrap() + 4;
    bytes[named..named + 4].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff]);
    std::fs::write(&file, bytes).unwrap();
    let db = Db::open(None, &folder).await.unwrap();
    let log = db.read_log(&CANVAS).await.unwrap();
    let read: Vec<_> = log.rows.iter().map(|row| (row.seq, row.data.as_deref())).collect();
    let expected =
        data.iter().enumerate().map(|(at, data)| (at as i64 + 1, (at != 3).then_some(&data[..])));
    assert_eq!(read, expected.collect::<Vec<_>>());
    db.close().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A full disk makes SQLite roll back by itself, in the middle of a transaction: it only ends this one.
#[tokio::test]
async fn a_transaction_that_the_database_ended_stops_no_other_one() {
    async fn ended_from_within(db: &Db) -> Result<(), DbError> {
        with_tx!(db, tx => async {
            sqlx::query("ROLLBACK").execute(&mut *tx).await?;
            Ok::<(), DbError>(())
        }
        .await)
    }
    for test in databases().await {
        // PostgreSQL only warns of it.
        let _ended = ended_from_within(&test.db).await;
        start(&test.db, "run", &[("a", 1)]).await.unwrap();
        assert_eq!(credits(&test.db).await.1, 10);
    }
}

#[tokio::test]
async fn a_database_that_may_not_be_written_is_not_damaged() {
    let folder = folder();
    Db::open(None, &folder).await.unwrap().close().await;
    let db = Db::open_unchanged(None, &folder).await.unwrap().unwrap();
    let append =
        Append { canvas: &CANVAS, seq: 1, data: &[0, 0], at: 0, listed: None, clients: vec![] };
    let refused = db.append_log(&[append]).await.unwrap_err();
    assert!(refused.is_refused_write() && !refused.is_damage(), "{refused}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn the_list_has_name_and_time_with_the_update_that_changed_them() {
    for test in databases().await {
        let made = test.db.canvas(&CANVAS).await.unwrap().unwrap();
        let meta = Meta { name: "New".to_owned(), description: "Why".to_owned() };
        let append = |seq, at, listed| Append {
            canvas: &CANVAS,
            seq,
            data: &[0, 0],
            at,
            listed,
            clients: vec![],
        };
        let at = made.updated_at + 5;
        test.db.append_log(&[append(1, at, Some(&meta)), append(2, at - 1, None)]).await.unwrap();
        // A clock that was put back does not put a canvas behind those that were changed before it.
        test.db.append_log(&[append(3, at - 2, None)]).await.unwrap();
        let row = test.db.canvas(&CANVAS).await.unwrap().unwrap();
        assert_eq!((&*row.name, &*row.description, row.updated_at), ("New", "Why", at));
    }
}

#[tokio::test]
async fn owners_of_client_ids_come_with_the_update_and_go_with_their_canvas() {
    for test in databases().await {
        let append = |seq, clients| Append {
            canvas: &CANVAS,
            seq,
            data: &[0, 0],
            at: 0,
            listed: None,
            clients,
        };
        let most = (1_i64 << 53) - 1;
        test.db
            .append_log(&[append(1, vec![(7, "ada"), (most, "bob")]), append(2, vec![(8, "ada")])])
            .await
            .unwrap();
        // Whose it is stays; what was compacted takes none away.
        test.db.append_log(&[append(3, vec![(7, "bob")])]).await.unwrap();
        test.db.compact_log(&CANVAS, 3, &[0, 0]).await.unwrap();
        let clients = async || {
            let mut clients = test.db.read_log(&CANVAS).await.unwrap().clients;
            clients.sort_unstable();
            clients
        };
        let expected = [(7, "ada"), (8, "ada"), (most, "bob")];
        assert_eq!(clients().await, expected.map(|(id, person)| (id, person.to_owned())));
        // An update that is not stored brings none.
        test.db.append_log(&[append(4, vec![]), append(4, vec![(9, "cleo")])]).await.unwrap_err();
        assert_eq!(clients().await.len(), 3);
        test.db.mark_deleted(&CANVAS, 70).await.unwrap();
        test.db.purge(&CANVAS).await.unwrap();
        assert!(clients().await.is_empty());
    }
}

#[tokio::test]
async fn a_canvas_is_never_there_without_what_it_begins_with() {
    for test in databases().await {
        let row = CanvasRow {
            id: CanvasId::new("new"),
            workspace: WorkspaceId::default(),
            ..test.db.canvas(&CANVAS).await.unwrap().unwrap()
        };
        test.db.add_canvas(&row, Some(&[0, 0]), None).await.unwrap();
        let log = test.db.read_log(&row.id).await.unwrap();
        let snapshot = log.snapshot.unwrap();
        assert_eq!((snapshot.seq, snapshot.data.as_deref()), (1, Some(&[0, 0][..])));
        assert_eq!(snapshot.checksum.unwrap(), crate::db::checksum::of_state(&row.id, 1, &[0, 0]));
        // What is refused brings no document either: that of the deleted canvas is gone.
        test.db.mark_deleted(&row.id, 70).await.unwrap();
        test.db.purge(&row.id).await.unwrap();
        assert!(
            test.db.add_canvas(&row, Some(&[0, 0]), None).await.unwrap_err().is_unique_violation()
        );
        assert_eq!(test.db.read_log(&row.id).await.unwrap().snapshot, None);
    }
}
