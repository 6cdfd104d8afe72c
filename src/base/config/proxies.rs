//! Which proxies are trusted, and how they say whose request they pass on.

use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Mistake, Server};

/// What says which client a request is from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAddressSource {
    /// The connection: there is no proxy.
    #[default]
    Peer,
    /// `X-Forwarded-For`, and `X-Forwarded-Host` and `X-Forwarded-Proto` for links.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// The header of the PROXY protocol before everything else on a connection.
    ProxyProtocol,
}

/// A range of addresses: one, or all with the same beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    bits: u8,
}

impl AddressRange {
    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits()).checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits()).checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (first, bits) = text.split_once('/').map_or((text, None), |(first, bits)| (first, Some(bits)));
        let first: IpAddr = first.parse().map_err(|_| ())?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| ())?;
        if bits > most { Err(()) } else { Ok(Self { first, bits }) }
    }
}

impl Server {
    /// The proxies that are trusted.
    ///
    /// # Errors
    /// When one is no address and no range, or none is named and one is to say who the client is.
    pub fn proxies(&self) -> Result<Vec<AddressRange>, Mistake> {
        if self.trusted_proxies.is_empty() && self.client_address != ClientAddressSource::Peer {
            let message = "server.client_address names what a proxy says: name the proxies in server.trusted_proxies, \
                such as [\"127.0.0.1\"].";
            return Err(Mistake(message.into()));
        }
        let ranges = self.trusted_proxies.iter().map(|text| {
            text.parse().map_err(|()| {
                Mistake(format!(
                    "server.trusted_proxies has addresses and ranges, such as 10.0.0.7 or 10.0.0.0/8, not {text:?}."
                ))
            })
        });
        ranges.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let cases = [
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.8", false),
            ("10.0.0.7", "::ffff:10.0.0.7", true),
            ("10.1.0.0/16", "10.1.255.255", true),
            ("10.1.0.0/16", "10.2.0.0", false),
            ("0.0.0.0/0", "203.0.113.7", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
        ];
        for (range, address, expected) in cases {
            let range: AddressRange = range.parse().unwrap();
            assert_eq!(range.contains(address.parse().unwrap()), expected, "{range:?} {address}");
        }
        for bad in ["", "here", "10.0.0.7/33", "10.0.0.7/", "10.0.0.7/-1", "::1/129", "10.0.0.0/8/8"] {
            assert!(bad.parse::<AddressRange>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_proxy_says_needs_a_proxy() {
        let with = |client_address, proxies: &[&str]| {
            let trusted_proxies = proxies.iter().map(|&proxy| proxy.to_owned()).collect();
            Server { trusted_proxies, client_address, ..Server::default() }.proxies()
        };
        assert!(with(ClientAddressSource::Peer, &[]).is_ok());
        assert!(with(ClientAddressSource::Forwarded, &["::1"]).is_ok());
        assert!(with(ClientAddressSource::Forwarded, &[]).is_err_and(|error| error.0.contains("trusted_proxies")));
        assert!(with(ClientAddressSource::Peer, &["nginx"]).is_err_and(|error| error.0.contains("nginx")));
    }
}
