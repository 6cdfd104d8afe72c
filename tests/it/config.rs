//! The program in the hands of an operator: a mistake in its setting up is told at once, with the way to mend it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::kit::program::{Program, run};
use crate::kit::{Folder, photos};

/// What a command that must fail says.
fn fails(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// What a command that must succeed says.
fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn with_file(toml: &str) -> Folder {
    let folder = Folder::fresh();
    std::fs::write(folder.0.join("photograph.toml"), toml).expect("a file in the folder");
    folder
}

#[test]
fn an_unknown_option_in_the_file_is_an_error_with_a_suggestion() {
    let folder = with_file("[graphql]\ndeph = 3\n");
    for command in ["serve", "check", "migrate"] {
        let said = fails(&run(&folder.0, &[command], &[]));
        assert!(said.contains("graphql.deph") && said.contains("depth"), "{command}: {said}");
    }
}

#[test]
fn an_unknown_option_in_the_environment_is_an_error_with_a_suggestion() {
    let folder = Folder::fresh();
    let said = fails(&run(&folder.0, &["check"], &[("PHOTOGRAPH__UPLOADS__PHOTO_BITES", "1")]));
    assert!(said.contains("photo_bites") && said.contains("photo_bytes"), "{said}");
}

#[test]
fn a_value_that_does_not_fit_is_named() {
    for (toml, name) in [
        ("[server]\nlisten = \"here\"", "server.listen"),
        ("[http]\npartial_success_status = 500", "http.partial_success_status"),
        ("[uploads]\nworkers = 0", "uploads.workers"),
        ("[graphql]\ndepth = \"deep\"", "graphql.depth"),
        ("[database]\nshards = { \"0-4095\" = \"sqlite:a\" }", "database.shards"),
        ("[telemetry]\nlog = \"nonsense=loud\"", "telemetry.log"),
    ] {
        let folder = with_file(toml);
        let said = fails(&run(&folder.0, &["check"], &[]));
        assert!(said.contains(name), "{name}: {said}");
    }
}

#[test]
fn a_file_that_is_not_there_or_not_toml_is_an_error() {
    let folder = with_file("this is not TOML");
    fails(&run(&folder.0, &["check"], &[]));
    let said = fails(&run(&folder.0, &["check", "--config", "elsewhere.toml"], &[]));
    assert!(said.contains("elsewhere.toml"), "{said}");
}

#[test]
fn what_is_set_up_well_is_found_well() {
    let folder = with_file("[server]\nname = \"Our photos\"\n");
    succeeds(&run(&folder.0, &["check"], &[]));
    let shown = succeeds(&run(&folder.0, &["config", "show"], &[("PHOTOGRAPH__GRAPHQL__DEPTH", "9")]));
    assert!(shown.contains("Our photos") && shown.contains("depth = 9"), "{shown}");
}

#[test]
fn an_option_with_a_new_name_is_accepted_by_its_old_one_with_a_warning() {
    let old = "[auth]\nwrong_passwords_of_network = 7\n";
    let both = format!("{old}log_ins_of_network = 9\n");
    let environment = [("PHOTOGRAPH__AUTH__LOG_INS_OF_NETWORK", "8")];
    for (toml, environment, used) in [(old, &[][..], 7), (old, &environment, 8), (&both, &[], 9)] {
        let folder = with_file(toml);
        let shown = succeeds(&run(&folder.0, &["config", "show"], environment));
        assert!(shown.contains(&format!("log_ins_of_network = {used}\n")), "{shown}");
        assert!(!shown.contains("wrong_passwords_of_network"), "{shown}");
        let checked = run(&folder.0, &["check"], environment);
        let said = format!("{}{}", succeeds(&checked), String::from_utf8_lossy(&checked.stderr));
        assert!(said.contains("auth.wrong_passwords_of_network") && said.contains("auth.log_ins_of_network"), "{said}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let folder = with_file("[database]\nurl_file = \"secret\"\n");
    std::fs::write(folder.0.join("secret"), "postgres://photograph:hunter2@127.0.0.1:1/photograph\n").expect("a file");
    let shown = succeeds(&run(&folder.0, &["config", "show"], &[]));
    assert!(!shown.contains("hunter2"), "{shown}");
    let said = fails(&run(&folder.0, &["migrate"], &[]));
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_database_can_be_brought_up_to_date_again_and_again() {
    let folder = Folder::fresh();
    for _ in 0..2 {
        succeeds(&run(&folder.0, &["migrate"], &[]));
    }
    assert!(folder.0.join("data/photograph.sqlite").is_file());
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_program() {
    succeeds(&run(env!("CARGO_MANIFEST_DIR").as_ref(), &["schema", "--check"], &[]));
    let folder = Folder::fresh();
    fails(&run(&folder.0, &["schema", "--check"], &[]));
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error() {
    let mut program = Program::prepared().await;
    program.starts().await;
    let (folder, address) = (Folder::fresh(), program.front.address.to_string());
    let said = fails(&run(&folder.0, &["serve", "--listen", &address], &[]));
    assert!(said.contains(&address), "{said}");
    program.ends().await;
}

#[tokio::test]
async fn the_server_stops_when_it_is_asked_to_and_goes_on_where_it_was() {
    let mut program = Program::prepared().await;
    program.starts().await;
    let ada = program.signs_up("ada").await;
    let media = ada.publishes("dusk").await;
    assert!(program.is_stopped().await.success(), "{}", program.log());
    program.starts().await;
    assert_eq!(ada.home_feed().await, [media], "the same session, the same feed");
    program.ends().await;
}

/// Everything in a folder, with the folder.
fn all_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let all = entries.flat_map(|path| if path.is_dir() { all_in(&path) } else { vec![path] });
    all.chain([folder.to_owned()]).collect()
}

#[tokio::test]
async fn nobody_else_on_the_machine_can_read_what_the_server_keeps() {
    let mut program = Program::told("");
    let data = program.folder.0.join("data");
    let opened = |path: &Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("the mode can be changed");
    };
    std::fs::create_dir(&data).expect("a folder");
    opened(&data, 0o755);
    for start in ["the first", "the second"] {
        program.starts().await;
        let ada = program.signs_up(if start == "the first" { "ada" } else { "bob" }).await;
        ada.uploads(&photos::small_jpeg(1), "image/jpeg").await;
        for path in all_in(&data) {
            let mode = std::fs::metadata(&path).map_or(0, |data| data.permissions().mode());
            assert_eq!(mode & 0o077, 0, "after {start} start {} has mode {mode:o}", path.display());
        }
        program.is_killed();
        // As an earlier version left it.
        opened(&data, 0o755);
        opened(&data.join("photograph.sqlite"), 0o644);
    }
    program.ends().await;
}

#[test]
fn a_server_that_others_can_reach_is_not_seeded_by_mistake() {
    for (key, value) in
        [("PHOTOGRAPH__SERVER__URL", "https://photos.example.org"), ("PHOTOGRAPH__SERVER__LISTEN", "0.0.0.0:8080")]
    {
        let folder = with_file("");
        let said = fails(&run(&folder.0, &["seed"], &[(key, value)]));
        assert!(said.contains(value) && said.contains("--public"), "{said}");
        assert!(!folder.0.join("data").exists(), "nothing was begun");
        // Whoever says so is let through, here as far as a data folder that is none.
        let said = fails(&run(&folder.0, &["seed", "--public", "--data", "photograph.toml"], &[(key, value)]));
        assert!(!said.contains("--public"), "{said}");
    }
}
