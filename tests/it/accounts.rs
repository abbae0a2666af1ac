//! Accounts, invitations, roles and links, as people use and misuse them.

use futures_util::{SinkExt as _, StreamExt as _};
use gesso_protocol::api::accounts::{CanvasRole, Scope, WorkspaceRole};
use gesso_protocol::wire::Frame;
use gesso_server::accounts::first_owner_link;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tests::{TestServer, databases};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use yrs::{Map as _, ReadTxn as _, Transact as _};

use crate::rights::{Somebody, sign_up, token, with_accounts};

const PASSWORD: &str = "a good password";

/// A browser of its own.
fn browser() -> Client {
    Client::builder().cookie_store(true).build().unwrap()
}

async fn post(server: &TestServer, client: &Client, path: &str, body: Value) -> Response {
    client.post(format!("{}{path}", server.url)).json(&body).send().await.unwrap()
}

async fn status(server: &TestServer, client: &Client, path: &str) -> StatusCode {
    client.get(format!("{}{path}", server.url)).send().await.unwrap().status()
}

fn sign_up_with(token: &str, email: &str, name: &str) -> Value {
    json!({"token": token, "email": email, "name": name, "password": PASSWORD})
}

async fn owner_link(server: &TestServer) -> Option<String> {
    let listens = "127.0.0.1:1".parse().unwrap();
    first_owner_link(&server.app.db, &server.app.options, listens).await.unwrap()
}

/// The first owner, signed up by the link that the first start prints.
async fn first_owner(server: &TestServer) -> Client {
    let link = owner_link(server).await.expect("nobody has an account");
    let token = link.rsplit('/').next().unwrap();
    let owner = browser();
    let body = sign_up_with(token, "Ada@example.org", "Ada");
    assert_eq!(post(server, &owner, "/api/signup", body).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(owner_link(server).await, None);
    owner
}

async fn invite(server: &TestServer, owner: &Client, body: Value) -> String {
    let made = post(server, owner, "/api/workspaces/default/invitations", body).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.unwrap();
    made["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn from_the_first_link_to_a_team() {
    for database in databases() {
        let server = with_accounts(&database).await;
        assert_eq!(status(&server, &browser(), "/api/me").await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(&server, &browser(), "/").await, StatusCode::OK);
        let owner = first_owner(&server).await;
        let me: Value =
            owner.get(format!("{}/api/me", server.url)).send().await.unwrap().json().await.unwrap();
        assert_eq!(
            me["account"],
            json!({"email": "Ada@example.org", "role": "owner", "has_password": true})
        );
        // One invitation is one person, also where several hurry.
        let token = invite(&server, &owner, json!({"role": "member"})).await;
        let hurrying = (0..4).map(|n| {
            let body = sign_up_with(&token, &format!("bob{n}@example.org"), "Bob");
            let server = &server;
            async move { post(server, &browser(), "/api/signup", body).await.status() }
        });
        let mut came: Vec<StatusCode> = futures_util::future::join_all(hurrying).await;
        came.sort_unstable();
        let gone = StatusCode::NOT_FOUND;
        assert_eq!(came, [StatusCode::NO_CONTENT, gone, gone, gone]);
        // An address has one account, however it is written.
        let token = invite(&server, &owner, json!({"role": "guest"})).await;
        let body = sign_up_with(&token, "ADA@Example.org", "Ada again");
        assert_eq!(
            post(&server, &browser(), "/api/signup", body).await.status(),
            StatusCode::CONFLICT
        );
        let body = sign_up_with(&token, "аda@example.org", "Ada's twin");
        let refused = post(&server, &browser(), "/api/signup", body).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "a look-alike is no address");
        // An invitation for somebody is nobody else's.
        let only = json!({"role": "admin", "email": "Eve@example.org"});
        let token = invite(&server, &owner, only).await;
        let body = sign_up_with(&token, "mallory@example.org", "Mallory");
        assert_eq!(
            post(&server, &browser(), "/api/signup", body).await.status(),
            StatusCode::FORBIDDEN
        );
        let body = sign_up_with(&token, "eve@example.org", "Eve");
        let eve = browser();
        assert_eq!(post(&server, &eve, "/api/signup", body).await.status(), StatusCode::NO_CONTENT);
        let members: Value = eve
            .get(format!("{}/api/workspaces/default/members", server.url))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(members["items"].as_array().unwrap().len(), 3);
        // An admin makes no owners, and the last owner stays.
        let ada = me["id"].as_str().unwrap();
        let at = format!("{}/api/workspaces/default/members/{ada}", server.url);
        let refused = eve.patch(&at).json(&json!({"role": "member"})).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert_eq!(eve.delete(&at).send().await.unwrap().status(), StatusCode::FORBIDDEN);
        let refused = owner.patch(&at).json(&json!({"role": "member"})).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::CONFLICT);
        assert_eq!(owner.delete(&at).send().await.unwrap().status(), StatusCode::CONFLICT);
        server.stop().await;
    }
}

