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
use super::{Form, NlriKind};
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
    let labels = match kind {
        NlriKind::Vpn => LabelStack::default(),
        _ => LabelStack::decode(cursor, form.multiple_labels, form.withdrawn)?,
    };
    if kind != NlriKind::Vpn {
        let octets = u8::try_from(labels.encoded_length(form.withdrawn)).ok()?;
        length = length.checked_sub(octets.checked_mul(8)?)?;
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

/// What [`crate::UpdateWriter`] can announce and withdraw.
pub trait EncodeNlri {
    /// Path identifier on sessions that have them (RFC 7911 §3). Where one path a prefix is announced any
    /// constant identifies it: 1.
    fn path_id(&self) -> u32 {
        1
    }

    /// The prefix, if it is nothing else.
    fn prefix(&self) -> Option<IpNet>;

    /// Appends it as `family` has it, without path identifier; false, and nothing is written, when it is
    /// not of that family. Where it is withdrawn it has no labels (RFC 8277 §2.4).
    fn encode_nlri(&self, family: Family, withdrawn: bool, out: &mut BytesMut) -> bool;
}

impl EncodeNlri for IpNet {
    #[inline]
    fn prefix(&self) -> Option<IpNet> {
        Some(*self)
    }

    fn encode_nlri(&self, family: Family, _: bool, out: &mut BytesMut) -> bool {
        let fits = family.nlri_kind() == Some(NlriKind::Prefix) && is_of(self, family.afi);
        if fits {
            encode_prefix(self, out);
        }
        fits
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

    fn encode_nlri(&self, family: Family, withdrawn: bool, out: &mut BytesMut) -> bool {
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

    fn encode_nlri(&self, family: Family, withdrawn: bool, out: &mut BytesMut) -> bool {
        let Some(kind) = family.nlri_kind() else { return false };
        let ipv6 = family.afi == Afi::IPV6;
        match (kind, self) {
            (NlriKind::Prefix, Self::Prefix(net)) => {
                return net.encode_nlri(family, withdrawn, out);
            }
            (NlriKind::Labelled, Self::Labelled { labels, prefix })
                if is_of(prefix, family.afi) =>
            {
                let before = labels.encoded_length(withdrawn);
                return put_bits(before, prefix, out, |out| labels.encode(withdrawn, out));
            }
            (NlriKind::LabelledVpn, Self::LabelledVpn { labels, rd, prefix })
                if is_of(prefix, family.afi) =>
            {
                let before = labels.encoded_length(withdrawn) + 8;
                return put_bits(before, prefix, out, |out| {
                    labels.encode(withdrawn, out);
                    out.put_slice(&rd.0);
                });
            }
            (NlriKind::Vpn, Self::Vpn { rd, prefix }) if is_of(prefix, family.afi) => {
                return put_bits(8, prefix, out, |out| out.put_slice(&rd.0));
            }
            (NlriKind::FlowSpec, Self::FlowSpec(flow))
                if flow.is_ipv6() == ipv6
                    && !flow.bytes().is_empty()
                    && flow.bytes().len() < 4096 =>
            {
                flow.put_length(0, out);
                out.put_slice(flow.bytes());
            }
            (NlriKind::VpnFlowSpec, Self::VpnFlowSpec { rd, flow })
                if flow.is_ipv6() == ipv6
                    && !flow.bytes().is_empty()
                    && flow.bytes().len() < 4088 =>
            {
                flow.put_length(8, out);
                out.put_slice(&rd.0);
                out.put_slice(flow.bytes());
            }
            (NlriKind::Evpn, Self::Evpn(route)) => route.encode(out),
            (NlriKind::RouteTarget, Self::RouteTarget(membership)) => membership.encode(out),
            _ => return false,
        }
        true
    }
}

fn is_of(net: &IpNet, afi: Afi) -> bool {
    match net {
        IpNet::V4(_) => afi == Afi::IPV4,
        IpNet::V6(_) => afi == Afi::IPV6,
    }
}

/// Appends the length in bits of `before` octets and the prefix, what `write` writes, and the prefix.
/// False when there are more labels than the length can count.
fn put_bits(
    before: usize,
    prefix: &IpNet,
    out: &mut BytesMut,
    write: impl FnOnce(&mut BytesMut),
) -> bool {
    let Ok(length) = u8::try_from(before * 8 + usize::from(prefix.prefix_len())) else {
        return false;
    };
    out.put_u8(length);
    write(out);
    put_net(prefix, out);
    true
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
