//! Several workspaces on one server: people, canvases, files, credits and logs of each (R-ACC-10 to R-ACC-15).

use std::time::Duration;

use gesso_protocol::api::accounts::{CanvasRole, Scope, WorkspaceRole};
use gesso_protocol::ids::{CanvasId, WorkspaceId};
use gesso_server::clock::now_ms;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tests::{TestServer, databases};

use crate::rights::{Somebody, sign_up, sign_up_in, token, with_accounts};

async fn get(server: &TestServer, who: &Somebody, path: &str) -> (StatusCode, Value) {
    who.call(server, Method::GET, path, json!({})).await
}

async fn post(server: &TestServer, who: &Somebody, path: &str, body: Value) -> (StatusCode, Value) {
    who.call(server, Method::POST, path, body).await
}

/// Brings a picture under a name; answers its id.
async fn upload(server: &TestServer, who: &Somebody, query: &str) -> (StatusCode, Value) {
    let (header, value) = who.header.clone().unwrap();
    let dot = include_bytes!("../data/dot.png").to_vec();
    let at = format!("{}/api/assets?{query}", server.url);
    let sent = Client::new().post(at).header(header, value).body(dot).send().await.unwrap();
    (sent.status(), sent.json().await.unwrap())
}

/// A run once it has succeeded.
async fn succeeded(server: &TestServer, who: &Somebody, at: &str) -> Value {
    let waiting = async {
        loop {
            let (_, run) = get(server, who, at).await;
            if run["status"] == "succeeded" {
                return run;
            }
            assert_ne!(run["status"], "failed", "{run}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waiting).await.expect("it succeeds")
}

/// A workspace of its own with a member.
async fn other_workspace(server: &TestServer, boss: &Somebody) -> (WorkspaceId, Somebody) {
    let (status, made) = post(server, boss, "/api/workspaces", json!({"name": "Films"})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!((&made["role"], &made["members"]), (&json!("owner"), &json!(1)));
    let id = WorkspaceId::new(made["id"].as_str().unwrap());
    let member = sign_up_in(server, id.clone(), "filmer", WorkspaceRole::Member).await;
    (id, member)
}

#[tokio::test]
async fn people_of_one_workspace_know_nothing_of_another() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let boss = sign_up(&server, "boss", WorkspaceRole::Owner).await;
        let designer = sign_up(&server, "designer", WorkspaceRole::Member).await;
        let (films, filmer) = other_workspace(&server, &boss).await;

        let (_, listed) = get(&server, &boss, "/api/workspaces").await;
        let names: Vec<&Value> =
            listed["items"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert_eq!(names, [&json!("Workspace"), &json!("Films")]);
        let (_, listed) = get(&server, &filmer, "/api/workspaces").await;
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
        for (who, of) in [(&filmer, "default"), (&designer, films.as_str())] {
            for path in ["", "/members", "/invitations"] {
                let at = format!("/api/workspaces/{of}{path}");
                assert_eq!(get(&server, who, &at).await.0, StatusCode::NOT_FOUND, "{at}");
            }
            for at in ["credits", "credits/ledger", "assets", "audit", "usage"] {
                let at = format!("/api/{at}?workspace={of}");
                assert_eq!(get(&server, who, &at).await.0, StatusCode::NOT_FOUND, "{at}");
            }
            let wish = json!({"name": "Not mine", "workspace": of});
            let made = post(&server, who, "/api/canvases", wish).await;
            assert_eq!(made.0, StatusCode::NOT_FOUND, "{made:?}");
            let sent = upload(&server, who, &format!("workspace={of}")).await;
            assert_eq!(sent.0, StatusCode::NOT_FOUND, "{sent:?}");
        }
        // Workspaces are made by who looks after the server.
        let made = post(&server, &filmer, "/api/workspaces", json!({"name": "Mine"})).await;
        assert_eq!(made.0, StatusCode::FORBIDDEN);
        let made = post(&server, &boss, "/api/workspaces", json!({"name": " "})).await;
        assert_eq!(made.0, StatusCode::BAD_REQUEST);

        // Without a word a canvas is of one's own workspace.
        let (_, canvas) = post(&server, &filmer, "/api/canvases", json!({"name": "Cut"})).await;
        assert_eq!(canvas["workspace"], films.as_str());
        let at = format!("/api/canvases/{}", canvas["id"].as_str().unwrap());
        assert_eq!(get(&server, &designer, &at).await.0, StatusCode::NOT_FOUND);
        assert_eq!(get(&server, &boss, &at).await.1["role"], "owner");
        let (_, copy) = post(&server, &filmer, &format!("{at}/duplicate"), json!({})).await;
        assert_eq!(copy["workspace"], films.as_str());
        let listed = |list: Value| {
            let ids = list["items"].as_array().unwrap().iter().map(|one| one["id"].clone());
            ids.collect::<Vec<_>>()
        };
        assert!(listed(get(&server, &designer, "/api/canvases").await.1).is_empty());
        assert_eq!(listed(get(&server, &filmer, "/api/canvases").await.1).len(), 2);
        let (_, mine) = post(&server, &boss, "/api/canvases", json!({"name": "Poster"})).await;
        assert_eq!(mine["workspace"], "default");
        assert_eq!(listed(get(&server, &boss, "/api/canvases").await.1).len(), 3);
        let of_films = format!("/api/canvases?workspace={films}");
        assert_eq!(listed(get(&server, &boss, &of_films).await.1).len(), 2);

        // What one does is in the log of where it was done.
        let (_, log) = get(&server, &boss, &format!("/api/audit?workspace={films}")).await;
        let actions: Vec<&Value> =
            log["items"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
        assert_eq!(actions, [&json!("workspace.created")]);
        let gone = filmer.call(&server, Method::DELETE, &at, json!({})).await;
        assert_eq!(gone.0, StatusCode::NO_CONTENT, "{gone:?}");
        let (_, log) = get(&server, &boss, &format!("/api/audit?workspace={films}")).await;
        assert_eq!(log["items"][0]["action"], "canvas.deleted");
        let (_, log) = get(&server, &boss, "/api/audit?action=canvas").await;
        assert!(log["items"].as_array().unwrap().is_empty(), "{log}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_workspace_pays_for_its_own_runs() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let boss = sign_up(&server, "boss", WorkspaceRole::Owner).await;
        let (films, filmer) = other_workspace(&server, &boss).await;
        let (_, canvas) = post(&server, &filmer, "/api/canvases", json!({"name": "Cut"})).await;
        let at = format!("/api/canvases/{}", canvas["id"].as_str().unwrap());
        let edits = json!([{"op": "add_node", "id": "v", "kind": "voiceover", "text": "hello"}]);
        let edited = post(&server, &filmer, &format!("{at}/edits"), edits).await;
        assert_eq!(edited.0, StatusCode::OK, "{edited:?}");
        let runs = format!("{at}/runs");
        let (status, run) = post(&server, &filmer, &runs, json!({"mode": "workflow"})).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{run}");
        let run = format!("/api/runs/{}", run["id"].as_str().unwrap());
        let ended = succeeded(&server, &filmer, &run).await;
        let cost = ended["cost"].as_f64().unwrap();
        assert!(cost > 0.0, "{ended}");
        let first = 10_000.0;
        let balance = async |who: &Somebody, query: &str| {
            let (status, credits) = get(&server, who, &format!("/api/credits{query}")).await;
            assert_eq!(status, StatusCode::OK, "{credits}");
            assert_eq!(credits["held"], 0.0);
            credits["balance"].as_f64().unwrap()
        };
        assert!((balance(&filmer, "").await - (first - cost)).abs() < 1e-9);
        assert!((balance(&boss, "").await - first).abs() < 1e-9);
        let of_films = format!("?workspace={films}");
        assert!((balance(&boss, &of_films).await - (first - cost)).abs() < 1e-9);
        let (_, ledger) = get(&server, &filmer, "/api/credits/ledger").await;
        let kinds: Vec<&Value> =
            ledger["items"].as_array().unwrap().iter().map(|entry| &entry["kind"]).collect();
        assert!(kinds.contains(&&json!("hold")) && kinds.contains(&&json!("capture")), "{ledger}");
        let (_, ledger) = get(&server, &boss, "/api/credits/ledger").await;
        assert_eq!(ledger["items"].as_array().unwrap().len(), 1, "{ledger}");
        let (_, usage) = get(&server, &boss, "/api/usage").await;
        assert!(usage["items"].as_array().unwrap().is_empty(), "{usage}");
        let (_, usage) = get(&server, &boss, &format!("/api/usage{of_films}")).await;
        assert_eq!(usage["items"][0]["person"], filmer.id);
        // What it made is in its library alone.
        let library = format!("/api/assets{of_films}");
        assert_eq!(get(&server, &filmer, &library).await.1["items"].as_array().unwrap().len(), 1);
        let (_, library) = get(&server, &boss, "/api/assets").await;
        assert!(library["items"].as_array().unwrap().is_empty(), "{library}");
        server.stop().await;
    }
}

#[tokio::test]
async fn the_same_file_in_two_workspaces_has_two_records() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let boss = sign_up(&server, "boss", WorkspaceRole::Owner).await;
        let designer = sign_up(&server, "designer", WorkspaceRole::Member).await;
        let (films, filmer) = other_workspace(&server, &boss).await;
        let (_, meta) = upload(&server, &filmer, "name=the+secret+film.png").await;
        let at = format!("/api/assets/{}", meta["id"].as_str().unwrap());
        for path in ["", "/meta", "/thumbnail"] {
            let path = format!("{at}{path}");
            assert_eq!(get(&server, &designer, &path).await.0, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(get(&server, &filmer, &path).await.0, StatusCode::OK, "{path}");
        }
        // To name it on a canvas of another workspace gives nothing.
        let (_, canvas) = post(&server, &designer, "/api/canvases", json!({})).await;
        let named = json!([{"op": "add_node", "kind": "upload", "asset": meta["id"]}]);
        let edits = format!("/api/canvases/{}/edits", canvas["id"].as_str().unwrap());
        let edited = post(&server, &designer, &edits, named.clone()).await;
        assert_eq!(edited.0, StatusCode::NOT_FOUND, "{edited:?}");
        // Who brings the same bytes is told nothing of where they were before.
        let (_, mine) = upload(&server, &designer, "name=dot.png").await;
        assert_eq!((&mine["id"], &mine["name"]), (&meta["id"], &json!("dot.png")));
        let name =
            async |who: &Somebody| get(&server, who, &format!("{at}/meta")).await.1["name"].clone();
        assert_eq!(name(&designer).await, "dot.png");
        assert_eq!(name(&filmer).await, "the secret film.png");
        assert_eq!(post(&server, &designer, &edits, named).await.0, StatusCode::OK);

        // Somebody from elsewhere who may edit a canvas brings files to its workspace.
        let (_, cut) = post(&server, &filmer, "/api/canvases", json!({"name": "Cut"})).await;
        let id = CanvasId::new(cut["id"].as_str().unwrap());
        let hidden = upload(&server, &designer, &format!("canvas={id}&name=of+mine")).await;
        assert_eq!(hidden.0, StatusCode::NOT_FOUND, "{hidden:?}");
        let (db, now) = (&server.app.db, now_ms());
        assert!(db.put_canvas_person(&id, &designer.id, CanvasRole::Viewer, now).await.unwrap());
        let sent = upload(&server, &designer, &format!("canvas={id}&name=of+mine")).await;
        assert_eq!(sent.0, StatusCode::FORBIDDEN, "{sent:?}");
        assert!(db.put_canvas_person(&id, &designer.id, CanvasRole::Editor, now).await.unwrap());
        let sent = upload(&server, &designer, &format!("canvas={id}&name=of+mine")).await;
        // As a guest of it, who is not told what it is called there.
        assert_eq!((sent.0, &sent.1["name"]), (StatusCode::CREATED, &json!("of mine")));
        let credits = get(&server, &designer, &format!("/api/credits?canvas={id}")).await;
        assert_eq!(credits.0, StatusCode::OK);
        let edits = format!("/api/canvases/{id}/edits");
        let named = json!([{"op": "add_node", "kind": "upload", "asset": meta["id"]}]);
        assert_eq!(post(&server, &designer, &edits, named).await.0, StatusCode::OK);
        let owner = sign_up_in(&server, films, "film owner", WorkspaceRole::Owner).await;
        let read = token(&server, &owner, "read", &[Scope::Read]).await;
        assert_eq!(get(&server, &read, &at).await.0, StatusCode::OK);
        server.stop().await;
    }
}

#[tokio::test]
async fn an_invitation_and_a_link_lead_into_their_own_workspace() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let boss = sign_up(&server, "boss", WorkspaceRole::Owner).await;
        let designer = sign_up(&server, "designer", WorkspaceRole::Member).await;
        let (films, filmer) = other_workspace(&server, &boss).await;
        let invitations = format!("/api/workspaces/{films}/invitations");
        let invite = async |role: &str| {
            let (status, made) = post(&server, &boss, &invitations, json!({"role": role})).await;
            assert_eq!(status, StatusCode::CREATED, "{made}");
            made["token"].as_str().unwrap().to_owned()
        };
        // Somebody who has an account already.
        let token = invite("admin").await;
        let joined = post(&server, &designer, &format!("/api/links/{token}"), json!({})).await;
        assert_eq!((joined.0, &joined.1["role"]), (StatusCode::OK, &json!("admin")));
        assert_eq!(get(&server, &designer, &invitations).await.0, StatusCode::OK);
        assert_eq!(get(&server, &designer, "/api/me").await.1["account"]["role"], "member");
        // Somebody new.
        let sign_up_with = async |token: &str, email: &str| {
            let body = json!({
                "token": token, "email": email, "name": "New", "password": "long enough for all",
            });
            let client = Client::builder().cookie_store(true).build().unwrap();
            let sent = client.post(format!("{}/api/signup", server.url)).json(&body);
            assert_eq!(sent.send().await.unwrap().status(), StatusCode::NO_CONTENT);
            let listed = client.get(format!("{}/api/workspaces", server.url)).send().await.unwrap();
            let listed: Value = listed.json().await.unwrap();
            assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
            listed["items"][0].clone()
        };
        let token = invite("member").await;
        let at = sign_up_with(&token, "new@example.org").await;
        assert_eq!((&at["id"], &at["role"]), (&json!(films.as_str()), &json!("member")));
        // By the link of a canvas: a guest of its workspace.
        let (_, cut) = post(&server, &filmer, "/api/canvases", json!({"name": "Cut"})).await;
        let link = format!("/api/canvases/{}/access/link", cut["id"].as_str().unwrap());
        let link = filmer.call(&server, Method::PUT, &link, json!({"role": "commenter"})).await.1;
        let secret = link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let at = sign_up_with(&secret, "guest@example.org").await;
        assert_eq!((&at["id"], &at["role"]), (&json!(films.as_str()), &json!("guest")));
        // Its last owner stays.
        let members = format!("/api/workspaces/{films}/members/{}", boss.id);
        let left = boss.call(&server, Method::DELETE, &members, json!({})).await;
        assert_eq!(left.0, StatusCode::CONFLICT, "{left:?}");
        // An admin of one workspace is nobody in another.
        let members = format!("/api/workspaces/default/members/{}", boss.id);
        let taken = designer.call(&server, Method::DELETE, &members, json!({})).await;
        assert_eq!(taken.0, StatusCode::FORBIDDEN);
        server.stop().await;
    }
}

#[tokio::test]
async fn who_is_taken_out_while_their_request_arrives_makes_no_canvas() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for database in databases() {
        let server = with_accounts(&database).await;
        let boss = sign_up(&server, "boss", WorkspaceRole::Owner).await;
        let (films, filmer) = other_workspace(&server, &boss).await;
        let body = json!({"name": "Late", "workspace": films.as_str()}).to_string();
        let (name, value) = filmer.header.clone().unwrap();
        let head = format!(
            "POST /api/canvases HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\n\
             Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{{",
            body.len()
        );
        let mut stream = server.raw().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let member = format!("/api/workspaces/{films}/members/{}", filmer.id);
        let out = boss.call(&server, Method::DELETE, &member, json!({})).await;
        assert_eq!(out.0, StatusCode::NO_CONTENT);
        stream.write_all(&body.as_bytes()[1..]).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        let of_films = format!("/api/canvases?workspace={films}");
        let (_, listed) = get(&server, &boss, &of_films).await;
        assert!(listed["items"].as_array().unwrap().is_empty(), "{listed}");
        assert_eq!(get(&server, &filmer, &of_films).await.0, StatusCode::NOT_FOUND);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_guest_who_brings_what_is_there_learns_nothing_of_it() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let boss = sign_up(&server, "boss", WorkspaceRole::Owner).await;
        let guest = sign_up(&server, "guest", WorkspaceRole::Guest).await;
        let other = sign_up(&server, "other", WorkspaceRole::Guest).await;
        let (_, meta) = upload(&server, &boss, "name=the+notice+of+dismissal.png").await;
        let at = format!("/api/assets/{}", meta["id"].as_str().unwrap());
        let (_, shared) = post(&server, &boss, "/api/canvases", json!({"name": "Shared"})).await;
        let id = CanvasId::new(shared["id"].as_str().unwrap());
        let (db, now) = (&server.app.db, now_ms());
        // Whoever first had the file has no role of their own on it.
        assert!(db.put_canvas_person(&id, &guest.id, CanvasRole::Owner, now).await.unwrap());
        assert!(db.remove_canvas_person(&id, &boss.id).await.unwrap());
        assert!(db.put_canvas_person(&id, &other.id, CanvasRole::Viewer, now).await.unwrap());
        let (status, sent) = upload(&server, &guest, &format!("canvas={id}&name=mine.png")).await;
        assert_eq!((status, &sent["name"]), (StatusCode::CREATED, &json!("mine.png")));
        let edits = json!([{"op": "add_node", "id": "u", "kind": "upload", "asset": meta["id"]}]);
        let edited = post(&server, &guest, &format!("/api/canvases/{id}/edits"), edits).await;
        assert_eq!(edited.0, StatusCode::OK, "{edited:?}");
        for who in [&guest, &other] {
            let (status, told) = get(&server, who, &format!("{at}/meta")).await;
            assert_eq!(status, StatusCode::OK, "{}", who.name);
            assert_eq!(told["origin"], json!({"kind": "upload"}));
            let (_, graph) = get(&server, who, &format!("/api/canvases/{id}/graph")).await;
            assert!(!format!("{told}{graph}").contains("dismissal"), "{}: {told}", who.name);
            let (header, value) = who.header.clone().unwrap();
            let read = Client::new().get(format!("{}{at}", server.url)).header(header, value);
            let named = read.send().await.unwrap().headers()["content-disposition"].clone();
            assert!(!named.to_str().unwrap().contains("dismissal"), "{named:?}");
        }
        let (_, own) = get(&server, &boss, &format!("{at}/meta")).await;
        assert_eq!(own["name"], "the notice of dismissal.png");
        server.stop().await;
    }
}
