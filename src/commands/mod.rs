//! The commands that an operator has beside `serve`, and the settings that all of them take.

pub mod bench;
pub mod check;
pub mod feed;
pub mod seed;

use std::path::PathBuf;

use clap::Args;
use photograph::base::config::Config;

/// How a command ended.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// What every command can be told.
#[derive(Args, Default)]
pub struct Settings {
    /// The configuration file; `photograph.toml` when it is there.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder for everything the embedded parts keep.
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
}

impl Settings {
    /// The same, for another process.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let given = [("--config", &self.config), ("--data", &self.data)];
        let given =
            given.into_iter().filter_map(|(name, path)| Some([name.to_owned(), path.as_ref()?.display().to_string()]));
        given.flatten().collect()
    }

    /// The configuration.
    ///
    /// # Errors
    /// When it is not right.
    pub fn load(&self) -> Result<Config, Box<dyn std::error::Error>> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(data) = &self.data {
            config.server.data.clone_from(data);
        }
        Ok(config)
    }
}
