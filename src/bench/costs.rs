//! CPU time of processes, as Linux counts it in `/proc`.

use std::collections::HashMap;
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

/// The numbers in the names of a folder's entries: of processes in `/proc`, of threads in `/proc/PID/task`.
fn numbers(folder: &str) -> impl Iterator<Item = u32> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn of_all(name: &str) -> Duration {
    numbers("/proc").filter_map(of_process).filter(|(of, _)| of == name).map(|(_, spent)| spent).sum()
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

/// Whether there is a process whose name begins so.
pub fn is_called(pid: u32, name: &str) -> bool {
    of_process(pid).is_some_and(|(of, _)| of.starts_with(name))
}

/// CPU time of single threads in nanoseconds, as the scheduler counts it: for work that is shorter than some ticks.
#[derive(Debug, Default)]
pub struct Threads(HashMap<u32, u64>);

impl Threads {
    /// What the threads of some processes have spent so far.
    pub fn of(processes: impl IntoIterator<Item = u32>) -> Self {
        let threads = processes.into_iter().flat_map(|pid| numbers(&format!("/proc/{pid}/task")));
        Self(threads.filter_map(|tid| Some((tid, scheduled(&schedstat(tid)?)?))).collect())
    }

    /// What was spent since an earlier moment. What a thread spent before its end in between is not known.
    pub fn since(&self, earlier: &Self) -> Duration {
        let before = |tid| earlier.0.get(tid).copied().unwrap_or_default();
        Duration::from_nanos(self.0.iter().map(|(tid, spent)| spent.saturating_sub(before(tid))).sum())
    }
}

fn schedstat(tid: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{tid}/schedstat")).ok()
}

fn scheduled(schedstat: &str) -> Option<u64> {
    schedstat.split_ascii_whitespace().next()?.parse().ok()
}

/// The processes of Postgres that serve a database, by their titles.
pub fn backends(database: &str) -> Vec<u32> {
    let title = |pid| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    numbers("/proc").filter(|pid| serves(&String::from_utf8_lossy(&title(*pid)), database)).collect()
}

/// `postgres: USER DATABASE ADDRESS(PORT) STATE`, with the name of a cluster before the user where there is one.
fn serves(title: &str, database: &str) -> bool {
    title.strip_prefix("postgres: ").is_some_and(|rest| rest.split(' ').any(|word| word == database))
}

/// The number in the middle; the mean of two where there are two, 0 where there is none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers[..] {
        [] => 0.0,
        _ if numbers.len().is_multiple_of(2) => f64::midpoint(numbers[middle - 1], numbers[middle]),
        _ => numbers[middle],
    }
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
        assert!(Threads::of([std::process::id()]).since(&Threads::default()) > Duration::ZERO);
    }

    #[test]
    fn a_line_of_the_scheduler_is_read() {
        assert_eq!(scheduled("353487 1549131 2\n"), Some(353_487));
        assert_eq!(scheduled("nonsense"), None);
        assert_eq!(scheduled(""), None);
    }

    #[test]
    fn threads_are_compared_one_by_one() {
        let threads = |spent: &[(u32, u64)]| Threads(spent.iter().copied().collect());
        let since = threads(&[(1, 70), (3, 5)]).since(&threads(&[(1, 50), (2, 1000)]));
        assert_eq!(since, Duration::from_nanos(25));
    }

    #[test]
    fn backends_are_known_by_their_titles() {
        for (title, is_ours) in [
            ("postgres: photograph bench_new 127.0.0.1(40000) idle", true),
            ("postgres: main: photograph bench_new 127.0.0.1(40000) idle in transaction", true),
            ("postgres: photograph bench_newer 127.0.0.1(40000) idle", false),
            ("postgres: checkpointer ", false),
            ("grep bench_new", false),
        ] {
            assert_eq!(serves(title, "bench_new"), is_ours, "{title}");
        }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        for (numbers, middle) in
            [(vec![], 0.0), (vec![3.0], 3.0), (vec![9.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0, 2.0, 100.0], 3.0)]
        {
            assert!((median(numbers.clone()) - middle).abs() < f64::EPSILON, "{numbers:?}");
        }
    }
}
