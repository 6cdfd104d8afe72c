//! `compose.yaml` starts the whole stack. Nothing can be started here, so it is read as Compose reads it: with the keys that
//! Compose knows, with services, volumes and configs that exist, and with settings that the program takes.

use std::collections::BTreeMap;
use std::path::Path;

use photograph::base::config::OPTIONS;
use serde::Deserialize;

use crate::kit::Folder;
use crate::kit::program::run;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What our file uses of the Compose specification; any other key is a slip of the pen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Compose {
    name: String,
    services: BTreeMap<String, Service>,
    configs: BTreeMap<String, Content>,
    volumes: BTreeMap<String, Option<()>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Service {
    image: String,
    build: Option<String>,
    restart: Option<String>,
    deploy: Option<Deploy>,
    environment: BTreeMap<String, String>,
    depends_on: BTreeMap<String, Dependency>,
    ports: Vec<String>,
    configs: Vec<Mount>,
    volumes: Vec<String>,
    command: Vec<String>,
    entrypoint: Vec<String>,
    healthcheck: Option<Healthcheck>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deploy {
    replicas: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dependency {
    condition: Condition,
}

#[derive(Deserialize, PartialEq)]
enum Condition {
    #[serde(rename = "service_started")]
    Started,
    #[serde(rename = "service_healthy")]
    Healthy,
    #[serde(rename = "service_completed_successfully")]
    Completed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mount {
    source: String,
    target: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Healthcheck {
    test: Vec<String>,
    interval: String,
    retries: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    content: String,
}

fn compose() -> Compose {
    let text = std::fs::read_to_string(format!("{ROOT}/compose.yaml")).expect("compose.yaml");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("compose.yaml: {error}"))
}

#[test]
fn what_it_names_is_there() {
    let stack = compose();
    assert_eq!(stack.name, "photograph");
    for (name, service) in &stack.services {
        assert!(!service.image.is_empty(), "{name} has no image");
        assert!(service.restart.as_ref().is_none_or(|restart| restart == "unless-stopped"), "{name}");
        assert!(service.ports.iter().all(|port| port.starts_with("127.0.0.1:")), "{name} is open to the world");
        assert!(service.command.is_empty() || service.entrypoint.is_empty(), "{name} starts in two ways");
        if let Some(folder) = &service.build {
            assert!(Path::new(ROOT).join(folder).join("Dockerfile").is_file(), "{name} is built from nothing");
        }
        for (other, dependency) in &service.depends_on {
            let other = stack.services.get(other).unwrap_or_else(|| panic!("{name} waits for {other}"));
            let can_be_healthy = other.healthcheck.is_some();
            assert!(dependency.condition != Condition::Healthy || can_be_healthy, "{name} waits for ever");
        }
        for mount in &service.configs {
            assert!(stack.configs.contains_key(&mount.source) && mount.target.starts_with('/'), "{name}");
        }
        for volume in &service.volumes {
            let (volume, place) = volume.split_once(':').expect("a volume has a place");
            assert!(stack.volumes.contains_key(volume) && place.starts_with('/'), "{name}: {volume}");
        }
        if let Some(Healthcheck { test, interval, retries }) = &service.healthcheck {
            assert!(test[0] == "CMD" && interval.ends_with('s') && *retries > 0, "{name}");
        }
    }
    assert!(
        stack.configs.values().all(|config| config.content.matches('{').count() == config.content.matches('}').count())
    );
}

#[test]
fn the_program_takes_its_settings() {
    let stack = compose();
    let folder = Folder::fresh();
    let ours: Vec<_> = stack.services.iter().filter(|(_, service)| service.build.is_some()).collect();
    let processes: Vec<_> = ours
        .iter()
        .map(|(name, service)| (name.as_str(), service.deploy.as_ref().map_or(1, |deploy| deploy.replicas)))
        .collect();
    assert_eq!(processes, [("api", 2), ("relay", 1), ("worker", 1)]);
    for (name, service) in ours {
        for variable in service.environment.keys() {
            let key = variable.trim_start_matches("PHOTOGRAPH__").to_lowercase().replace("__", ".");
            assert!(OPTIONS.iter().any(|(option, _)| *option == key), "{name}: {variable} is no option");
        }
        let environment: Vec<_> =
            service.environment.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let output = run(&folder.0, &["config", "show"], &environment);
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        for line in [&format!("server.role = {name}"), "database.shards.4096-8191 = (set)", "s3.path_style = true"] {
            assert!(shown.lines().any(|shown| shown == line), "{name} has no {line}: {shown}");
        }
    }
}
