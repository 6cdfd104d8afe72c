//! What it means when a database answers with an error, or not at all: trouble that passes, or a bug.

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlxError};

/// Why a statement did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The database is away or went away. What was asked may have been done.
    Away,
    /// Somebody else was in the way for too long. Nothing was done.
    Busy,
    /// The statement took longer than one may. Nothing was done.
    Late,
    /// The database has no room left. Nothing was done.
    Full,
    /// Anything else: a bug, or something an operator must look at.
    Broken,
}

impl Trouble {
    /// What an error means.
    #[must_use]
    pub fn of(error: &DbErr) -> Self {
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => Self::Busy,
            DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => Self::Away,
            DbErr::Conn(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)) => Self::of_driver(error),
            _ => Self::Broken,
        }
    }

    /// What an error of the driver means.
    #[must_use]
    pub fn of_driver(error: &SqlxError) -> Self {
        match error {
            SqlxError::Io(_) | SqlxError::PoolClosed | SqlxError::WorkerCrashed | SqlxError::BeginFailed => Self::Away,
            SqlxError::PoolTimedOut => Self::Busy,
            SqlxError::Database(error) => error.code().map_or(Self::Broken, |code| Self::of_code(&code)),
            _ => Self::Broken,
        }
    }

    /// The five letters of an SQLSTATE; the numbers are those of SQLite, whose lowest byte is the kind.
    fn of_code(code: &str) -> Self {
        match code {
            // Shut down by an operator, after a crash, or still starting.
            // Or a connection to what was the primary before a failover.
            "57P01" | "57P02" | "57P03" | "25006" => Self::Away,
            // Connections that broke, and everything a pooler says when it has no server to offer.
            code if code.len() == 5 && code.starts_with("08") => Self::Away,
            // No lock in time, a deadlock, a conflict with what a replica replays, no connection or no memory left.
            "55P03" | "40P01" | "40001" | "53300" | "53200" => Self::Busy,
            "57014" => Self::Late,
            // The disk, or a limit of the server. SQLITE_FULL, and SQLITE_IOERR_WRITE, which is what a full quota gives.
            "53100" | "53400" | "13" | "778" => Self::Full,
            code => match code.parse::<u32>().map(|number| number & 0xff) {
                // SQLITE_BUSY, SQLITE_LOCKED.
                Ok(5 | 6) if code.len() < 5 => Self::Busy,
                _ => Self::Broken,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_is_broken() {
        let cases = [
            ("57P01", Trouble::Away),
            ("08P01", Trouble::Away),
            ("55P03", Trouble::Busy),
            ("57014", Trouble::Late),
            ("5", Trouble::Busy),
            ("517", Trouble::Busy),
            ("53100", Trouble::Full),
            ("53400", Trouble::Full),
            ("13", Trouble::Full),
            ("778", Trouble::Full),
            ("266", Trouble::Broken),
            ("23505", Trouble::Broken),
            ("42P01", Trouble::Broken),
        ];
        for (code, trouble) in cases {
            assert_eq!(Trouble::of_code(code), trouble, "{code}");
        }
    }

    #[test]
    fn a_connection_that_broke_is_no_bug() {
        let broke = SqlxError::Io(std::io::ErrorKind::ConnectionReset.into());
        assert_eq!(Trouble::of(&DbErr::Query(RuntimeErr::SqlxError(broke.into()))), Trouble::Away);
        assert_eq!(Trouble::of(&DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)), Trouble::Busy);
        assert_eq!(Trouble::of(&DbErr::RecordNotInserted), Trouble::Broken);
    }
}
