//! Names of files, and finding things by them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{TestServer, databases};

/// A drawing that differs from others by its text.
fn drawing(text: &str) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="8">{text}</text></svg>"#
    )
}

/// Uploads a file by a form whose text is given; answers its row.
async fn sent(server: &TestServer, disposition: &str, content: &str) -> Value {
    let body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"file\"; {disposition}\r\nContent-Type: image/svg+xml\r\n\r\n\
         {content}\r\n--edge--\r\n"
    );
    let request = server.client.request(Method::POST, format!("{}/api/assets", server.url));
    let request = request.header("content-type", "multipart/form-data; boundary=edge").body(body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED, "{disposition}");
    response.json().await.unwrap()
}

#[tokio::test]
async fn names_in_forms() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        for (n, (disposition, name)) in [
            (r#"filename="a %22b%22 100%25.svg""#, "a \"b\" 100%25.svg"),
            (r#"filename="two%0D%0Alines.svg""#, "twolines.svg"),
            ("filename*=UTF-8''%E2%82%AC%20und%20%22.svg", "€ und \".svg"),
            ("filename=\"plain.svg\"; filename*=UTF-8''gr%C3%BC%C3%9Fe.svg", "grüße.svg"),
            (r#"filename="C:\fakepath\x.svg""#, "x.svg"),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(sent(&server, disposition, &drawing(&n.to_string())).await["name"], name);
        }
    }
}

#[tokio::test]
async fn the_library_is_searched_as_people_read() {
    for database in databases() {
        let server = TestServer::start(&database).await;
        let names = [
            "ΣΊΣΥΦΟΣ.svg",
            "Große Straße.svg",
            "Ｆｕｌｌ Ｗｉｄｔｈ.svg",
            "Mu\u{308}ller.svg",
            "Café 100%.svg",
            "a_b!c.svg",
            "ﾀﾞﾝｽ.svg",
            "Łódź.svg",
        ];
        for name in names {
            let url = format!("{}/api/assets", server.url);
            let request = server.client.post(url).query(&[("name", name)]).body(drawing(name));
            assert_eq!(request.send().await.unwrap().status(), StatusCode::CREATED);
        }
        for (query, found) in [
            ("σίσυφος", 0),
            ("ΣΙΣΥΦΟΣ", 0),
            ("STRASSE", 1),
            ("straße gro", 1),
            ("full width", 2),
            ("ｗｉｄｔｈ", 2),
            ("müller", 3),
            ("muller", 3),
            ("MÜLLER", 3),
            ("cafe", 4),
            ("cafe\u{301}", 4),
            ("100%", 4),
            ("a_b", 5),
            ("b!c", 5),
            ("ダンス", 6),
            ("lodz", 7),
        ] {
            let request =
                server.client.get(format!("{}/api/assets", server.url)).query(&[("q", query)]);
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            let items: Vec<&Value> =
                answer["items"].as_array().unwrap().iter().map(|item| &item["name"]).collect();
            let wanted = names[found].to_owned();
            assert_eq!(items, [&json!(wanted)], "{query}");
        }
        for nothing in ["%", "_", "a%b", "\0", "straßen"] {
            let request =
                server.client.get(format!("{}/api/assets", server.url)).query(&[("q", nothing)]);
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            let count = answer["items"].as_array().map(Vec::len);
            let expected = match nothing {
                "%" | "_" => 1,
                // What nobody sees is no word at all.
                "\0" => names.len(),
                _ => 0,
            };
            assert_eq!(count, Some(expected), "{nothing:?}: {answer}");
        }
    }
}