#[tokio::test]
async fn signing_in_tells_nobody_who_has_an_account_and_gives_a_new_session() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let owner = first_owner(&server).await;
        let sign_in = async |client: &Client, email: &str, password: &str| {
            let body = json!({"email": email, "password": password});
            post(&server, client, "/api/session", body).await
        };
        let mut told = Vec::new();
        for (email, password) in [
            ("ada@example.org", "another password"),
            ("nobody@example.org", PASSWORD),
            ("no address", PASSWORD),
            ("ada@example.org", ""),
        ] {
            let refused = sign_in(&browser(), email, password).await;
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
            told.push(refused.json::<Value>().await.unwrap());
        }
        assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
        // A session that somebody planted is not the one that is signed in.
        let planted = Client::new()
            .post(format!("{}/api/session", server.url))
            .header("cookie", "gesso_session=planted")
            .json(&json!({"email": "ADA@example.org", "password": PASSWORD}))
            .send()
            .await
            .unwrap();
        assert_eq!(planted.status(), StatusCode::NO_CONTENT);
        let cookie = planted.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let with_planted = Client::new()
            .get(format!("{}/api/me", server.url))
            .header("cookie", "gesso_session=planted")
            .send()
            .await
            .unwrap();
        assert_eq!(with_planted.status(), StatusCode::UNAUTHORIZED);
        // Another device is seen and can be signed out.
        let second = browser();
        assert_eq!(
            sign_in(&second, "ada@example.org", PASSWORD).await.status(),
            StatusCode::NO_CONTENT
        );
        let devices: Value = owner
            .get(format!("{}/api/sessions", server.url))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let devices = devices["items"].as_array().unwrap();
        assert_eq!(devices.iter().filter(|device| device["current"] == true).count(), 1);
        for device in devices.iter().filter(|device| device["current"] == false) {
            let at = format!("{}/api/sessions/{}", server.url, device["id"].as_str().unwrap());
            assert_eq!(owner.delete(at).send().await.unwrap().status(), StatusCode::NO_CONTENT);
        }
        assert_eq!(status(&server, &second, "/api/me").await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(&server, &owner, "/api/me").await, StatusCode::OK);
        let out = owner.delete(format!("{}/api/session", server.url)).send().await.unwrap();
        assert_eq!(out.status(), StatusCode::NO_CONTENT);
        assert_eq!(status(&server, &owner, "/api/me").await, StatusCode::UNAUTHORIZED);
        // Many attempts are slowed down.
        let mut refused = StatusCode::UNAUTHORIZED;
        for _ in 0..12 {
            let tried = sign_in(&browser(), "ada@example.org", "guess of many").await;
            refused = tried.status();
            if refused == StatusCode::TOO_MANY_REQUESTS {
                assert!(tried.headers().contains_key("retry-after"));
            }
        }
        assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
        // Who tried what is in the log.
        let wanted = gesso_server::db::audit::AuditQuery {
            action: Some("session".to_owned()),
            limit: 100,
            ..Default::default()
        };
        let audit = server.app.db.audit(&wanted).await.unwrap();
        assert!(
            audit
                .iter()
                .any(|entry| entry.action == "session.refused"
                    && entry.target == "nobody@example.org")
        );
        assert!(audit.iter().any(|entry| entry.action == "session.created" && entry.name == "Ada"));
        server.stop().await;
    }
}

