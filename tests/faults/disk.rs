//! The disk of the embedded parts is full: people are told so and can go on reading, and when there is room again
//! everything goes on.
//!
//! The system is told that no file of the process may grow beyond a block. A write beyond it is refused as it is on a full
//! disk, with another number (`EFBIG`, not `ENOSPC`): nobody but root can make a disk small, and the tests run without.

use std::io::Write;
use std::iter;
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::kit::program::Program;
use crate::kit::traffic::Traffic;
use crate::kit::{PATIENCE, eventually, judge, photos};

/// How long somebody waits to be told.
const FAST: Duration = Duration::from_secs(3);

#[tokio::test]
async fn full_for_some_time() {
    let mut program = Program::told("").on_a_small_disk();
    program.starts().await;
    let traffic = Traffic::begins(std::slice::from_ref(&program.front)).await;
    let first = traffic.done().media[0].0.clone();
    let fault = async {
        files_may_grow_to(&program, "4096");
        let full = Instant::now();
        while full.elapsed() < Duration::from_secs(5) {
            traffic.is_in_trouble().await;
            let view = traffic.people[1].sees_media(&first).await;
            assert_eq!(view["id"], first.as_str(), "what is there can be read");
        }
        files_may_grow_to(&program, "unlimited");
        traffic.goes_on_for(20).await;
    };
    traffic.during(fault).await;
    let troubles = traffic.troubles();
    assert!(troubles.iter().all(|trouble| trouble.after < FAST), "{troubles:?}");
    // After a restart, too.
    program.is_killed();
    program.starts().await;
    judge::finds_nothing_wrong(&traffic, &program.databases()).await;
    program.ends().await;
}

/// A photo whose original is as large as what was sent: nothing in it is packed.
fn large_photo() -> Vec<u8> {
    let (width, height) = (1500_u32, 1400_u32);
    let row = |row: u32| iter::once(0).chain((0..width * 3).map(move |at| (row ^ at).to_le_bytes()[0]));
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::none());
    pixels.write_all(&(0..height).flat_map(row).collect::<Vec<u8>>()).expect("memory");
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = photos::png_chunk(b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat());
    let pixels = photos::png_chunk(b"IDAT", &pixels.finish().expect("memory"));
    [b"\x89PNG\r\n\x1a\n".to_vec(), header, pixels, photos::png_chunk(b"IEND", &[])].concat()
}

/// The names of the files in a folder of the store, and how long they are.
fn files(program: &Program, folder: &str) -> Vec<(String, u64)> {
    let Ok(files) = std::fs::read_dir(program.folder.0.join("data/blobs").join(folder)) else { return vec![] };
    let files = files.map(|file| file.expect("a file"));
    files.map(|file| (file.file_name().display().to_string(), file.metadata().expect("its size").len())).collect()
}

/// Only the volume of the photos is full: no file of the database is as large as this photo.
#[tokio::test]
async fn a_photo_for_which_there_is_no_room_can_be_sent_again() {
    let mut program = Program::told("").on_a_small_disk();
    program.starts().await;
    let (ada, photo) = (program.signs_up("ada").await, large_photo());
    let upload = ada.announces(&photo, "image/png").await;
    files_may_grow_to(&program, &(photo.len() - 1000).to_string());
    let put = ada.front.client.put(upload.url.as_deref().expect("bytes are awaited"));
    let answer = put.header("content-type", "image/png").body(photo.clone()).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let errors: Value = answer.json().await.expect("JSON");
    let extensions = &errors["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], extensions["retryAfterMs"].is_u64()), (&json!("OVERLOADED"), true), "{errors}");
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "AWAITING_BYTES");
    assert!([files(&program, "incoming"), files(&program, "raw")].concat().is_empty(), "nothing is left of it");
    assert!(program.log().contains("a disk is full"), "somebody must act");
    files_may_grow_to(&program, "unlimited");
    assert_eq!(ada.sends(&upload, &photo).await, StatusCode::NO_CONTENT);
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    program.ends().await;
}

#[tokio::test]
async fn a_photo_waits_until_there_is_room_for_its_images() {
    let mut program = Program::told("[server]\nrole = \"api\"\n");
    program.starts().await;
    let (ada, photo) = (program.signs_up("ada").await, large_photo());
    let upload = ada.announces(&photo, "image/png").await;
    assert_eq!(ada.sends(&upload, &photo).await, StatusCode::NO_CONTENT);
    program.is_killed();
    std::fs::write(program.folder.0.join("photograph.toml"), "").expect("the configuration");
    program.has_files_of_at_most((photo.len() - 1000) / 1024);
    program.starts().await;
    eventually("the photo waits", PATIENCE, async || program.log().contains("waits for disk space").then_some(()))
        .await;
    let seen =
        ada.asks("query($id: ID!) { node(id: $id) { ... on Upload { status } } }", json!({ "id": upload.id })).await;
    assert_eq!(seen.data("/node/status"), "PROCESSING");
    let sent: Vec<u64> = files(&program, "raw").into_iter().map(|(_, length)| length).collect();
    assert_eq!(sent, [photo.len() as u64], "what was sent is still there");
    assert!([files(&program, "incoming"), files(&program, "originals")].concat().is_empty());
    files_may_grow_to(&program, "unlimited");
    assert_eq!(ada.sees_upload(&upload.id).await["status"], "READY");
    let originals = files(&program, "originals");
    assert!(originals.len() == 1 && originals[0].1 > photo.len() as u64 - 1000, "{originals:?}");
    program.ends().await;
}

/// The soft limit only: it can be raised again.
fn files_may_grow_to(program: &Program, bytes: &str) {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &program.process().to_string(), &format!("--fsize={bytes}:")]);
    assert!(prlimit.status().expect("prlimit").success(), "the limit of the process can be changed");
}
