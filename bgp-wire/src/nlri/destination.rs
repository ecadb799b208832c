//! What a route leads to, whatever its family.

use core::fmt;

use bytes::{BufMut, BytesMut};
use ipnet::IpNet;

use super::evpn::EvpnRoute;
use super::flow_spec::FlowSpec;
use super::label::LabelStack;
use super::prefix::{encode_prefix, put_net, take_net};
use super::route_distinguisher::RouteDistinguisher;
use super::route_target::RouteTargetMembership;
use super::{Form, Labels, NlriKind};
use crate::codec::Cursor;
use crate::iana::{Afi, Family};

/// One NLRI: what a route leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Destination<'a> {
    /// Unicast and multicast (RFC 4271, RFC 4760)
    Prefix(IpNet),
    /// Labelled unicast (RFC 8277)
    Labelled {
        /// Empty where it is withdrawn
        labels: LabelStack,
        /// The prefix
        prefix: IpNet,
    },
    /// VPN unicast (RFC 4364, RFC 4659)
    LabelledVpn {
        /// Empty where it is withdrawn
        labels: LabelStack,
        /// Route distinguisher
        rd: RouteDistinguisher,
        /// The prefix
        prefix: IpNet,
    },
    /// VPN multicast (RFC 6513)
    Vpn {
        /// Route distinguisher
        rd: RouteDistinguisher,
        /// The prefix
        prefix: IpNet,
    },
    /// Flow specification (RFC 8955, RFC 8956)
    FlowSpec(FlowSpec<'a>),
    /// Flow specification of a VPN (RFC 8955 §8)
    VpnFlowSpec {
        /// Route distinguisher
        rd: RouteDistinguisher,
        /// The rule
        flow: FlowSpec<'a>,
    },
    /// Ethernet VPN (RFC 7432)
    Evpn(EvpnRoute<'a>),
    /// Route target constraint (RFC 4684)
    RouteTarget(RouteTargetMembership),
}

/// Reads one, with its path identifier.
pub(crate) fn decode<'a>(
    cursor: &mut Cursor<'a>,
    kind: NlriKind,
    afi: Afi,
    form: Form,
) -> Option<(Option<u32>, Destination<'a>)> {
    let id = if form.add_path { Some(cursor.u32()?) } else { None };
    let ipv6 = afi == Afi::IPV6;
    Some((
        id,
        match kind {
            NlriKind::Prefix => {
                let length = cursor.u8()?;
                Destination::Prefix(take_net(cursor, ipv6, length)?)
            }
            NlriKind::Labelled | NlriKind::LabelledVpn | NlriKind::Vpn => {
                decode_labelled(cursor, kind, ipv6, form)?
            }
            NlriKind::FlowSpec => {
                Destination::FlowSpec(FlowSpec::new(ipv6, FlowSpec::take_value(cursor)?)?)
            }
            NlriKind::VpnFlowSpec => {
                let mut value = Cursor::new(FlowSpec::take_value(cursor)?);
                let rd = RouteDistinguisher(value.array()?);
                Destination::VpnFlowSpec { rd, flow: FlowSpec::new(ipv6, value.rest())? }
            }
            NlriKind::Evpn => Destination::Evpn(EvpnRoute::decode(cursor)?),
            NlriKind::RouteTarget => {
                Destination::RouteTarget(RouteTargetMembership::decode(cursor)?)
            }
        },
    ))
}

/// The length counts the bits of labels and distinguisher too (RFC 8277 §2.2, RFC 4364 §4.3.4).
fn decode_labelled<'a>(
    cursor: &mut Cursor<'_>,
    kind: NlriKind,
    ipv6: bool,
    form: Form,
) -> Option<Destination<'a>> {
    let mut length = cursor.u8()?;
    let start = cursor.offset();
    let mut labels = match kind {
        NlriKind::Vpn => LabelStack::default(),
        _ => {
            let vpn = kind == NlriKind::LabelledVpn;
            LabelStack::decode(cursor, length, vpn, form.labels == Labels::Compatibility)?
        }
    };
    let octets = u8::try_from(cursor.offset() - start).ok()?;
    length = length.checked_sub(octets.checked_mul(8)?)?;
    if form.labels == Labels::Dropped {
        labels = LabelStack::default();
    }
    if kind == NlriKind::Labelled {
        return Some(Destination::Labelled { labels, prefix: take_net(cursor, ipv6, length)? });
    }
    let rd = RouteDistinguisher(cursor.array()?);
    let prefix = take_net(cursor, ipv6, length.checked_sub(64)?)?;
    Some(match kind {
        NlriKind::Vpn => Destination::Vpn { rd, prefix },
        _ => Destination::LabelledVpn { labels, rd, prefix },
    })
}

/// Why nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotEncoded {
    /// It is not of the family.
    OtherFamily,
    /// Its format cannot say it: more labels or components than a length counts, or no label at all.
    Impossible,
}

/// What [`crate::UpdateWriter`] can announce and withdraw.
pub trait EncodeNlri {
    /// Path identifier on sessions that have them (RFC 7911 §3). Where one path a prefix is announced any
    /// constant identifies it: 1.
    fn path_id(&self) -> u32 {
        1
    }

    /// The prefix, if it is nothing else.
    fn prefix(&self) -> Option<IpNet>;

