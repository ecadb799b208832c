//! PMSI_TUNNEL (RFC 6514 §5).

use core::fmt;
use core::net::IpAddr;

use crate::codec::Cursor;
use crate::iana::registry;

registry! {
    /// Type of a PMSI tunnel (RFC 6514 §5).
    PmsiTunnelType(u8) {
        /// No tunnel
        NONE = 0, "none";
        /// RSVP-TE P2MP LSP
        RSVP_TE_P2MP = 1, "rsvp-te-p2mp";
        /// mLDP P2MP LSP
        MLDP_P2MP = 2, "mldp-p2mp";
        /// PIM-SSM tree
        PIM_SSM = 3, "pim-ssm";
        /// PIM-SM tree
        PIM_SM = 4, "pim-sm";
        /// BIDIR-PIM tree
        BIDIR_PIM = 5, "bidir-pim";
        /// Ingress replication
        INGRESS_REPLICATION = 6, "ingress-replication";
        /// mLDP MP2MP LSP
        MLDP_MP2MP = 7, "mldp-mp2mp";
    }
}

/// The tunnel that carries multicast traffic (RFC 6514 §5).
///
/// ```
/// use bgp_wire::{PmsiTunnel, PmsiTunnelType};
/// let tunnel = PmsiTunnel::decode(&[0, 6, 0, 0, 100, 192, 0, 2, 1]).ok_or("malformed")?;
/// assert_eq!((tunnel.kind, tunnel.label), (PmsiTunnelType::INGRESS_REPLICATION, 100));
/// assert_eq!(tunnel.endpoint(), Some("192.0.2.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PmsiTunnel<'a> {
    /// Flags; 1: leaf information required
    pub flags: u8,
    /// Type of the tunnel
    pub kind: PmsiTunnelType,
    /// The label field of 24 bits: an MPLS label in the upper 20, or a VNI (RFC 8365 §5.1.3)
    pub label: u32,
    /// Tunnel identifier: what it means, the type says
    pub identifier: &'a [u8],
}

impl<'a> PmsiTunnel<'a> {
    /// Reads the attribute's value; `None` when it is malformed. Tunnels of types that are not known are
    /// kept: the registry is open, and to drop their routes would do more harm.
    pub fn decode(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let (flags, kind) = (cursor.u8()?, PmsiTunnelType(cursor.u8()?));
        let [a, b, c] = cursor.array()?;
        let identifier = cursor.rest();
        let fits = match (kind, identifier.len()) {
            (PmsiTunnelType::NONE, length) => length == 0,
            (PmsiTunnelType::RSVP_TE_P2MP, length) => length == 12 || length == 24,
            (
                PmsiTunnelType::PIM_SSM | PmsiTunnelType::PIM_SM | PmsiTunnelType::BIDIR_PIM,
                length,
            ) => length == 8 || length == 32,
            (PmsiTunnelType::INGRESS_REPLICATION, length) => length == 4 || length == 16,
            (PmsiTunnelType::MLDP_P2MP | PmsiTunnelType::MLDP_MP2MP, length) => length != 0,
            _ => true,
        };
        let label = u32::from_be_bytes([0, a, b, c]);
        fits.then_some(Self { flags, kind, label, identifier })
    }

    /// The endpoint of ingress replication.
    pub fn endpoint(&self) -> Option<IpAddr> {
        if self.kind != PmsiTunnelType::INGRESS_REPLICATION {
            return None;
        }
        match self.identifier.len() {
            4 => <[u8; 4]>::try_from(self.identifier).ok().map(IpAddr::from),
            _ => <[u8; 16]>::try_from(self.identifier).ok().map(IpAddr::from),
        }
    }

    /// The attribute's value.
    pub(crate) fn put(&self, out: &mut alloc::vec::Vec<u8>) {
        let [_, a, b, c] = self.label.to_be_bytes();
        out.extend_from_slice(&[self.flags, self.kind.0, a, b, c]);
        out.extend_from_slice(self.identifier);
    }
}

/// `ingress-replication label 100 192.0.2.1`, `mldp-p2mp label 0 0x0102`
impl fmt::Display for PmsiTunnel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} label {}", self.kind, self.label)?;
        match self.endpoint() {
            Some(endpoint) => write!(f, " {endpoint}"),
            None if self.identifier.is_empty() => Ok(()),
            None => {
                f.write_str(" 0x")?;
                self.identifier.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}
