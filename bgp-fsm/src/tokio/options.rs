//! What a connection is to be like.

use std::boxed::Box;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::string::String;
use std::vec::Vec;

use thiserror::Error;

/// Where the neighbour is, and what the connections with it are like: those that we make as well as those that
/// it makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Our end, with a port of the operating system's choice. `None`: the operating system chooses when we
    /// dial, and the neighbour may connect to any of our addresses.
    pub local: Option<IpAddr>,
    /// What we dial. The neighbour itself may connect from any port. A link-local address needs its scope, or
    /// [`TransportOptions::device`]. So does `[::]`, which is a neighbour whose link-local address is not known
    /// ([`SessionConfig::unnumbered`](crate::SessionConfig::unnumbered)).
    pub remote: SocketAddr,
    /// What the connections are like
    pub options: TransportOptions,
}

impl From<SocketAddr> for Address {
    fn from(remote: SocketAddr) -> Self {
        Self { local: None, remote, options: TransportOptions::default() }
    }
}

/// Options of a neighbour's connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportOptions {
    /// How segments are authenticated; `None`: not at all
    pub authentication: Option<Authentication>,
    /// Over how many hops
    pub ttl: TimeToLive,
    /// The DSCP of what we send (RFC 2474), 0 to 63: by default [`CS6`](Self::CS6), and 0 where it is only
    /// known how to set it on Linux
    pub dscp: u8,
    /// The interface, or the VRF, that connections go through (SO_BINDTODEVICE)
    pub device: Option<String>,
}

impl TransportOptions {
    /// The class of routing protocols (RFC 4594 §3.1; "Internetwork Control" in RFC 4271 appendix E).
    pub const CS6: u8 = 48;
}

impl Default for TransportOptions {
    fn default() -> Self {
        let dscp = if cfg!(target_os = "linux") { Self::CS6 } else { 0 };
        Self { authentication: None, ttl: TimeToLive::System, dscp, device: None }
    }
}

/// The TTL of IPv4, or the hop limit of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TimeToLive {
    /// We send with what the operating system has for all connections. Nothing is checked.
    #[default]
    System,
    /// We send with this one, 1 to 255: 1 reaches only a neighbour on the same link. Nothing is checked.
    Limit(u8),
    /// The Generalized TTL Security Mechanism (RFC 5082): we send with 255, and the kernel drops what comes
    /// from further away than so many hops: with less than 256 minus this. 1 (and 0): the same link.
    Gtsm(u8),
}

impl TimeToLive {
    /// What we send with; `None`: the operating system's.
    pub(super) fn sent(self) -> Option<u8> {
        match self {
            Self::System => None,
            Self::Limit(limit) => Some(limit),
            Self::Gtsm(_) => Some(255),
        }
    }

    /// The least that is accepted; 0: all.
    pub(super) fn accepted(self) -> u8 {
        match self {
            Self::System | Self::Limit(_) => 0,
            // 256 - hops
            Self::Gtsm(hops) => u8::MAX - (hops.max(1) - 1),
        }
    }
}

/// How segments are authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// The TCP MD5 Signature Option (RFC 2385), with a key of 1 to 80 bytes
    Md5(Secret),
    /// The TCP Authentication Option (RFC 5925), with one key or several. What we send is signed with the
    /// first until the neighbour asks for another.
    Ao(Vec<AoKey>),
}

/// A master key tuple of TCP-AO (RFC 5925 §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AoKey {
    /// SendID: the KeyID of what we send
    pub send_id: u8,
    /// RecvID: the KeyID of what we receive
    pub receive_id: u8,
    /// How it is signed
    pub algorithm: AoAlgorithm,
    /// The master key, of 1 to 80 bytes
    pub key: Secret,
}

/// The algorithms of RFC 5926, with a MAC of 96 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AoAlgorithm {
    /// HMAC-SHA-1-96
    HmacSha1,
    /// AES-128-CMAC-96
    Aes128Cmac,
}

impl AoAlgorithm {
    /// Its name in Linux.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "elsewhere there is none"))]
    pub(super) const fn name(self) -> &'static [u8] {
        match self {
            Self::HmacSha1 => b"hmac(sha1)",
            Self::Aes128Cmac => b"cmac(aes128)",
        }
    }
}

/// A key, which is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// The longest that the kernel takes, in bytes.
    const LONGEST: usize = 80;

    pub(super) fn bytes(&self, option: SocketOption) -> Result<&[u8], OptionError> {
        let fits = (1..=Self::LONGEST).contains(&self.0.len());
        if fits { Ok(&self.0) } else { Err(OptionError::KeyLength(option)) }
    }
}

impl From<&[u8]> for Secret {
    fn from(key: &[u8]) -> Self {
        Self(key.into())
    }
}

impl From<&str> for Secret {
    fn from(key: &str) -> Self {
        key.as_bytes().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// An option of a socket, as errors name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum SocketOption {
    /// [`Authentication::Md5`]
    #[error("TCP MD5 (RFC 2385)")]
    Md5,
    /// [`Authentication::Ao`]
    #[error("TCP-AO (RFC 5925)")]
    Ao,
    /// The TTL that is sent
    #[error("TTL")]
    Ttl,
    /// The least TTL that is accepted: [`TimeToLive::Gtsm`]
    #[error("minimum TTL (RFC 5082)")]
    MinimumTtl,
    /// [`TransportOptions::dscp`]
    #[error("DSCP")]
    Dscp,
    /// [`TransportOptions::device`]
    #[error("binding to a device")]
    Device,
    /// TCP_NODELAY, which all connections have
    #[error("TCP_NODELAY")]
    NoDelay,
    /// IPV6_V6ONLY: [`ListenOptions::only_v6`](super::ListenOptions::only_v6)
    #[error("IPV6_V6ONLY")]
    OnlyV6,
    /// SO_REUSEADDR, which all listening sockets have
    #[error("SO_REUSEADDR")]
    ReuseAddress,
}

/// An option could not be set.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OptionError {
    /// The kernel does not know it
    #[error("this kernel has no {0}")]
    Missing(SocketOption),
    /// The kernel does not want it so
    #[error("{option}: {error}")]
    Refused {
        /// Which one
        option: SocketOption,
        /// What the kernel says
        error: io::Error,
    },
    /// A key is empty, or too long
    #[error("a key for {0} has 1 to 80 bytes")]
    KeyLength(SocketOption),
    /// [`Authentication::Ao`] without keys
    #[error("TCP-AO (RFC 5925) needs a key")]
    NoKey,
}

impl SocketOption {
    /// What it means that the kernel refuses this option.
    pub(super) fn refused(self, error: io::Error) -> OptionError {
        if super::sockopt::is_missing(&error) {
            OptionError::Missing(self)
        } else {
            OptionError::Refused { option: self, error }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_printed() {
        let key = AoKey {
            send_id: 1,
            receive_id: 2,
            algorithm: AoAlgorithm::HmacSha1,
            key: "hunter2".into(),
        };
        let all = [Authentication::Md5("hunter2".into()), Authentication::Ao(Vec::from([key]))];
        assert!(!std::format!("{all:?}").contains("hunter2"));
        assert!(!std::format!("{all:?}").contains("104"));
    }

    #[test]
    fn minimum_of_gtsm() {
        let least = [0, 1, 2, 255].map(|hops| TimeToLive::Gtsm(hops).accepted());
        assert_eq!(least, [255, 255, 254, 1]);
        assert_eq!(TimeToLive::Limit(1).accepted(), 0);
    }
}
