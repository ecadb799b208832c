//! Capabilities (RFC 5492).

use bytes::{BufMut, Bytes, BytesMut};
use smallvec::SmallVec;

use crate::codec::Cursor;
use crate::iana::{Afi, CapabilityCode, Family, Safi};

/// One capability. Those that are not known, and known ones whose value does not parse, are kept as
/// [`Capability::Unknown`]: RFC 5492 §3 wants them ignored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// RFC 4760 §8
    Multiprotocol(Family),
    /// RFC 2918
    RouteRefresh,
    /// RFC 8950
    ExtendedNextHop(SmallVec<[ExtendedNextHopEncoding; 2]>),
    /// RFC 8654
    ExtendedMessage,
    /// RFC 4724
    GracefulRestart(GracefulRestart),
    /// RFC 6793
    FourOctetAs(u32),
    /// RFC 7911
    AddPath(SmallVec<[(Family, AddPathDirection); 2]>),
    /// Any other
    Unknown {
        /// Its code
        code: CapabilityCode,
        /// Its value, at most 255 octets
        value: Bytes,
    },
}

/// Prefixes of `family` may have next hops of AFI `next_hop` (RFC 8950 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtendedNextHopEncoding {
    /// Family of the prefixes
    pub family: Family,
    /// AFI of the next hop
    pub next_hop: Afi,
}

/// Value of the graceful restart capability (RFC 4724 §3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GracefulRestart {
    /// The R bit: the speaker has restarted.
    pub restarted: bool,
    /// The N bit: also when a NOTIFICATION is sent (RFC 8538).
    pub notification: bool,
    /// Seconds until the session should be back, at most 4095
    pub restart_time: u16,
    /// Families concerned
    pub families: SmallVec<[GracefulRestartFamily; 2]>,
}

/// A family in [`GracefulRestart`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GracefulRestartFamily {
    /// The family
    pub family: Family,
    /// The F bit: forwarding state was preserved.
    pub forwarding: bool,
}

/// Send/Receive field of the add-path capability (RFC 7911 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddPathDirection(pub u8);

impl AddPathDirection {
    /// Able to receive several paths
    pub const RECEIVE: Self = Self(1);
    /// Able to send several paths
    pub const SEND: Self = Self(2);
    /// Able to do both
    pub const BOTH: Self = Self(3);
}

/// The capabilities of one OPEN, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Capabilities(SmallVec<[Capability; 6]>);

impl Capabilities {
    /// Appends one.
    pub fn push(&mut self, capability: Capability) {
        self.0.push(capability);
    }

