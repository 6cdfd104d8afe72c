//! `photograph seed`: a small lively world, on a server that nobody else can reach.

use std::net::SocketAddr;

use clap::Args;
use photograph::app::App;
use photograph::base::clock::Clock;
use photograph::base::config::Config;
use photograph::platform::telemetry;
use photograph::{jobs, seed};
use url::{Host, Url};

use super::{Outcome, Settings};

/// How to seed.
#[derive(Args)]
pub struct Seed {
    #[command(flatten)]
    settings: Settings,
    /// Seed a server that others can reach, too: anybody can sign in as any of its people.
    #[arg(long)]
    public: bool,
}

/// Fills the server, unless others can reach it.
///
/// # Errors
/// When they can and nobody said that this is meant, and those of the configuration, the database and the disk.
pub async fn run(options: Seed) -> Outcome {
    let config = options.settings.load()?;
    if let Some(why) = exposed(&config).filter(|_| !options.public) {
        return Err(format!(
            "{why}, and everybody knows the passwords of the people that `seed` makes. Nothing was changed; --public does it all the same."
        )
        .into());
    }
    telemetry::start(&config.telemetry)?;
    let app = App::start(config, Clock::system()).await?;
    let background = jobs::spawn(&app).await?;
    seed::plant(&app, |line| println!("{line}")).await?;
    background.stop().await;
    Ok(())
}

/// Why others can reach the server, if they can.
fn exposed(config: &Config) -> Option<String> {
    let (listen, url) = (&config.server.listen, config.server.url.as_ref());
    let listens_here = listen.parse::<SocketAddr>().is_ok_and(|listen| listen.ip().to_canonical().is_loopback());
    match url.filter(|url| !is_of_this_machine(url)) {
        Some(url) => Some(format!("server.url is {url}")),
        None => (!listens_here).then(|| format!("server.listen is {listen}")),
    }
}

fn is_of_this_machine(url: &str) -> bool {
    let url = Url::parse(url);
    match url.as_ref().ok().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_on_this_machine_is_not_public() {
        for (listen, url, is_exposed) in [
            ("127.0.0.1:8080", None, false),
            ("[::1]:8080", Some("http://localhost:8080"), false),
            ("127.0.0.2:1", Some("http://photos.localhost/"), false),
            ("127.0.0.1:8080", Some("http://[::1]:8080"), false),
            ("0.0.0.0:8080", None, true),
            ("[::]:8080", None, true),
            ("192.168.0.2:8080", Some("http://localhost:8080"), true),
            ("127.0.0.1:8080", Some("https://photos.example.org"), true),
            ("127.0.0.1:8080", Some("http://192.168.0.2:8080"), true),
            ("127.0.0.1:8080", Some("https://localhost.example.org"), true),
            ("127.0.0.1:8080", Some("nonsense"), true),
        ] {
            let mut config = Config::default();
            (config.server.listen, config.server.url) = (listen.to_owned(), url.map(str::to_owned));
            assert_eq!(exposed(&config).is_some(), is_exposed, "{listen} {url:?}");
        }
    }
}
