//! The playground in a real browser: one click signs in, a query runs, and what somebody publishes in one page arrives
//! in the page of another.

use std::process::Command;

use serde_json::{Value, json};

use crate::kit::program::{Program, run};
use crate::kit::{Kit, photos};

#[tokio::test]
async fn people_meet_in_the_playground() {
    in_a_browser("playground.mjs").await;
}

#[tokio::test]
async fn a_photo_and_a_feed_go_on_in_the_studio_where_they_were_cut_off() {
    in_a_browser("studio.mjs").await;
}

/// Lets a real browser do what a script says, on a seeded server.
async fn in_a_browser(script: &str) {
    let mut server = Program::prepared().await;
    server.starts().await;
    let folder = &server.folder.0;
    let seeded = run(folder, &["seed", "--config", "photograph.toml", "--data", "data"], &[]);
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    let photo = folder.join("phone.jpg");
    std::fs::write(&photo, photos::phone_jpeg()).expect("a photo in the folder");
    let screenshots = std::env::temp_dir().join("photograph-playground");
    std::fs::create_dir_all(&screenshots).expect("a folder for screenshots");
    let script = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/{}"), script);
    let url = server.front.url("");
    let mut node = Command::new("node");
    node.arg(script).arg(url.trim_end_matches('/')).arg(&screenshots).arg(&photo).args(server.store());
    let seen = node.output().expect("node is there: tests/run installs it");
    let said = String::from_utf8_lossy(&seen.stdout).into_owned() + &String::from_utf8_lossy(&seen.stderr);
    assert!(seen.status.success(), "{said}");
    server.ends().await;
}

/// The ready tabs: the text of each and the variables beside it.
fn tabs() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/playground/operations");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the tabs").map(|file| file.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "graphql"));
    files.sort();
    let variables = |file: &std::path::Path| {
        let text = std::fs::read_to_string(file.with_extension("json"));
        text.map_or_else(|_| json!({}), |text| serde_json::from_str(&text).expect("variables are JSON"))
    };
    files.iter().map(|file| (std::fs::read_to_string(file).expect("a tab"), variables(file))).collect()
}

/// The kind and name of each operation in a document.
fn operations(document: &str) -> Vec<(&str, &str)> {
    document.lines().filter_map(operation).collect()
}

fn operation(line: &str) -> Option<(&str, &str)> {
    let (kind, rest) = line.split_once(' ')?;
    let is_operation = matches!(kind, "query" | "mutation" | "subscription");
    let name = rest.split(|c: char| !c.is_alphanumeric()).next()?;
    (is_operation && !name.is_empty()).then_some((kind, name))
}

#[tokio::test]
async fn every_tab_fits_the_schema() {
    let kit = Kit::start().await;
    let ada = kit.signs_up("ada").await;
    let mut seen = 0;
    for (document, variables) in tabs() {
        for (kind, name) in operations(&document) {
            seen += 1;
            if kind == "subscription" {
                ada.listens(&document, variables.clone()).await.next_is("StreamOpened").await;
                continue;
            }
            let body = json!({ "query": document, "variables": variables, "operationName": name });
            let request = ada.front.client.post(ada.front.url("/graphql")).bearer_auth(ada.tokens().access);
            let answer = request.json(&body).send().await.expect("an answer");
            let status = answer.status().as_u16();
            // Examples may name what is not there; they are never refused before they run.
            assert!(matches!(status, 200 | 294), "{name}: {}", answer.text().await.unwrap_or_default());
        }
    }
    assert!(seen >= 15, "{seen} operations in the tabs");
    kit.ends().await;
}
