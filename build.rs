//! Builds the playground, so that the program carries it inside itself.
//!
//! A program without a playground is still a good program: when npm is missing or fails, the build goes on, warns
//! once, and leaves a sentence that the page at `/playground` shows instead.

#![expect(clippy::disallowed_methods, reason = "Cargo tells a build script everything through its environment")]

use std::{
    env, fs,
    fs::File,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

/// What the playground is made of; `node_modules` is made from it, too.
const SOURCES: [&str; 9] = [
    "playground/.npmrc",
    "playground/index.html",
    "playground/operations",
    "playground/package-lock.json",
    "playground/package.json",
    "playground/src",
    "playground/studio.html",
    "playground/tsconfig.json",
    "playground/vite.config.ts",
];
const SKIP: &str = "PHOTOGRAPH_SKIP_PLAYGROUND";
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

fn main() -> io::Result<()> {
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
    }
    println!("cargo:rerun-if-env-changed={SKIP}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("playground");
    if env::var(SKIP).is_ok_and(|value| value == "1") {
        return leave_out(
            &out,
            &format!("The playground was left out when this program was built, because {SKIP} was 1."),
        );
    }
    build_into(&out).or_else(|reason| {
        println!("cargo:warning=The playground is missing from this build: {reason}");
        leave_out(&out, &reason)
    })
}

/// Builds the playground, or says in a sentence why not and what to do.
fn build_into(out: &Path) -> Result<(), String> {
    let _lock = lock().map_err(|error| format!("The folder `playground` cannot be written to ({error})."))?;
    if must_install().unwrap_or(true) {
        npm(&["ci", "--include=dev", "--fetch-retries=1"])?;
    }
    npm(&["run", "build", "--", "--outDir", &out.to_string_lossy()])
}

/// Cargo may run this twice at once (`cargo clippy` beside `cargo build`), and both would make `node_modules`.
fn lock() -> io::Result<File> {
    let file = File::create("playground/.build.lock")?;
    file.lock()?;
    Ok(file)
}

/// npm leaves a copy of the lock file in `node_modules` when it is done.
fn must_install() -> io::Result<bool> {
    Ok(modified("playground/node_modules/.package-lock.json")? < modified("playground/package-lock.json")?)
}

fn modified(path: &str) -> io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

fn npm(arguments: &[&str]) -> Result<(), String> {
    let output =
        Command::new(NPM).args(arguments).current_dir("playground").output().map_err(|error| not_started(&error))?;
    if output.status.success() {
        return Ok(());
    }
    eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!(
        "`npm {}` failed when this program was built: run it in the folder `playground` to see why, then \
         `touch build.rs` and build again.",
        arguments[..arguments.len().min(2)].join(" "),
    ))
}

fn not_started(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            "npm was not found when this program was built: install Node.js 20.19 or newer with npm, then \
             `touch build.rs` and build again."
                .to_owned()
        }
        _ => format!("npm could not be started when this program was built ({error})."),
    }
}

/// Leaves only the reason, without what an earlier build may have left.
fn leave_out(out: &Path, reason: &str) -> io::Result<()> {
    match fs::remove_dir_all(out) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir_all(out)?,
    }
    fs::write(out.join("missing.txt"), reason)
}
