//! What Linux tells of a process in `/proc`: memory that is its own, CPU time, and how many files it may open.

use std::fs;
use std::time::Duration;

use crate::bench::costs::Costs;

/// Bytes of memory that a process holds.
pub(super) fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    field(&status, "VmRSS:") * 1024
}

/// CPU time that a process has spent.
pub(super) fn spent(pid: u32) -> Duration {
    Costs::so_far(pid).server
}

/// CPU time that this thread has spent.
pub(super) fn spent_here() -> Duration {
    let schedule = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = schedule.split_ascii_whitespace().next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// How many files this process may have open, and so those it starts.
pub(super) fn most_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    usize::try_from(field(&limits, "Max open files")).unwrap_or(usize::MAX)
}

/// The first number behind a name.
fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_behind_their_names() {
        let text = "VmHWM:\t  200 kB\nVmRSS:\t  123 kB\nMax open files            1024                 4096  files\n";
        assert_eq!((field(text, "VmRSS:"), field(text, "Max open files"), field(text, "No")), (123, 1024, 0));
    }

    #[test]
    fn this_process_is_there() {
        assert!(memory(std::process::id()) > 0 && most_files() > 0);
        while spent_here() == Duration::ZERO {
            std::hint::black_box(memory(std::process::id()));
        }
    }
}