/// A socket on a canvas, of somebody with a header or of nobody.
struct Socket {
    stream: tokio_tungstenite::WebSocketStream<
        tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>,
    >,
    roles: Vec<String>,
    closed: Option<u16>,
}

impl Socket {
    async fn open(server: &TestServer, canvas: &str, who: Option<&Somebody>, query: &str) -> Self {
        let url = format!("{}/sync/{canvas}{query}", server.url.replace("http://", "ws://"));
        let mut request = url.into_client_request().unwrap();
        if let Some((name, value)) = who.and_then(|who| who.header.clone()) {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let (stream, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Self { stream, roles: Vec::new(), closed: None }
    }

    /// Reads until it is as wanted.
    async fn until(&mut self, wanted: impl Fn(&Self) -> bool) {
        while !wanted(self) {
            match self.stream.next().await {
                Some(Ok(Message::Binary(bytes))) => {
                    if let Ok(Frame::Role(role)) = Frame::decode(&bytes) {
                        self.roles.push(role.to_owned());
                    }
                }
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => {
                    self.closed = Some(code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("{error}"),
                None => panic!("closed without a word, roles {:?}", self.roles),
            }
        }
    }

    /// Writes a word into the document, as a stock client does.
    async fn write(&mut self, client: u64, word: &str) {
        let doc = yrs::Doc::with_options(yrs::Options {
            client_id: yrs::block::ClientID::new(client),
            ..yrs::Options::default()
        });
        let meta = doc.get_or_insert_map("meta");
        let mut txn = doc.transact_mut();
        meta.insert(&mut txn, format!("x-{client}"), word);
        let update = txn.encode_state_as_update_v1(&yrs::StateVector::default());
        drop(txn);
        let frame = Frame::Update(&update).encode();
        self.stream.send(Message::Binary(frame.into())).await.unwrap();
    }
}

async fn own_canvas(server: &TestServer, owner: &Somebody) -> String {
    let (status, made) =
        owner.call(server, Method::POST, "/api/canvases", json!({"name": "Film"})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

/// True if a word is in the document.
async fn holds(server: &TestServer, owner: &Somebody, canvas: &str, word: &str) -> bool {
    let (name, value) = owner.header.clone().unwrap();
    let at = format!("{}/api/canvases/{canvas}/doc", server.url);
    let state = Client::new().get(at).header(name, value).send().await.unwrap();
    let state = state.bytes().await.unwrap();
    state.windows(word.len()).any(|part| part == word.as_bytes())
}

/// Waits until it is.
async fn held(server: &TestServer, owner: &Somebody, canvas: &str, word: &str) {
    while !holds(server, owner, canvas, word).await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn sockets_are_held_to_the_role_of_the_moment() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let owner = sign_up(&server, "owner", WorkspaceRole::Member).await;
        let guest = sign_up(&server, "guest", WorkspaceRole::Guest).await;
        let canvas = own_canvas(&server, &owner).await;
        let people = format!("/api/canvases/{canvas}/access/people/{}", guest.id);
        let give = async |role: CanvasRole| {
            let body = json!({"role": role.id()});
            assert_eq!(owner.call(&server, Method::PUT, &people, body).await.0, StatusCode::OK);
        };
        let closed = async |who: Option<&Somebody>, canvas: &str, query: &str| {
            let mut socket = Socket::open(&server, canvas, who, query).await;
            socket.until(|socket| socket.closed.is_some()).await;
            socket.closed.unwrap()
        };
        assert_eq!(closed(None, &canvas, "").await, 4401);
        assert_eq!(closed(None, &canvas, "?token=gesso_wrong").await, 4401);
        assert_eq!(closed(Some(&guest), &canvas, "").await, 4404);
        assert_eq!(closed(Some(&owner), "no-such-canvas", "").await, 4404);
        give(CanvasRole::Editor).await;
        let mut socket = Socket::open(&server, &canvas, Some(&guest), "?saved=1").await;
        socket.until(|socket| socket.roles == ["editor"]).await;
        socket.write(7, "by the editor").await;
        let at = format!("/api/canvases/{canvas}");
        held(&server, &owner, &canvas, "by the editor").await;
        give(CanvasRole::Viewer).await;
        socket.until(|socket| socket.roles == ["editor", "viewer"]).await;
        socket.write(8, "by the viewer").await;
        // A token of somebody who may edit writes only where it has the scope.
        let reading = token(&server, &owner, "reading", &[Scope::Read]).await;
        let mut reader = Socket::open(&server, &canvas, Some(&reading), "?saved=1").await;
        reader.until(|socket| socket.roles == ["viewer"]).await;
        reader.write(9, "by a token that reads").await;
        let editing = token(&server, &owner, "editing", &[Scope::Edit]).await;
        let secret = editing.header.as_ref().unwrap().1.replace("Bearer ", "");
        let mut editor =
            Socket::open(&server, &canvas, None, &format!("?saved=1&token={secret}")).await;
        editor.until(|socket| socket.roles == ["owner"]).await;
        editor.write(10, "by a token that edits").await;
        held(&server, &owner, &canvas, "by a token that edits").await;
        for word in ["by the viewer", "by a token that reads"] {
            assert!(!holds(&server, &owner, &canvas, word).await, "{word}");
        }
        // Rights that end close the socket, whatever they came from.
        let ended = owner.call(&server, Method::DELETE, &people, json!({})).await;
        assert_eq!(ended.0, StatusCode::NO_CONTENT);
        socket.until(|socket| socket.closed.is_some()).await;
        assert_eq!(socket.closed, Some(4403));
        assert_eq!(guest.call(&server, Method::GET, &at, json!({})).await.0, StatusCode::NOT_FOUND);
        for listed in server.app.db.tokens(&owner.id).await.unwrap() {
            let at = format!("/api/tokens/{}", listed.id);
            assert_eq!(
                owner.call(&server, Method::DELETE, &at, json!({})).await.0,
                StatusCode::NO_CONTENT
            );
        }
        editor.until(|socket| socket.closed.is_some()).await;
        assert_eq!(editor.closed, Some(4403));
        server.stop().await;
    }
}

#[tokio::test]
async fn links_let_in_whom_they_should_for_as_long_as_they_should() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let owner = sign_up(&server, "owner", WorkspaceRole::Member).await;
        let guest = sign_up(&server, "guest", WorkspaceRole::Guest).await;
        let canvas = own_canvas(&server, &owner).await;
        let access = format!("/api/canvases/{canvas}/access");
        let link_at = format!("{access}/link");
        let make = async |body: Value| {
            let (status, link) = owner.call(&server, Method::PUT, &link_at, body).await;
            assert_eq!(status, StatusCode::OK, "{link}");
            link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
        };
        let take = async |secret: &str, body: Value| {
            guest.call(&server, Method::POST, &format!("/api/links/{secret}"), body).await
        };
        let first = make(json!({"role": "commenter"})).await;
        let info = Client::new().get(format!("{}/api/links/{first}", server.url)).send().await;
        let info: Value = info.unwrap().json().await.unwrap();
        assert_eq!((&info["kind"], &info["name"]), (&json!("canvas"), &json!("Film")));
        assert_eq!(take(&first, json!({})).await.1, json!({"canvas": canvas, "role": "commenter"}));
        // Another role leaves the link as it was; it takes no role away.
        assert_eq!(make(json!({"role": "viewer"})).await, first);
        assert_eq!(take(&first, json!({})).await.1["role"], "commenter");
        // With a password it is another link, and the first has ended.
        let secret = make(json!({"role": "editor", "password": "open sesame"})).await;
        assert_eq!(take(&first, json!({})).await.0, StatusCode::NOT_FOUND);
        assert_eq!(
            take(&secret, json!({"password": "open barley"})).await.0,
            StatusCode::FORBIDDEN
        );
        assert_eq!(take(&secret, json!({"password": "open sesame"})).await.1["role"], "editor");
        // Somebody without an account makes one with the link, and is a guest.
        let body = json!({"token": secret, "email": "new@example.org", "name": "New",
            "password": PASSWORD, "link_password": "open sesame"});
        let new = browser();
        assert_eq!(post(&server, &new, "/api/signup", body).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(status(&server, &new, &format!("/api/canvases/{canvas}")).await, StatusCode::OK);
        assert_eq!(status(&server, &new, "/api/assets").await, StatusCode::FORBIDDEN);
        assert_eq!(
            owner.call(&server, Method::DELETE, &link_at, json!({})).await.0,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            take(&secret, json!({"password": "open sesame"})).await.0,
            StatusCode::NOT_FOUND
        );
        let past = json!({"role": "viewer", "expires_at": 1});
        assert_eq!(
            owner.call(&server, Method::PUT, &link_at, past).await.0,
            StatusCode::BAD_REQUEST
        );
        let all = json!({"role": "owner"});
        assert_eq!(
            owner.call(&server, Method::PUT, &link_at, all).await.0,
            StatusCode::BAD_REQUEST
        );
        server.stop().await;
    }
}

#[tokio::test]
async fn asking_for_access_tells_nobody_whether_there_is_a_canvas() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let owner = sign_up(&server, "owner", WorkspaceRole::Member).await;
        let guest = sign_up(&server, "guest", WorkspaceRole::Guest).await;
        let canvas = own_canvas(&server, &owner).await;
        let ask = json!({"role": "editor", "note": "I cut the trailer."});
        let mut told = Vec::new();
        for canvas in [canvas.as_str(), "no-such-canvas"] {
            let at = format!("/api/canvases/{canvas}/access/requests");
            told.push(guest.call(&server, Method::POST, &at, ask.clone()).await);
        }
        assert_eq!(told[0], told[1]);
        assert_eq!(told[0].0, StatusCode::NO_CONTENT);
        let at = format!("/api/canvases/{canvas}/access");
        let access = owner.call(&server, Method::GET, &at, json!({})).await.1;
        let asked = &access["requests"][0];
        assert_eq!(
            (&asked["name"], &asked["note"]),
            (&json!("guest"), &json!("I cut the trailer."))
        );
        let bell = owner.call(&server, Method::GET, "/api/notifications", json!({})).await.1;
        assert_eq!(bell["items"][0]["kind"], "access_request");
        let answer_at = format!("{at}/requests/{}", asked["id"].as_str().unwrap());
        let answered =
            owner.call(&server, Method::POST, &answer_at, json!({"role": "viewer"})).await;
        assert_eq!(answered.0, StatusCode::OK, "{}", answered.1);
        assert_eq!(answered.1["requests"], json!([]));
        let bell = guest.call(&server, Method::GET, "/api/notifications", json!({})).await.1;
        assert_eq!(bell["items"][0]["kind"], "role");
        let seen = guest.call(&server, Method::POST, "/api/notifications/seen", json!({})).await;
        assert_eq!(seen.0, StatusCode::NO_CONTENT);
        // A viewer is told who is there, and neither the link nor who asks.
        let access = guest.call(&server, Method::GET, &at, json!({})).await.1;
        assert_eq!(access["role"], "viewer");
        assert_eq!((&access["link"], &access["requests"]), (&Value::Null, &json!([])));
        // A canvas keeps an owner, and is handed over to somebody who has access.
        let own = format!("{at}/people/{}", owner.id);
        assert_eq!(
            owner.call(&server, Method::DELETE, &own, json!({})).await.0,
            StatusCode::CONFLICT
        );
        let lower = json!({"role": "viewer"});
        assert_eq!(owner.call(&server, Method::PUT, &own, lower).await.0, StatusCode::CONFLICT);
        let transfer = format!("{at}/transfer");
        let to = json!({"person": guest.id});
        assert_eq!(owner.call(&server, Method::POST, &transfer, to).await.0, StatusCode::OK);
        let access = guest.call(&server, Method::GET, &at, json!({})).await.1;
        assert_eq!(access["role"], "owner");
        server.stop().await;
    }
}

#[tokio::test]
async fn links_end_with_what_they_stand_on() {
    for database in databases() {
        let server = with_accounts(&database).await;
        // The first owner's link is nobody's once there is an account, however that came.
        let link = owner_link(&server).await.unwrap();
        let boss = sign_up(&server, "boss", WorkspaceRole::Owner).await;
        let body = sign_up_with(link.rsplit('/').next().unwrap(), "late@example.org", "Late");
        let late = post(&server, &browser(), "/api/signup", body).await;
        assert_eq!(late.status(), StatusCode::NOT_FOUND);
        // An invitation is worth what its maker may do when it is taken.
        let second = sign_up(&server, "second owner", WorkspaceRole::Owner).await;
        let invitations = "/api/workspaces/default/invitations";
        let made =
            second.call(&server, Method::POST, invitations, json!({"role": "owner"})).await.1;
        let secret = made["token"].as_str().unwrap();
        let at = format!("/api/workspaces/default/members/{}", second.id);
        let lower = boss.call(&server, Method::PATCH, &at, json!({"role": "guest"})).await;
        assert_eq!(lower.0, StatusCode::NO_CONTENT);
        let back =
            second.call(&server, Method::POST, &format!("/api/links/{secret}"), json!({})).await;
        assert_eq!(back.0, StatusCode::NOT_FOUND);
        // Of several links that set a password one counts, and none after another password.
        let db = &server.app.db;
        let reset = async || {
            let (mut row, secret) = gesso_server::accounts::new_invitation(
                gesso_protocol::api::accounts::LinkKind::Reset,
                gesso_protocol::ids::WorkspaceId::default(),
                WorkspaceRole::Guest,
                "",
                gesso_server::clock::now_ms() + 100_000,
            );
            row.email = Some("second.owner@example.org".to_owned());
            row.person = Some(second.id.clone());
            db.add_invitation(&row, &gesso_server::accounts::secret::hash(&secret)).await.unwrap();
            secret
        };
        let (one, two) = (reset().await, reset().await);
        let set = async |secret: &str| {
            let body = sign_up_with(secret, "second.owner@example.org", "");
            post(&server, &browser(), "/api/signup", body).await.status()
        };
        assert_eq!(set(&two).await, StatusCode::NO_CONTENT);
        assert_eq!(set(&one).await, StatusCode::NOT_FOUND);
        assert_eq!(set(&two).await, StatusCode::NOT_FOUND);
        // The last owner is disabled by nobody.
        let now = Some(gesso_server::clock::now_ms());
        assert!(!db.set_disabled(&boss.id, now).await.unwrap());
        assert!(db.set_disabled(&second.id, now).await.unwrap());
        server.stop().await;
    }
}

#[tokio::test]
async fn a_body_that_takes_its_time_is_judged_by_the_rights_of_its_end() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for database in databases() {
        let server = with_accounts(&database).await;
        let owner = sign_up(&server, "owner", WorkspaceRole::Member).await;
        let guest = sign_up(&server, "guest", WorkspaceRole::Guest).await;
        let canvas = own_canvas(&server, &owner).await;
        let people = format!("/api/canvases/{canvas}/access/people/{}", guest.id);
        let give = json!({"role": "editor"});
        assert_eq!(owner.call(&server, Method::PUT, &people, give).await.0, StatusCode::OK);
        let body = "[{\"op\":\"add_node\",\"kind\":\"text\"}]";
        let (name, value) = guest.header.clone().unwrap();
        let head = format!(
            "POST /api/canvases/{canvas}/edits HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\n\
             Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n[",
            body.len()
        );
        let mut stream = server.raw().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let ended = owner.call(&server, Method::DELETE, &people, json!({})).await;
        assert_eq!(ended.0, StatusCode::NO_CONTENT);
        // A body that came at once is judged as it began: this one did not.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        stream.write_all(&body.as_bytes()[1..]).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        server.stop().await;
    }
}

#[tokio::test]
async fn quotas_are_kept_and_say_what_to_do() {
    for database in databases() {
        let server = TestServer::start_tuned(&database, |options| {
            options.accounts = true;
            options.requests_per_minute = 30;
            options.uploads_per_day = 1;
            options.canvases_max = 2;
        })
        .await;
        let ada = sign_up(&server, "ada", WorkspaceRole::Member).await;
        let bob = sign_up(&server, "bob", WorkspaceRole::Member).await;
        own_canvas(&server, &ada).await;
        let canvas = own_canvas(&server, &ada).await;
        for path in ["/api/canvases".to_owned(), format!("/api/canvases/{canvas}/duplicate")] {
            let full = bob.call(&server, Method::POST, &path, json!({})).await;
            assert_eq!(full.1["code"], "too_large", "{}", full.1);
        }
        let (name, value) = ada.header.clone().unwrap();
        let upload = async |bytes: &'static [u8]| {
            let at = format!("{}/api/assets", server.url);
            let request = Client::new().post(at).header(name, &value).body(bytes);
            request.header("content-type", "application/octet-stream").send().await.unwrap()
        };
        assert_eq!(upload(include_bytes!("../data/dot.png")).await.status(), StatusCode::CREATED);
        let more = upload(b"another").await;
        assert_eq!(more.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(more.headers().contains_key("retry-after"));
        let mut last = StatusCode::OK;
        for _ in 0..40 {
            last = ada.call(&server, Method::GET, "/api/me", json!({})).await.0;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(bob.call(&server, Method::GET, "/api/me", json!({})).await.0, StatusCode::OK);
        server.stop().await;
    }
}

#[tokio::test]
async fn what_was_paid_is_told_by_person_canvas_model_and_day() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let boss = sign_up(&server, "boss", WorkspaceRole::Owner).await;
        let ada = sign_up(&server, "ada", WorkspaceRole::Member).await;
        let canvas = own_canvas(&server, &ada).await;
        let at = format!("/api/canvases/{canvas}");
        let edits = json!([{"op": "add_node", "id": "g", "kind": "image_generator", "text": "a fox",
            "settings": {"count": 2, "resolution": "0.5K"}}]);
        assert_eq!(ada.call(&server, Method::POST, &format!("{at}/edits"), edits).await.0, 200);
        let runs = format!("{at}/runs");
        let run = ada.call(&server, Method::POST, &runs, json!({"mode": "workflow"})).await.1;
        let run_at = format!("/api/runs/{}", run["id"].as_str().unwrap());
        let mut ended = json!({});
        while ended["status"] != "succeeded" {
            ended = ada.call(&server, Method::GET, &run_at, json!({})).await.1;
            assert_ne!(ended["status"], "failed", "{ended}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let usage = async |query: &str| {
            boss.call(&server, Method::GET, &format!("/api/usage{query}"), json!({})).await.1
        };
        let by_person = usage("").await;
        let row = &by_person["items"][0];
        assert_eq!((&row["name"], &row["credits"]), (&json!("ada"), &ended["cost"]), "{by_person}");
        let fine = usage("?by=canvas,model,day").await;
        let row = &fine["items"][0];
        assert_eq!((&row["canvas"], &row["credits"]), (&json!(canvas), &ended["cost"]));
        assert_eq!(row["model"], ended["steps"][0]["model"]);
        assert_eq!(row["day"].as_i64().unwrap() % 86_400_000, 0);
        assert_eq!(row["person"], Value::Null);
        assert_eq!(usage("?to=1").await["items"], json!([]));
        assert_eq!(usage("?by=weather").await["code"], "bad_request");
        // What was paid stays when the canvas goes.
        assert_eq!(ada.call(&server, Method::DELETE, &at, json!({})).await.0, 204);
        let after = usage("?by=person").await;
        assert_eq!(after["items"][0]["credits"], ended["cost"], "{after}");
        server.stop().await;
    }
}

#[tokio::test]
async fn behind_tls_cookies_are_secure_and_the_browser_stays_with_tls() {
    let server = TestServer::start_tuned(&tests::Database::Sqlite, |options| {
        options.accounts = true;
        options.public_url = Some("https://canvas.example.org".to_owned());
    })
    .await;
    let link = owner_link(&server).await.unwrap();
    assert!(link.starts_with("https://canvas.example.org/join/"), "{link}");
    let body = sign_up_with(link.rsplit('/').next().unwrap(), "ada@example.org", "Ada");
    let ask = |origin: &'static str| {
        let request = Client::new().post(format!("{}/api/signup", server.url)).json(&body);
        request.header("host", "canvas.example.org").header("origin", origin).send()
    };
    assert_eq!(ask("https://evil.example.org").await.unwrap().status(), StatusCode::FORBIDDEN);
    let signed_up = ask("https://canvas.example.org").await.unwrap();
    assert_eq!(signed_up.status(), StatusCode::NO_CONTENT);
    let headers = signed_up.headers();
    assert_eq!(headers["strict-transport-security"], "max-age=31536000");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(headers["set-cookie"].to_str().unwrap().contains("; Secure"));
    let other = Client::new().get(format!("{}/api/me", server.url)).header("host", "evil.example");
    assert_eq!(other.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    server.stop().await;
}