    /// Appends it as `family` has it, without path identifier. Where it is withdrawn it has no labels
    /// (RFC 8277 §2.4).
    ///
    /// # Errors
    /// Then nothing is written.
    fn encode_nlri(
        &self,
        family: Family,
        withdrawn: bool,
        out: &mut BytesMut,
    ) -> Result<(), NotEncoded>;
}

impl EncodeNlri for IpNet {
    #[inline]
    fn prefix(&self) -> Option<IpNet> {
        Some(*self)
    }

    fn encode_nlri(&self, family: Family, _: bool, out: &mut BytesMut) -> Result<(), NotEncoded> {
        if family.nlri_kind() != Some(NlriKind::Prefix) || !is_of(self, family.afi) {
            return Err(NotEncoded::OtherFamily);
        }
        encode_prefix(self, out);
        Ok(())
    }
}

/// With a path identifier.
impl<T: EncodeNlri> EncodeNlri for (u32, T) {
    #[inline]
    fn path_id(&self) -> u32 {
        self.0
    }

    #[inline]
    fn prefix(&self) -> Option<IpNet> {
        self.1.prefix()
    }

    fn encode_nlri(
        &self,
        family: Family,
        withdrawn: bool,
        out: &mut BytesMut,
    ) -> Result<(), NotEncoded> {
        self.1.encode_nlri(family, withdrawn, out)
    }
}

impl EncodeNlri for Destination<'_> {
    fn prefix(&self) -> Option<IpNet> {
        match self {
            Self::Prefix(net) => Some(*net),
            _ => None,
        }
    }

    fn encode_nlri(
        &self,
        family: Family,
        withdrawn: bool,
        out: &mut BytesMut,
    ) -> Result<(), NotEncoded> {
        let kind = family.nlri_kind().ok_or(NotEncoded::OtherFamily)?;
        let ipv6 = family.afi == Afi::IPV6;
        match (kind, self) {
            (NlriKind::Prefix, Self::Prefix(net)) => net.encode_nlri(family, withdrawn, out),
            (NlriKind::Labelled, Self::Labelled { labels, prefix })
                if is_of(prefix, family.afi) =>
            {
                put_labelled(Some(labels), None, prefix, withdrawn, out)
            }
            (NlriKind::LabelledVpn, Self::LabelledVpn { labels, rd, prefix })
                if is_of(prefix, family.afi) =>
            {
                put_labelled(Some(labels), Some(rd), prefix, withdrawn, out)
            }
            (NlriKind::Vpn, Self::Vpn { rd, prefix }) if is_of(prefix, family.afi) => {
                put_labelled(None, Some(rd), prefix, withdrawn, out)
            }
            (NlriKind::FlowSpec, Self::FlowSpec(flow)) if flow.is_ipv6() == ipv6 => {
                flow.put(None, out)
            }
            (NlriKind::VpnFlowSpec, Self::VpnFlowSpec { rd, flow }) if flow.is_ipv6() == ipv6 => {
                flow.put(Some(rd), out)
            }
            (NlriKind::Evpn, Self::Evpn(route)) => {
                route.encode(out);
                Ok(())
            }
            (NlriKind::RouteTarget, Self::RouteTarget(membership)) => {
                membership.encode(out);
                Ok(())
            }
            _ => Err(NotEncoded::OtherFamily),
        }
    }
}

fn is_of(net: &IpNet, afi: Afi) -> bool {
    match net {
        IpNet::V4(_) => afi == Afi::IPV4,
        IpNet::V6(_) => afi == Afi::IPV6,
    }
}

/// Appends the length in bits of all, labels, distinguisher and prefix.
fn put_labelled(
    labels: Option<&LabelStack>,
    rd: Option<&RouteDistinguisher>,
    prefix: &IpNet,
    withdrawn: bool,
    out: &mut BytesMut,
) -> Result<(), NotEncoded> {
    // Only withdrawn routes have no label (RFC 8277 §2.4).
    if labels.is_some_and(LabelStack::is_empty) && !withdrawn {
        return Err(NotEncoded::Impossible);
    }
    let before = labels.map_or(0, |labels| labels.encoded_length(withdrawn))
        + if rd.is_some() { 8 } else { 0 };
    let length = u8::try_from(before * 8 + usize::from(prefix.prefix_len()));
    out.put_u8(length.map_err(|_| NotEncoded::Impossible)?);
    labels.iter().for_each(|labels| labels.encode(withdrawn, out));
    rd.iter().for_each(|rd| out.put_slice(&rd.0));
    put_net(prefix, out);
    Ok(())
}

impl fmt::Display for Destination<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = |labels: &LabelStack, f: &mut fmt::Formatter<'_>| match labels.is_empty() {
            true => Ok(()),
            false => write!(f, " label {labels}"),
        };
        match self {
            Self::Prefix(net) => net.fmt(f),
            Self::Labelled { labels, prefix } => {
                write!(f, "{prefix}")?;
                label(labels, f)
            }
            Self::LabelledVpn { labels, rd, prefix } => {
                write!(f, "{rd}:{prefix}")?;
                label(labels, f)
            }
            Self::Vpn { rd, prefix } => write!(f, "{rd}:{prefix}"),
            Self::FlowSpec(flow) => flow.fmt(f),
            Self::VpnFlowSpec { rd, flow } => write!(f, "{rd} {flow}"),
            Self::Evpn(route) => route.fmt(f),
            Self::RouteTarget(membership) => membership.fmt(f),
        }
    }
}
