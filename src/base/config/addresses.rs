//! The address of Redis: one server, the Sentinels that know the primary, or the nodes of a cluster, with or without TLS.
//!
//! It holds a password: neither it nor what a parser says of it is shown.

use fred::types::config::{Config, ServerConfig};

use super::{Mistake, Redis};

/// How addresses begin.
const SCHEMES: [&str; 6] = ["redis", "rediss", "redis-sentinel", "rediss-sentinel", "redis-cluster", "rediss-cluster"];

impl Redis {
    /// Where Redis is and how to connect to it; `None` without one.
    ///
    /// # Errors
    /// When the address is none, or does not go with the certificates.
    pub fn address(&self) -> Result<Option<Config>, Mistake> {
        let Some(url) = &self.url else { return Ok(None) };
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        if !SCHEMES.contains(&scheme) {
            return Err(mistake(
                "begins with redis://, redis-sentinel:// or redis-cluster://, or with rediss… for TLS",
            ));
        }
        let is_sentinel = scheme.ends_with("-sentinel");
        let config = Config::from_url(url).map_err(|_| match is_sentinel {
            true => mistake("of Sentinels is redis-sentinel://HOST:PORT?sentinelServiceName=NAME&node=HOST:PORT"),
            false => mistake("is redis://USER:PASSWORD@HOST:PORT, and in a cluster ?node=HOST:PORT for more nodes"),
        })?;
        // A database that is ignored would be found out late.
        let has_path =
            url.split(['?', '#']).next().is_some_and(|url| url.trim_end_matches('/').matches('/').count() > 2);
        if matches!(config.server, ServerConfig::Clustered { .. }) && has_path {
            return Err(mistake("of a cluster names no database: it has only one"));
        }
        if self.ca_file.is_some() && config.tls.is_none() {
            return Err(Mistake(
                "redis.ca_file is for TLS: let redis.url begin with rediss, or leave the file out.".into(),
            ));
        }
        Ok(Some(config))
    }
}

fn mistake(what: &str) -> Mistake {
    Mistake(format!("redis.url is not an address of Redis: one {what}. It is not shown here: it may hold a password."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str, ca_file: Option<&str>) -> Result<Option<Config>, Mistake> {
        Redis { url: Some(url.to_owned()), ca_file: ca_file.map(Into::into), ..Redis::default() }.address()
    }

    #[test]
    fn addresses_are_taken_and_never_shown() {
        for good in [
            "redis://127.0.0.1",
            "rediss://user:secret@redis.example.org:6380/2",
            "redis-cluster://:secret@127.0.0.1:7000?node=127.0.0.1:7001",
            "redis-cluster://127.0.0.1:7000/",
            "redis-sentinel://127.0.0.1:26379?sentinelServiceName=main",
            "rediss-sentinel://127.0.0.1:26379?sentinelServiceName=main&sentinelPassword=secret",
        ] {
            assert!(address(good, None).is_ok_and(|address| address.is_some()), "{good}");
        }
        for bad in [
            "",
            "secret",
            "http://secret@127.0.0.1",
            "redis://",
            "redis://:secret@127.0.0.1:secret",
            "redis://:secret@127.0.0.1/first",
            "redis-cluster://:secret@127.0.0.1:7000/2",
            "redis-sentinel://:secret@127.0.0.1:26379",
        ] {
            let Err(Mistake(words)) = address(bad, None) else { panic!("{bad} was taken") };
            assert!(words.contains("redis.url") && !words.contains("secret"), "{words}");
        }
    }

    #[test]
    fn certificates_are_for_tls() {
        assert!(address("rediss://127.0.0.1", Some("ca.pem")).is_ok());
        assert!(address("redis://127.0.0.1", Some("ca.pem")).is_err_and(|mistake| mistake.0.contains("redis.ca_file")));
    }
}
