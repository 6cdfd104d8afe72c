//! `photograph check`: whether the configuration is right and, with `--live`, whether every configured part works.

use clap::Args;
use photograph::base::chance::Chance;
use photograph::base::clock::Clock;
use photograph::base::config::Config;
use photograph::base::error::{Error, Result};
use photograph::platform::apns::Apns;
use photograph::platform::blobs::Blobs;
use photograph::platform::db::Db;
use photograph::platform::filters::Filters;
use photograph::platform::heif::Heif;
use photograph::platform::{db, redis, telemetry};

use super::{Outcome, Settings};

/// What is to be checked.
#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    settings: Settings,
    /// Also try every configured part: databases, replicas, Redis, the place for photos, the
    /// decoder of HEIC and AVIF, Apple. Changes nothing.
    #[arg(long)]
    live: bool,
}

/// Checks it, and says what is wrong and how to mend it.
///
/// # Errors
/// When something is wrong.
pub async fn run(check: Check) -> Outcome {
    let config = check.settings.load()?;
    telemetry::start(&config.telemetry)?;
    config.warn_of_old_names();
    println!("The configuration is right.");
    let mut parts: Vec<Part> = filters(&config).into_iter().collect();
    if check.live {
        parts.extend(self::parts(&config).await?);
    }
    parts.iter().for_each(Part::tell);
    match parts.iter().map(|part| part.wrong.len()).sum() {
        0_usize if check.live => println!("Every configured part works."),
        0 => println!("No part was tried: `photograph check --live` does."),
        1 => return Err("one thing is wrong".into()),
        some => return Err(format!("{some} things are wrong").into()),
    }
    Ok(())
}

/// A configured part and what was found.
struct Part {
    what: String,
    seen: Vec<String>,
    wrong: Vec<String>,
}

impl Part {
    fn tell(&self) {
        println!("{}", self.what);
        self.seen.iter().for_each(|sentence| println!("  {sentence}"));
        self.wrong.iter().for_each(|sentence| println!("  WRONG: {sentence}"));
    }
}

async fn parts(config: &Config) -> Result<Vec<Part>> {
    let databases = db::look(config).await?;
    let mut parts: Vec<Part> =
        databases.into_iter().map(|found| Part { what: found.what, seen: found.seen, wrong: found.wrong }).collect();
    if let Some(found) = redis::look(&config.redis).await? {
        parts.push(Part { what: "Redis".into(), seen: found.seen, wrong: found.wrong });
    }
    parts.push(photos(config).await);
    parts.extend(heif(config));
    parts.extend(apple(config).await);
    Ok(parts)
}

/// Apple's two services, where pushes are sent to them: each is asked about a device that is nobody's.
async fn apple(config: &Config) -> Option<Part> {
    let asked = async {
        let (apns, mut found) = (Apns::open(&config.push.apns)?, Vec::new());
        if let Apns::Live(_) = apns {
            let db = Db::open(config).await?;
            for topic in &config.push.apns.topics {
                found.extend(apns.check(&db, Clock::system().now(), topic).await?);
            }
        }
        Ok::<_, Error>(found)
    };
    let found = asked.await.unwrap_or_else(|error| vec![Err(error.detail())]);
    let seen = found.iter().filter_map(|found| found.clone().ok()).collect();
    let wrong = found.iter().filter_map(|found| found.clone().err()).collect();
    (!found.is_empty()).then_some(Part { what: "Apple's push services".into(), seen, wrong })
}

async fn photos(config: &Config) -> Part {
    let tried = match Blobs::open(config, &Chance::default()).await {
        Ok(blobs) => blobs.check(&Chance::default().token()).await,
        Err(error) => Err(error.detail()),
    };
    let (seen, wrong) = match tried {
        Ok(works) => (vec![format!("They {works}.")], vec![]),
        Err(why) => (vec![], vec![why]),
    };
    Part { what: "Photos".into(), seen, wrong }
}

/// The program for HEIC and AVIF, where one is named.
fn heif(config: &Config) -> Option<Part> {
    let place = std::env::temp_dir().join(format!("photograph-check-{}", Chance::default().token()));
    let found = match Heif::open(&config.uploads)? {
        Ok(heif) => heif.decoder(&place).check("sample"),
        Err(why) => vec![Err(why)],
    };
    // There is none when the program was not begun.
    let _ = std::fs::remove_dir(&place);
    let seen = found.iter().filter_map(|found| found.clone().ok()).collect();
    let wrong = found.iter().filter_map(|found| found.clone().err()).collect();
    Some(Part { what: "HEIC and AVIF".into(), seen, wrong })
}

/// The operator's own filters, where there are any.
fn filters(config: &Config) -> Option<Part> {
    config.filters.folder.as_ref()?;
    let filters = Filters::open(&config.filters);
    let own = filters.all().filter(|filter| filters.is_of_operator(&filter.sha256));
    let seen = own.map(|filter| format!("`{}` is {}.", filter.key, filter.name)).collect();
    Some(Part { what: "Filters".into(), seen, wrong: filters.wrong })
}
