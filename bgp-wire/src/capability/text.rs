//! Capabilities as an operator reads them.

use core::fmt;

use super::{
    AddPathDirection, Capability, GracefulRestart, GracefulRestartFamily, LongLivedFamily,
    OrfSupport,
};
use crate::iana::{CapabilityCode, Family};

/// The name, then what it says: `add-path ipv4 send/receive`. Values that are not known are in hexadecimal.
impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code();
        match self {
            Self::Multiprotocol(family) => write!(f, "{code} {family}"),
            Self::RouteRefresh
            | Self::ExtendedMessage
            | Self::EnhancedRouteRefresh
            | Self::LinkLocalNextHop => write!(f, "{code}"),
            Self::Orf(list) => items(f, code, list, orf),
            Self::ExtendedNextHop(list) => items(f, code, list, |f, entry| {
                write!(f, "{} via {}", entry.family, entry.next_hop)
            }),
            Self::Role(role) => write!(f, "{code} {role}"),
            Self::GracefulRestart(restart) => graceful_restart(f, code, restart),
            Self::FourOctetAs(asn) => write!(f, "{code} {asn}"),
            Self::AddPath(list) => {
                items(f, code, list, |f, (family, direction)| write!(f, "{family} {direction}"))
            }
            Self::LongLivedGracefulRestart(list) => items(f, code, list, long_lived),
            // Escaped: the text is whatever the neighbour likes.
            Self::Fqdn { host, domain } if domain.is_empty() => {
                write!(f, "{code} {}", host.escape_debug())
            }
            Self::Fqdn { host, domain } => {
                write!(f, "{code} {}.{}", host.escape_debug(), domain.escape_debug())
            }
            Self::SoftwareVersion(version) => write!(f, "{code} {version:?}"),
            Self::PathsLimit(list) => {
                items(f, code, list, |f, (family, limit)| write!(f, "{family} {limit}"))
            }
            Self::Unknown { code, value } => unknown(f, *code, value),
        }
    }
}

impl fmt::Display for AddPathDirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::RECEIVE => f.write_str("receive"),
            Self::SEND => f.write_str("send"),
            Self::BOTH => f.write_str("send/receive"),
            Self(other) => write!(f, "{other}"),
        }
    }
}

/// The name and the items, separated by commas.
fn items<T>(
    f: &mut fmt::Formatter<'_>,
    code: CapabilityCode,
    list: &[T],
    item: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    write!(f, "{code}")?;
    for (i, entry) in list.iter().enumerate() {
        f.write_str(if i == 0 { " " } else { ", " })?;
        item(f, entry)?;
    }
    Ok(())
}

fn orf(f: &mut fmt::Formatter<'_>, entry: &OrfSupport) -> fmt::Result {
    write!(f, "{}", entry.family)?;
    for (kind, direction) in &entry.types {
        write!(f, " {kind} {direction}")?;
    }
    Ok(())
}

fn graceful_restart(
    f: &mut fmt::Formatter<'_>,
    code: CapabilityCode,
    restart: &GracefulRestart,
) -> fmt::Result {
    write!(f, "{code} {} s", restart.restart_time)?;
    for (on, word) in [(restart.restarted, ", restarted"), (restart.notification, ", notification")]
    {
        f.write_str(if on { word } else { "" })?;
    }
    for GracefulRestartFamily { family, forwarding } in &restart.families {
        f.write_str(", ")?;
        family_with_forwarding(f, *family, *forwarding)?;
    }
    Ok(())
}

fn long_lived(f: &mut fmt::Formatter<'_>, entry: &LongLivedFamily) -> fmt::Result {
    family_with_forwarding(f, entry.family, entry.forwarding)?;
    write!(f, " {} s", entry.stale_time)
}

fn family_with_forwarding(
    f: &mut fmt::Formatter<'_>,
    family: Family,
    forwarding: bool,
) -> fmt::Result {
    write!(f, "{family}{}", if forwarding { " (forwarding)" } else { "" })
}

fn unknown(f: &mut fmt::Formatter<'_>, code: CapabilityCode, value: &[u8]) -> fmt::Result {
    match code.name() {
        Some(name) => f.write_str(name)?,
        None => write!(f, "capability {}", code.0)?,
    }
    if !value.is_empty() {
        f.write_str(" 0x")?;
    }
    value.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
}
