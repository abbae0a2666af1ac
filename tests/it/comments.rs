//! Comments where people sign in: they stand in their writer's name, and tell whom they mention.

use gesso_protocol::api::accounts::{CanvasRole, WorkspaceRole};
use gesso_protocol::ids::CanvasId;
use gesso_protocol::schema::{Message, Place, add_thread, read_thread};
use gesso_server::clock::now_ms;
use reqwest::{Client, Method, StatusCode};
use serde_json::json;
use tests::{TestServer, databases};
use yrs::updates::decoder::Decode as _;
use yrs::{Transact as _, Update};

use crate::rights::{Somebody, sign_up, with_accounts};

/// Posts threads with these first messages.
async fn write(server: &TestServer, who: &Somebody, canvas: &str, messages: &[(&str, Message)]) {
    let doc = gesso_protocol::doc::open(rand::random::<u32>() | 1, "comments");
    let mut txn = doc.transact_mut();
    for (thread, message) in messages {
        add_thread(&mut txn, thread, &Place::Pos([0.0, 0.0]), message);
    }
    let update = txn.encode_update_v1();
    let (name, value) = who.header.clone().unwrap();
    let at = format!("{}/api/canvases/{canvas}/doc", server.url);
    let request = Client::new().post(at).header(name, value);
    let request = request.header("content-type", "application/octet-stream").body(update);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
}

fn message(by: &Somebody, text: &str, mentions: &[&Somebody]) -> Message {
    Message {
        by: by.id.clone(),
        name: by.name.to_owned(),
        at: now_ms(),
        text: text.to_owned(),
        mentions: mentions.iter().map(|somebody| somebody.id.clone()).collect(),
    }
}

#[tokio::test]
async fn mentions_are_told_to_whom_they_may_concern_and_names_are_ones_own() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let mara = sign_up(&server, "mara", WorkspaceRole::Member).await;
        let jonas = sign_up(&server, "jonas", WorkspaceRole::Guest).await;
        let stranger = sign_up(&server, "stranger", WorkspaceRole::Guest).await;
        let (_, made) =
            mara.call(&server, Method::POST, "/api/canvases", json!({"name": "Film"})).await;
        let canvas = made["id"].as_str().unwrap().to_owned();
        let (db, id) = (&server.app.db, CanvasId::new(canvas.as_str()));
        assert!(db.put_canvas_person(&id, &jonas.id, CanvasRole::Editor, now_ms()).await.unwrap());
        let mention = message(&mara, "Is it soft enough?", &[&jonas, &stranger, &mara]);
        write(&server, &mara, &canvas, &[("t1", mention)]).await;
        let told = async |who: &Somebody| {
            let (status, listed) =
                who.call(&server, Method::GET, "/api/notifications", json!({})).await;
            assert_eq!(status, StatusCode::OK);
            listed["items"].as_array().unwrap().clone()
        };
        let notices = tokio::time::timeout(std::time::Duration::from_secs(60), async {
            loop {
                let notices = told(&jonas).await;
                if !notices.is_empty() {
                    return notices;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        });
        let notices = notices.await.expect("jonas is told");
        let notice = &notices[0];
        assert_eq!(notice["kind"], "mention");
        assert_eq!(notice["canvas"], canvas);
        assert_eq!(notice["node"], "t1");
        assert_eq!(notice["by"], "mara");
        assert_eq!(notice["text"], "Is it soft enough?");
        assert!(told(&stranger).await.is_empty(), "who may not see the canvas is told nothing");
        assert!(told(&mara).await.is_empty(), "nobody is told of what they wrote");

        // A comment in the name of another is taken out, and tells nobody; one's own beside it stays.
        let forged = message(&mara, "I quit", &[&jonas]);
        let own = message(&jonas, "A little softer", &[]);
        write(&server, &jonas, &canvas, &[("t2", forged), ("t3", own)]).await;
        let (name, value) = mara.header.clone().unwrap();
        let at = format!("{}/api/canvases/{canvas}/doc", server.url);
        let sent = Client::new().get(at).header(name, value).send().await.unwrap();
        let doc = gesso_protocol::doc::open(1, "comments");
        let update = Update::decode_v1(&sent.bytes().await.unwrap()).unwrap();
        doc.transact_mut().apply_update(update).unwrap();
        let txn = doc.transact();
        assert_eq!(read_thread(&txn, "t2"), None);
        assert_eq!(read_thread(&txn, "t3").unwrap().messages[0].text, "A little softer");
        assert_eq!(told(&jonas).await.len(), 1);
        drop(txn);
        server.stop().await;
    }
}
