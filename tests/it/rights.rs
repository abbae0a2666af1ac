//! Who may do what: every route of the server and every kind of caller, against `tests/data/rights.txt`.

use std::fmt::Write as _;

use gesso_protocol::api::Me;
use gesso_protocol::api::accounts::{CanvasRole, OpenRole, Scope, WorkspaceRole};
use gesso_protocol::ids::{AssetId, CanvasId, WorkspaceId};
use gesso_server::accounts::{new_token, secret};
use gesso_server::clock::{fresh_id, now_ms};
use gesso_server::db::accounts::{NewAccount, NewSession};
use gesso_server::db::assets::AssetKey;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tests::{Database, TestServer, databases};

/// The outcome of every route for every kind of caller, as it should be.
const RIGHTS: &str = include_str!("../data/rights.txt");
/// Names of those who are refused as if there were no such thing.
const HIDDEN: [&str; 4] = [
    "There is no such canvas.",
    "There is no such run.",
    "There is no such asset.",
    "There is no such workspace.",
];

/// Somebody who calls, with the header that says who they are.
#[derive(Clone)]
pub(crate) struct Somebody {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) header: Option<(&'static str, String)>,
}

/// A server on which people sign in.
pub(crate) async fn with_accounts(database: &Database) -> TestServer {
    TestServer::start_tuned(database, |options| options.accounts = true).await
}

/// An account with a session, in the server's own workspace.
pub(crate) async fn sign_up(
    server: &TestServer,
    name: &'static str,
    role: WorkspaceRole,
) -> Somebody {
    sign_up_in(server, WorkspaceId::default(), name, role).await
}

/// An account with a session, in a workspace.
pub(crate) async fn sign_up_in(
    server: &TestServer,
    workspace: WorkspaceId,
    name: &'static str,
    role: WorkspaceRole,
) -> Somebody {
    let me = Me {
        id: fresh_id(),
        name: name.to_owned(),
        color: "#ff9db0".to_owned(),
        favourites: Vec::new(),
        account: None,
    };
    let id = me.id.clone();
    let email = format!("{}@example.org", name.replace(' ', "."));
    let account = NewAccount {
        me,
        email_key: email.clone(),
        email,
        password: None,
        is_email_checked: true,
        identity: None,
        workspace,
        role,
    };
    let db = &server.app.db;
    assert!(db.add_account(&account, None, now_ms()).await.unwrap());
    let secret = secret::fresh();
    let session = NewSession {
        id: fresh_id(),
        hash: secret::hash(&secret),
        person: id.clone(),
        device: "a browser".to_owned(),
        address: "127.0.0.1".to_owned(),
    };
    db.add_session(&session, now_ms(), now_ms() + 1_000_000).await.unwrap();
    Somebody { id, name, header: Some(("cookie", format!("gesso_session={secret}"))) }
}

/// A token of somebody's.
pub(crate) async fn token(
    server: &TestServer,
    of: &Somebody,
    name: &'static str,
    scopes: &[Scope],
) -> Somebody {
    let (token, secret) = new_token(name, scopes.to_vec(), None, now_ms());
    server.app.db.add_token(&of.id, &secret::hash(&secret), &token).await.unwrap();
    Somebody {
        id: of.id.clone(),
        name,
        header: Some(("authorization", format!("Bearer {secret}"))),
    }
}

impl Somebody {
    fn anonymous() -> Self {
        Self { id: String::new(), name: "anonymous", header: None }
    }

