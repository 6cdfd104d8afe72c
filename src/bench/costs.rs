//! CPU time of processes, as Linux counts it in `/proc`.

use std::fs;
use std::time::Duration;

/// A tick of the kernel's account of CPU time: Linux shows a hundredth of a second on every machine it runs on.
const TICK: Duration = Duration::from_millis(10);

/// What the parts have spent so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Costs {
    /// Of the server's process.
    pub server: Duration,
    /// Of everything called `postgres` on this machine.
    pub postgres: Duration,
    /// Of everything called `redis-server` on this machine.
    pub redis: Duration,
}

impl Costs {
    /// Until now, with the server in this process.
    #[must_use]
    pub fn so_far(server: u32) -> Self {
        Self {
            server: of_process(server).map_or(Duration::ZERO, |spent| spent.1),
            postgres: of_all("postgres"),
            redis: of_all("redis-server"),
        }
    }

    /// What was spent since an earlier moment.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            server: self.server.saturating_sub(earlier.server),
            postgres: self.postgres.saturating_sub(earlier.postgres),
            redis: self.redis.saturating_sub(earlier.redis),
        }
    }
}

fn of_all(name: &str) -> Duration {
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(of_process).filter(|(of, _)| of == name).map(|(_, spent)| spent).sum()
}

/// The name of a process and what it has spent, with its children that have ended.
fn of_process(pid: u32) -> Option<(String, Duration)> {
    read(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn read(stat: &str) -> Option<(String, Duration)> {
    // The name stands in brackets and may hold anything.
    let (before, after) = stat.rsplit_once(") ")?;
    let (_, name) = before.split_once(" (")?;
    // The state is the third field; times of itself and of its children are fields 14 to 17.
    let ticks = after.split_ascii_whitespace().skip(11).take(4).map(str::parse::<u32>);
    let ticks: u32 = ticks.sum::<Result<u32, _>>().ok()?;
    Some((name.to_owned(), TICK * ticks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_read() {
        let stat = "4711 (a (strange) name) S 1 4711 4711 0 -1 4194560 1 2 3 4 100 20 3 7 20 0 9 0 12345 0 0";
        assert_eq!(read(stat), Some(("a (strange) name".to_owned(), Duration::from_millis(1300))));
        assert_eq!(read("nonsense"), None);
    }

    #[test]
    fn this_process_has_spent_something() {
        assert!(of_process(std::process::id()).is_some());
    }
}
