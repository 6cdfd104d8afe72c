//! `photograph check --live`: every configured part is tried, and what is wrong is said in plain words, with how to mend it.

use std::path::Path;

use photograph::platform::sandbox;
use sea_orm::{ConnectionTrait, Database};

use crate::heif::heif_decoder;
use crate::kit::Folder;
use crate::kit::parts::Parts;
use crate::kit::program::{PROGRAM, free_address, run};
use crate::kit::store::Store;

/// Whether a check went well, and all that it said.
fn checked(folder: &Folder) -> (bool, String) {
    let output = run(&folder.0, &["check", "--live"], &[]);
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    (output.status.success(), said.concat())
}

fn set_up(toml: &str) -> Folder {
    let folder = Folder::fresh();
    std::fs::write(folder.0.join("photograph.toml"), toml).expect("a file in the folder");
    folder
}

#[tokio::test]
async fn every_part_is_tried_and_nothing_is_changed() {
    let parts = Parts::fresh().await;
    let heif = format!("[uploads]\nheif_decoder = \"{}\"\nheif_unsandboxed = true\n", heif_decoder());
    let folder = set_up(&format!("{}{heif}", parts.toml()));
    let (_, said) = checked(&folder);
    let lacks = ["It is made at the first start.", "It has no schema yet. Run `photograph migrate`."];
    assert!(lacks.iter().any(|lack| said.contains(lack)), "{said}");
    assert!(!folder.0.join("data/photograph.sqlite").exists(), "a look makes no database");
    assert!(run(&folder.0, &["migrate"], &[]).status.success());
    let (is_well, said) = checked(&folder);
    assert!(is_well && said.contains("Every configured part works.") && !said.contains("WRONG"), "{said}");
    let of_a_company = ["Postgres", "Replica", "Redis", "Its schema is up to date.", "in the bucket"];
    let embedded = ["SQLite", "Its schema is up to date.", "below data/blobs"];
    assert!(said.contains("HEIC works with") && said.contains("AVIF works with"), "{said}");
    let is_confined = sandbox::check(Path::new(PROGRAM)).is_ok();
    let confined =
        if is_confined { ", in a sandbox." } else { ", without a sandbox, as uploads.heif_unsandboxed allows." };
    assert!(said.contains(confined), "{said}");
    let expected = if matches!(parts, Parts::Embedded) { &embedded[..] } else { &of_a_company[..] };
    assert!(expected.iter().all(|part| said.contains(part)), "{said}");
    parts.drop().await;
}

#[test]
fn each_part_that_is_wrong_is_said_to_be_wrong() {
    let (nobody, store) = (free_address(), Store::starts());
    let s3 = format!("[s3]\nendpoint = \"{}\"\nregion = \"us-east-1\"\npath_style = true\n", store.url);
    let key = "access_key_id = \"photograph\"\nsecret_access_key = \"photograph-secret\"\n";
    for (toml, words) in [
        (format!("[database]\nurl = \"postgres://photograph@{nobody}/photograph\"\n"), "Check the address"),
        (format!("[redis]\nurl = \"redis://{nobody}\"\n"), "Check redis.url"),
        (format!("{s3}bucket = \"another\"\n{key}"), "There is no such bucket"),
        (
            format!("{s3}bucket = \"photograph\"\naccess_key_id = \"x\"\nsecret_access_key = \"y\"\n"),
            "s3.access_key_id",
        ),
        (
            "[uploads]\nheif_decoder = \"/nowhere/heif-convert\"\nheif_unsandboxed = true\n".to_owned(),
            "Check uploads.heif_decoder",
        ),
    ] {
        let (is_well, said) = checked(&set_up(&toml));
        assert!(!is_well && said.contains("WRONG") && said.contains("one thing is wrong"), "{toml}{said}");
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_or_too_new_for_the_program_is_told() {
    let folder = set_up("");
    std::fs::create_dir(folder.0.join("data")).expect("a folder");
    let file = folder.0.join("data/photograph.sqlite");
    std::fs::write(&file, "a shopping list: apples, pears, and whatever else is ripe").expect("a file");
    let (is_well, said) = checked(&folder);
    assert!(!is_well && said.contains("It is no database of photograph"), "{said}");
    std::fs::remove_file(&file).expect("the file goes");
    assert!(run(&folder.0, &["migrate"], &[]).status.success());
    let database = Database::connect(format!("sqlite:{}", file.display())).await.expect("a database");
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 0)";
    database.execute_unprepared(newer).await.expect("a row");
    let (is_well, said) = checked(&folder);
    assert!(is_well && said.contains("has 1 change(s) of a newer version"), "{said}");
    database.execute_unprepared("UPDATE schema_compat SET oldest = 99").await.expect("a row");
    database.close().await.expect("it closes");
    let (is_well, said) = checked(&folder);
    assert!(!is_well && said.contains("needs a program of level 99 or higher"), "{said}");
}
