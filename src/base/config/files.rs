//! How many connections the process can hold: each is an open file, and so are those to databases and photos.

use super::Http;

/// Files that a process may open where the system does not say how many.
const UNKNOWN: usize = 1024;

impl Http {
    /// Connections that may be open at once: as set, else three quarters of the files that the process may open.
    #[must_use]
    pub fn most_connections(&self) -> usize {
        let limits = || std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        self.connections.unwrap_or_else(|| open_files(&limits()) / 4 * 3)
    }
}

/// The soft limit of open files in what Linux says of a process.
fn open_files(limits: &str) -> usize {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    match line.and_then(|line| line.split_ascii_whitespace().next()) {
        Some("unlimited") => usize::MAX,
        Some(number) => number.parse().unwrap_or(UNKNOWN),
        None => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files() {
        let cases = [
            (
                "Max processes   9   9   processes\nMax open files            1000                 524288     files\n",
                1000,
            ),
            ("Max open files            unlimited            unlimited            files", usize::MAX),
            ("", UNKNOWN),
        ];
        for (limits, expected) in cases {
            assert_eq!(open_files(limits), expected, "{limits}");
        }
        assert_eq!(Http { connections: Some(7), ..Http::default() }.most_connections(), 7);
        assert!(Http::default().most_connections() > 0);
    }
}