    /// A request of theirs, with a JSON body where the method has one; answers status and body.
    pub(crate) async fn call(
        &self,
        server: &TestServer,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let client = Client::new();
        let mut request = client.request(method.clone(), format!("{}{path}", server.url));
        if let Some((name, value)) = &self.header {
            request = request.header(*name, value);
        }
        if path.ends_with("/doc") && method == Method::POST {
            request = request.header("content-type", "application/octet-stream").body(vec![0, 0]);
        } else if method != Method::GET && method != Method::DELETE {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        // Streams have no end.
        let is_json = response
            .headers()
            .get("content-type")
            .is_some_and(|kind| kind.to_str().unwrap().contains("json"));
        let body = if is_json { response.json().await.unwrap_or(Value::Null) } else { Value::Null };
        (status, body)
    }
}

/// The people there are, and a canvas of the owner's.
struct Scene {
    owner: Somebody,
    viewer: Somebody,
    commenter: Somebody,
    editor: Somebody,
    callers: Vec<Somebody>,
    asset: String,
    run: String,
}

async fn scene(server: &TestServer) -> Scene {
    let boss = sign_up(server, "workspace owner", WorkspaceRole::Owner).await;
    let owner = sign_up(server, "owner", WorkspaceRole::Member).await;
    let outsider = sign_up(server, "member without access", WorkspaceRole::Member).await;
    let viewer = sign_up(server, "viewer", WorkspaceRole::Guest).await;
    let commenter = sign_up(server, "commenter", WorkspaceRole::Guest).await;
    let editor = sign_up(server, "editor", WorkspaceRole::Guest).await;
    let revoked = token(server, &owner, "revoked token", &[Scope::Admin]).await;
    let listed = server.app.db.tokens(&owner.id).await.unwrap();
    assert!(server.app.db.end_token(Some(&owner.id), &listed[0].id).await.unwrap());
    let elsewhere = WorkspaceId::new("elsewhere");
    let db = &server.app.db;
    let credits = gesso_protocol::pricing::Money(1_000_000);
    db.add_workspace(&elsewhere, "Elsewhere", &boss.id, credits, now_ms()).await.unwrap();
    let foreigner =
        sign_up_in(server, elsewhere, "another workspace's owner", WorkspaceRole::Owner).await;
    let mut callers = vec![
        Somebody::anonymous(),
        revoked,
        viewer.clone(),
        commenter.clone(),
        editor.clone(),
        outsider,
        foreigner,
        owner.clone(),
        boss,
    ];
    for (name, scopes) in [
        ("owner's token read", &[Scope::Read][..]),
        ("owner's token edit", &[Scope::Edit]),
        ("owner's token run", &[Scope::Run]),
        ("owner's token admin", &[Scope::Admin]),
    ] {
        callers.push(token(server, &owner, name, scopes).await);
    }
    let asset = {
        let form = reqwest::multipart::Form::new().part(
            "file",
            reqwest::multipart::Part::bytes(include_bytes!("../data/dot.png").to_vec())
                .file_name("dot.png"),
        );
        let (name, value) = owner.header.clone().unwrap();
        let request = Client::new().post(format!("{}/api/assets", server.url)).header(name, value);
        let made: Value = request.multipart(form).send().await.unwrap().json().await.unwrap();
        made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    };
    let mut scene = Scene { owner, viewer, commenter, editor, callers, asset, run: String::new() };
    let canvas = canvas(server, &scene).await;
    let edits = json!([{"op": "add_node", "id": "v", "kind": "voiceover", "text": "hello"}]);
    let at = format!("/api/canvases/{canvas}");
    let edited = scene.owner.call(server, Method::POST, &format!("{at}/edits"), edits).await;
    assert_eq!(edited.0, StatusCode::OK, "{edited:?}");
    let runs = format!("{at}/runs");
    let (status, started) =
        scene.owner.call(server, Method::POST, &runs, json!({"mode": "workflow"})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{started}");
    scene.run = started["id"].as_str().unwrap().to_owned();
    scene
}

/// A canvas of the owner's with a viewer, a commenter and an editor, closed to the workspace.
async fn canvas(server: &TestServer, scene: &Scene) -> String {
    let (status, made) =
        scene.owner.call(server, Method::POST, "/api/canvases", json!({"name": "Secret"})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let id = CanvasId::new(made["id"].as_str().unwrap());
    let db = &server.app.db;
    for (person, role) in [
        (&scene.viewer, CanvasRole::Viewer),
        (&scene.commenter, CanvasRole::Commenter),
        (&scene.editor, CanvasRole::Editor),
    ] {
        assert!(db.put_canvas_person(&id, &person.id, role, now_ms()).await.unwrap());
    }
    db.set_workspace_role(&id, OpenRole::None).await.unwrap();
    id.to_string()
}

/// What a caller gets: `-` is nothing (401), `hidden` 404, `no` 403, `yes` whatever the handler says.
fn outcome(status: StatusCode, body: &Value) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "-",
        StatusCode::FORBIDDEN => "no",
        StatusCode::NOT_FOUND if HIDDEN.iter().any(|hidden| body["detail"] == *hidden) => "hidden",
        _ => "yes",
    }
}

/// The address of a route, with things that are there.
fn address(route: &str, scene: &Scene, canvas: &str) -> String {
    let template = "first-image";
    let (before, after) = route.split_once("{id}").unwrap_or((route, ""));
    let id = match before {
        "/api/canvases/" | "/c/" => canvas,
        "/api/runs/" => &scene.run,
        "/api/assets/" => &scene.asset,
        "/api/workspaces/" => "default",
        "/api/templates/" => template,
        _ => "x",
    };
    let whole = if after.is_empty() && !route.contains("{id}") {
        route.to_owned()
    } else {
        format!("{before}{id}{after}")
    };
    let mut address = whole.replace("{canvas}", canvas);
    for part in ["{node}", "{late}", "{person}", "{request}", "{invitation}", "{secret}"] {
        address = address.replace(part, "v");
    }
    address
}

/// True for what changes a canvas so that the next caller would find another one.
fn changes(method: &str, route: &str) -> bool {
    method != "GET" && route.starts_with("/api/canvases/{id}")
}

#[tokio::test]
async fn every_route_and_every_caller() {
    let routes = include_str!("../data/routes.txt");
    for database in databases() {
        let server = with_accounts(&database).await;
        let scene = scene(&server).await;
        let shared = canvas(&server, &scene).await;
        let run_canvas = CanvasId::new(
            scene
                .owner
                .call(&server, Method::GET, &format!("/api/runs/{}", scene.run), json!({}))
                .await
                .1["canvas"]
                .as_str()
                .unwrap(),
        );
        let names: Vec<&str> = scene.callers.iter().map(|caller| caller.name).collect();
        let mut table = format!("# {}\n", names.join(" | "));
        for route in routes.lines() {
            let (method, path) = route.split_once(' ').unwrap();
            let mut row = Vec::new();
            for caller in &scene.callers {
                // A session or an account that was ended here would be missed by those after it.
                if path == "/api/session" || path == "/api/signup" {
                    row.push("yes");
                    continue;
                }
                let own = match changes(method, path) {
                    true => canvas(&server, &scene).await,
                    false => shared.clone(),
                };
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let body = json!({"id": format!("c{}", fresh_id())});
                let body = if path == "/api/canvases" { body } else { json!({}) };
                let at = address(path, &scene, &own);
                let (status, body) = caller.call(&server, method, &at, body).await;
                assert!(
                    status != StatusCode::INTERNAL_SERVER_ERROR,
                    "{route} {}: {body}",
                    caller.name
                );
                row.push(outcome(status, &body));
            }
            writeln!(table, "{route}: {}", row.join(" ")).unwrap();
        }
        assert!(server.app.db.role(&run_canvas, &scene.owner.id).await.unwrap().is_some());
        if table != RIGHTS {
            let at = std::env::temp_dir().join("rights.txt");
            std::fs::write(&at, &table).unwrap();
            panic!(
                "tests/data/rights.txt says otherwise; what the server does is in {}",
                at.display()
            );
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn guests_see_the_files_of_canvases_that_were_shared_with_them_alone() {
    for database in databases() {
        let server = with_accounts(&database).await;
        let scene = scene(&server).await;
        let asset = format!("/api/assets/{}", scene.asset);
        let get =
            async |caller: &Somebody| caller.call(&server, Method::GET, &asset, json!({})).await.0;
        assert_eq!(get(&scene.viewer).await, StatusCode::NOT_FOUND);
        assert_eq!(get(&scene.callers[5]).await, StatusCode::OK, "a member has the library");
        let shared = canvas(&server, &scene).await;
        let edits = json!([{"op": "add_node", "id": "u", "kind": "upload", "asset": scene.asset}]);
        let edits_at = format!("/api/canvases/{shared}/edits");
        assert_eq!(
            scene.owner.call(&server, Method::POST, &edits_at, edits).await.0,
            StatusCode::OK
        );
        assert_eq!(get(&scene.viewer).await, StatusCode::OK);
        // To name a file is not to be allowed to read it: by edits it is unknown, and a document proves nothing.
        let other = canvas(&server, &scene).await;
        let at = format!("/api/canvases/{other}/edits");
        let named = json!([{"op": "add_node", "kind": "upload", "asset": scene.asset}]);
        let scene_of = sign_up(&server, "stranger", WorkspaceRole::Guest).await;
        let id = CanvasId::new(other.as_str());
        let db = &server.app.db;
        assert!(
            db.put_canvas_person(&id, &scene_of.id, CanvasRole::Editor, now_ms()).await.unwrap()
        );
        assert_eq!(scene_of.call(&server, Method::POST, &at, named).await.0, StatusCode::NOT_FOUND);
        let id = CanvasId::new(shared.as_str());
        assert!(server.app.db.remove_canvas_person(&id, &scene.viewer.id).await.unwrap());
        assert_eq!(get(&scene.viewer).await, StatusCode::NOT_FOUND);
        let key =
            AssetKey { workspace: WorkspaceId::default(), id: AssetId::new(scene.asset.as_str()) };
        assert!(server.app.db.asset(&key).await.unwrap().is_some());
        server.stop().await;
    }
}
