//! What the program says of itself while it runs: sentences with fields, on standard error.

pub mod metrics;

use tracing_subscriber::EnvFilter;

use crate::base::config::Telemetry;

/// Starts logging as configured. Called once, by the program and not by tests.
///
/// # Errors
/// When `telemetry.log` is not a filter.
pub fn start(config: &Telemetry) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| format!("telemetry.log: {error}."))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if config.json {
        lines.json().init();
    } else {
        lines.init();
    }
    Ok(())
}