    /// All of them.
    pub fn iter(&self) -> core::slice::Iter<'_, Capability> {
        self.0.iter()
    }

    /// The AS number of the first 4-octet AS capability.
    pub fn four_octet_as(&self) -> Option<u32> {
        self.iter().find_map(|capability| match capability {
            Capability::FourOctetAs(asn) => Some(*asn),
            _ => None,
        })
    }

    /// Whether `capability` stands here as it is.
    pub fn contains(&self, capability: &Capability) -> bool {
        self.0.contains(capability)
    }

    /// The families of all multiprotocol capabilities.
    pub fn families(&self) -> impl Iterator<Item = Family> + '_ {
        self.iter().filter_map(|capability| match capability {
            Capability::Multiprotocol(family) => Some(*family),
            _ => None,
        })
    }

    /// Whether prefixes of `family` may have next hops of AFI `next_hop` (RFC 8950).
    pub fn has_extended_next_hop(&self, family: Family, next_hop: Afi) -> bool {
        self.iter().any(|capability| match capability {
            Capability::ExtendedNextHop(list) => {
                list.contains(&ExtendedNextHopEncoding { family, next_hop })
            }
            _ => false,
        })
    }

    /// The add-path direction of `family`, if any (RFC 7911).
    pub fn add_path(&self, family: Family) -> Option<AddPathDirection> {
        self.iter().find_map(|capability| match capability {
            Capability::AddPath(list) => {
                list.iter().find(|entry| entry.0 == family).map(|entry| entry.1)
            }
            _ => None,
        })
    }

    /// The graceful restart capability: the last one counts (RFC 4724 §3).
    pub fn graceful_restart(&self) -> Option<&GracefulRestart> {
        self.iter().rev().find_map(|capability| match capability {
            Capability::GracefulRestart(restart) => Some(restart),
            _ => None,
        })
    }

    /// Appends those of one optional parameter; `Err` tells the offset where lengths do not add up.
    pub(crate) fn decode(&mut self, parameter: &Bytes) -> Result<(), usize> {
        let mut cursor = Cursor::new(parameter);
        while !cursor.is_empty() {
            let start = cursor.offset();
            let (Some(code), Some(length)) = (cursor.u8(), cursor.u8()) else { return Err(start) };
            let value = cursor.offset();
            let mut body = cursor.sub(usize::from(length)).ok_or(start)?;
            let code = CapabilityCode(code);
            let capability = Capability::decode(code, &mut body).filter(|_| body.is_empty());
            self.push(capability.unwrap_or_else(|| Capability::Unknown {
                code,
                value: parameter.slice(value..cursor.offset()),
            }));
        }
        Ok(())
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        for capability in self.iter() {
            capability.encode(out);
        }
    }

    /// The capabilities as they stand in an OPEN: also the data of an Unsupported Capability error.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.encode(&mut out);
        out.freeze()
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<T: IntoIterator<Item = Capability>>(iter: T) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Capabilities {
    type Item = &'a Capability;
    type IntoIter = core::slice::Iter<'a, Capability>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Capability {
    /// Its code.
    pub const fn code(&self) -> CapabilityCode {
        match self {
            Self::Multiprotocol(_) => CapabilityCode::MULTIPROTOCOL,
            Self::RouteRefresh => CapabilityCode::ROUTE_REFRESH,
            Self::ExtendedNextHop(_) => CapabilityCode::EXTENDED_NEXT_HOP,
            Self::ExtendedMessage => CapabilityCode::EXTENDED_MESSAGE,
            Self::GracefulRestart(_) => CapabilityCode::GRACEFUL_RESTART,
            Self::FourOctetAs(_) => CapabilityCode::FOUR_OCTET_AS,
            Self::AddPath(_) => CapabilityCode::ADD_PATH,
            Self::Unknown { code, .. } => *code,
        }
    }

    fn decode(code: CapabilityCode, body: &mut Cursor<'_>) -> Option<Self> {
        Some(match code {
            CapabilityCode::MULTIPROTOCOL => {
                let (afi, _, safi) = (body.u16()?, body.u8()?, body.u8()?);
                Self::Multiprotocol(Family { afi: Afi(afi), safi: Safi(safi) })
            }
            CapabilityCode::ROUTE_REFRESH => Self::RouteRefresh,
            CapabilityCode::EXTENDED_MESSAGE => Self::ExtendedMessage,
            CapabilityCode::EXTENDED_NEXT_HOP => {
                let mut list = SmallVec::new();
                while !body.is_empty() {
                    let (afi, safi, next_hop) = (body.u16()?, body.u16()?, body.u16()?);
                    let family = Family { afi: Afi(afi), safi: Safi(u8::try_from(safi).ok()?) };
                    list.push(ExtendedNextHopEncoding { family, next_hop: Afi(next_hop) });
                }
                Self::ExtendedNextHop(list)
            }
            CapabilityCode::GRACEFUL_RESTART => {
                let flags = body.u16()?;
                let mut families = SmallVec::new();
                while !body.is_empty() {
                    let (family, flags) = (family(body)?, body.u8()?);
                    families.push(GracefulRestartFamily { family, forwarding: flags & 0x80 != 0 });
                }
                Self::GracefulRestart(GracefulRestart {
                    restarted: flags & 0x8000 != 0,
                    notification: flags & 0x4000 != 0,
                    restart_time: flags & 0x0fff,
                    families,
                })
            }
            CapabilityCode::FOUR_OCTET_AS => Self::FourOctetAs(body.u32()?),
            CapabilityCode::ADD_PATH => {
                let mut list = SmallVec::new();
                while !body.is_empty() {
                    let (family, direction) = (family(body)?, body.u8()?);
                    // RFC 7911 §4: with another value the capability counts as not understood.
                    if !(1..=3).contains(&direction) {
                        return None;
                    }
                    list.push((family, AddPathDirection(direction)));
                }
                Self::AddPath(list)
            }
            _ => return None,
        })
    }

    /// Values of more than 255 octets are cut behind the last entry that fits.
    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.code().0);
        let length = out.len();
        out.put_u8(0);
        match self {
            Self::Multiprotocol(family) => {
                out.put_u16(family.afi.0);
                out.put_slice(&[0, family.safi.0]);
            }
            Self::RouteRefresh | Self::ExtendedMessage => {}
            Self::ExtendedNextHop(list) => {
                for entry in list.iter().take(255 / 6) {
                    out.put_u16(entry.family.afi.0);
                    out.put_u16(u16::from(entry.family.safi.0));
                    out.put_u16(entry.next_hop.0);
                }
            }
            Self::GracefulRestart(restart) => {
                let flags =
                    u16::from(restart.restarted) << 15 | u16::from(restart.notification) << 14;
                out.put_u16(flags | restart.restart_time.min(0x0fff));
                for entry in restart.families.iter().take((255 - 2) / 4) {
                    put_family(out, entry.family);
                    out.put_u8(u8::from(entry.forwarding) << 7);
                }
            }
            Self::FourOctetAs(asn) => out.put_u32(*asn),
            Self::AddPath(list) => {
                for (family, direction) in list.iter().take(255 / 4) {
                    put_family(out, *family);
                    out.put_u8(direction.0);
                }
            }
            Self::Unknown { value, .. } => {
                out.put_slice(value.get(..value.len().min(255)).unwrap_or_default());
            }
        }
        let written = u8::try_from(out.len() - length - 1).unwrap_or(u8::MAX);
        if let Some(field) = out.get_mut(length) {
            *field = written;
        }
    }
}

fn family(body: &mut Cursor<'_>) -> Option<Family> {
    Some(Family { afi: Afi(body.u16()?), safi: Safi(body.u8()?) })
}

fn put_family(out: &mut BytesMut, family: Family) {
    out.put_u16(family.afi.0);
    out.put_u8(family.safi.0);
}
