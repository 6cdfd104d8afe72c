//! What the program counts of itself while it runs, as Prometheus reads it. Every label has few values, and all of them
//! stand here.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

const TRANSPORTS: &[&str] = &["websocket", "event_stream", "multipart"];
const FIELDS: &[&str] =
    &["homeFeedEvents", "mediaStreamEvents", "mediaEvents", "activityEvents", "uploadEvents", "other"];
const RECOVERIES: &[&str] = &["NEW", "RECOVERED", "GAP"];
const REASONS: &[&str] = &["DRAINING", "SLOW_CONSUMER", "SESSION_ENDED", "UNAVAILABLE", "FINISHED"];
/// Milliseconds from a fact until it is told.
const LAGS: [u64; 7] = [10, 50, 100, 250, 500, 1000, 5000];

/// All that is counted.
#[derive(Debug)]
pub struct Metrics {
    connections: Arc<Family>,
    subscriptions: Arc<Family>,
    resumes: Arc<Family>,
    closings: Arc<Family>,
    slow: AtomicI64,
    lag: Lag,
}

/// Numbers with one label.
#[derive(Debug)]
struct Family {
    label: &'static str,
    values: &'static [&'static str],
    numbers: Vec<AtomicI64>,
}

/// Something that counts for as long as this is kept.
#[derive(Debug)]
pub struct Counted(Arc<Family>, usize);

#[derive(Debug, Default)]
struct Lag {
    within: [AtomicU64; LAGS.len()],
    all: AtomicU64,
    milliseconds: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            connections: Family::of("transport", TRANSPORTS),
            subscriptions: Family::of("field", FIELDS),
            resumes: Family::of("recovery", RECOVERIES),
            closings: Family::of("reason", REASONS),
            slow: AtomicI64::new(0),
            lag: Lag::default(),
        }
    }
}

impl Metrics {
    /// A socket or an open response, by how it is carried.
    #[must_use]
    pub fn connection(&self, transport: &str) -> Counted {
        Counted::of(&self.connections, transport)
    }

    /// A subscription to a field of the schema.
    #[must_use]
    pub fn subscription(&self, field: &str) -> Counted {
        Counted::of(&self.subscriptions, field)
    }

    /// A stream began: anew, with all that was missed, or with a gap.
    pub fn opened(&self, recovery: &str) {
        self.resumes.add(self.resumes.place(recovery), 1);
    }

    /// A stream was ended by the server.
    pub fn closed(&self, reason: &str) {
        self.closings.add(self.closings.place(reason), 1);
        if reason == "SLOW_CONSUMER" {
            self.slow.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Something was told so long after it happened.
    pub fn told(&self, after: Duration) {
        let milliseconds = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        for (most, within) in LAGS.iter().zip(&self.lag.within) {
            if milliseconds <= *most {
                within.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.lag.all.fetch_add(1, Ordering::Relaxed);
        self.lag.milliseconds.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// All of it, in the text format of Prometheus.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let families = [
            ("stream_connections", "gauge", "Sockets and responses that are open.", &self.connections),
            ("subscriptions", "gauge", "Subscriptions that are open.", &self.subscriptions),
            ("resume_total", "counter", "Streams that began, by what became of what was missed.", &self.resumes),
            ("closings_total", "counter", "Streams that the server ended.", &self.closings),
        ];
        for (name, kind, help, family) in families {
            head(&mut text, name, kind, help);
            for (value, number) in family.values.iter().zip(&family.numbers) {
                let number = number.load(Ordering::Relaxed);
                let _ = writeln!(text, "photograph_{name}{{{}=\"{value}\"}} {number}", family.label);
            }
        }
        head(
            &mut text,
            "slow_consumers_total",
            "counter",
            "Streams that were ended because their client did not read.",
        );
        let _ = writeln!(text, "photograph_slow_consumers_total {}", self.slow.load(Ordering::Relaxed));
        self.lag.write(&mut text);
        text
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP photograph_{name} {help}\n# TYPE photograph_{name} {kind}");
}

impl Lag {
    fn write(&self, text: &mut String) {
        let name = "delivery_lag_seconds";
        head(text, name, "histogram", "Time from when something was recorded until streams are told.");
        let all = self.all.load(Ordering::Relaxed);
        for (most, within) in LAGS.iter().zip(&self.within) {
            let seconds = Duration::from_millis(*most).as_secs_f64();
            let within = within.load(Ordering::Relaxed);
            let _ = writeln!(text, "photograph_{name}_bucket{{le=\"{seconds}\"}} {within}");
        }
        let sum = Duration::from_millis(self.milliseconds.load(Ordering::Relaxed)).as_secs_f64();
        let _ = writeln!(text, "photograph_{name}_bucket{{le=\"+Inf\"}} {all}");
        let _ = writeln!(text, "photograph_{name}_sum {sum}\nphotograph_{name}_count {all}");
    }
}

impl Family {
    fn of(label: &'static str, values: &'static [&'static str]) -> Arc<Self> {
        Arc::new(Self { label, values, numbers: values.iter().map(|_| AtomicI64::new(0)).collect() })
    }

    /// Where a value is counted. What is not known counts as the last.
    fn place(&self, value: &str) -> usize {
        self.values.iter().position(|known| *known == value).unwrap_or(self.values.len() - 1)
    }

    fn add(&self, place: usize, number: i64) {
        self.numbers[place].fetch_add(number, Ordering::Relaxed);
    }
}

impl Counted {
    fn of(family: &Arc<Family>, value: &str) -> Self {
        let place = family.place(value);
        family.add(place, 1);
        Self(family.clone(), place)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add(self.1, -1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::default();
        let (one, other) = (metrics.connection("websocket"), metrics.subscription("unheard of"));
        metrics.opened("GAP");
        metrics.closed("SLOW_CONSUMER");
        metrics.told(Duration::from_millis(60));
        let text = metrics.text();
        for line in [
            "# TYPE photograph_stream_connections gauge",
            "photograph_stream_connections{transport=\"websocket\"} 1",
            "photograph_subscriptions{field=\"other\"} 1",
            "photograph_resume_total{recovery=\"GAP\"} 1",
            "photograph_closings_total{reason=\"SLOW_CONSUMER\"} 1",
            "photograph_slow_consumers_total 1",
            "photograph_delivery_lag_seconds_bucket{le=\"0.05\"} 0",
            "photograph_delivery_lag_seconds_bucket{le=\"0.1\"} 1",
            "photograph_delivery_lag_seconds_sum 0.06",
        ] {
            assert!(text.lines().any(|said| said == line), "{line}\n{text}");
        }
        drop((one, other));
        assert!(metrics.text().contains("photograph_stream_connections{transport=\"websocket\"} 0"));
    }
}
