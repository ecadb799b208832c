//! The attributes of a route that are no BGP path attributes: how `rib` keeps them, and what a run makes of them.

use bgp_wire::NextHop;
use rib::{Destination, Edited, ExtraCode, ExtraRef, NextHopKey, Route, RouteSource};

use super::{Extra, Program, Vm};
use crate::attribute::Attribute;
use crate::types::Type;

/// Where `rib` keeps an attribute.
const fn extra_code(attribute: Attribute) -> Option<ExtraCode> {
    Some(match attribute {
        Attribute::From => ExtraCode::FROM,
        Attribute::NextHop => ExtraCode::NEXT_HOP,
        Attribute::InterfaceName => ExtraCode::INTERFACE_NAME,
        Attribute::Weight => ExtraCode::WEIGHT,
        Attribute::GatewayMpls => ExtraCode::GATEWAY_MPLS,
        Attribute::Onlink => ExtraCode::ONLINK,
        Attribute::Scope => ExtraCode::SCOPE,
        Attribute::IgpMetric => ExtraCode::IGP_METRIC,
        Attribute::OspfMetric1 => ExtraCode::OSPF_METRIC1,
        Attribute::OspfMetric2 => ExtraCode::OSPF_METRIC2,
        Attribute::OspfTag => ExtraCode::OSPF_TAG,
        Attribute::OspfRouterId => ExtraCode::OSPF_ROUTER_ID,
        Attribute::RipMetric => ExtraCode::RIP_METRIC,
        Attribute::RipTag => ExtraCode::RIP_TAG,
        Attribute::KernelSource => ExtraCode::KERNEL_SOURCE,
        Attribute::KernelMetric => ExtraCode::KERNEL_METRIC,
        Attribute::KernelPrefsrc => ExtraCode::KERNEL_PREFSRC,
        Attribute::KernelRealm => ExtraCode::KERNEL_REALM,
        Attribute::KernelScope => ExtraCode::KERNEL_SCOPE,
        Attribute::KernelMtu => ExtraCode::KERNEL_MTU,
        Attribute::KernelWindow => ExtraCode::KERNEL_WINDOW,
        Attribute::KernelRtt => ExtraCode::KERNEL_RTT,
        Attribute::KernelRttvar => ExtraCode::KERNEL_RTTVAR,
        Attribute::KernelSsthresh => ExtraCode::KERNEL_SSTHRESH,
        Attribute::KernelCwnd => ExtraCode::KERNEL_CWND,
        Attribute::KernelAdvmss => ExtraCode::KERNEL_ADVMSS,
        Attribute::KernelReordering => ExtraCode::KERNEL_REORDERING,
        Attribute::KernelHoplimit => ExtraCode::KERNEL_HOPLIMIT,
        Attribute::KernelInitcwnd => ExtraCode::KERNEL_INITCWND,
        Attribute::KernelRtoMin => ExtraCode::KERNEL_RTO_MIN,
        Attribute::KernelInitrwnd => ExtraCode::KERNEL_INITRWND,
        Attribute::KernelQuickack => ExtraCode::KERNEL_QUICKACK,
        Attribute::KernelCongctl => ExtraCode::KERNEL_CONGCTL,
        Attribute::KernelFastopen => ExtraCode::KERNEL_FASTOPEN,
        Attribute::BabelMetric => ExtraCode::BABEL_METRIC,
        Attribute::BabelRouterId => ExtraCode::BABEL_ROUTER_ID,
        Attribute::RaPreference => ExtraCode::RA_PREFERENCE,
        Attribute::RaLifetime => ExtraCode::RA_LIFETIME,
        _ => return None,
    })
}

/// The number of `RTD_…`.
const fn number_of(destination: Destination) -> u8 {
    match destination {
        Destination::Unicast => 1,
        Destination::Blackhole => 2,
        Destination::Unreachable => 3,
        Destination::Prohibit => 4,
    }
}

const fn destination_of(number: u8) -> Destination {
    match number {
        2 => Destination::Blackhole,
        3 => Destination::Unreachable,
        4 => Destination::Prohibit,
        _ => Destination::Unicast,
    }
}

/// What is kept as the type says.
fn kept(extra: ExtraRef<'_>, code: ExtraCode, ty: Type) -> Option<Extra<'_>> {
    Some(match ty {
        Type::Bool => Extra::Bool(extra.number(code)? != 0),
        Type::Int => Extra::Int(extra.number(code)?),
        Type::Quad => Extra::Quad(extra.number(code)?),
        Type::Enum(_) => Extra::Enum(u8::try_from(extra.number(code)?).ok()?),
        Type::Ip => Extra::Ip(extra.address(code)?),
        Type::Text => Extra::Text(extra.text(code)?),
        Type::Bytes => Extra::Bytes(extra.value(code)?),
        _ => return None,
    })
}

/// An attribute as the route has it.
pub(super) fn of_route<'a>(route: &Route<'a>, attribute: Attribute) -> Option<Extra<'a>> {
    let kept = extra_code(attribute).and_then(|code| kept(route.extra, code, attribute.ty()));
    let address = |next_hop: NextHopKey| Extra::Ip(next_hop.next_hop.address());
    kept.or_else(|| match attribute {
        Attribute::From => route.from.map(Extra::Ip),
        Attribute::Gateway => route.next_hop.map(address),
        Attribute::NextHop if route.source == RouteSource::Bgp => route.next_hop.map(address),
        Attribute::InterfaceIndex => route.next_hop?.interface.map(Extra::Int),
        Attribute::Destination => Some(Extra::Enum(number_of(route.destination))),
        // BIRD 2 gives every route this one.
        Attribute::Scope => Some(Extra::Enum(4)),
        _ => None,
    })
}

impl Vm {
    /// What the last run, one of `program`, has made of `route`. Only where [`Vm::has_changes`].
    pub fn edit(&self, program: &Program, route: &Route<'_>, edited: &mut Edited) {
        self.apply(program, route, &mut edited.attributes);
        edited.extra.copy_from(route.extra);
        edited.next_hop = route.next_hop;
        edited.destination = route.destination;
        edited.preference = route.preference;
        edited.set = rib::Set {
            next_hop: self.has_changed(Attribute::NextHop),
            med: self.has_changed(Attribute::Med),
        };
        for (attribute, value) in self.changes(program) {
            match (attribute, value) {
                (Attribute::Preference, Some(Extra::Int(preference))) => {
                    edited.preference = preference;
                }
                (Attribute::Destination, Some(Extra::Enum(number))) => {
                    edited.destination = destination_of(number);
                    if edited.destination != Destination::Unicast {
                        keep_announced(edited, route);
                        edited.next_hop = None;
                    }
                }
                (Attribute::Gateway, Some(Extra::Ip(address))) => {
                    keep_announced(edited, route);
                    edited.destination = Destination::Unicast;
                    edited.next_hop = Some(NextHopKey::direct(NextHop::from(address), None));
                }
                (attribute, value) => {
                    if let Some(code) = extra_code(attribute) {
                        keep(edited, code, value);
                    }
                }
            }
        }
    }

    fn has_changed(&self, attribute: Attribute) -> bool {
        self.changed & 1 << (attribute as u32) != 0
    }
}

/// Packets go elsewhere; what is announced stays the same.
fn keep_announced(edited: &mut Edited, route: &Route<'_>) {
    if route.source == RouteSource::Bgp
        && let Some(before) = edited.next_hop
        && edited.extra.view().value(ExtraCode::NEXT_HOP).is_none()
    {
        edited.extra.set_address(ExtraCode::NEXT_HOP, before.next_hop.address());
    }
}

fn keep(edited: &mut Edited, code: ExtraCode, value: Option<Extra<'_>>) {
    let extra = &mut edited.extra;
    match value {
        None => extra.remove(code),
        Some(Extra::Bool(value)) => extra.set_number(code, value.into()),
        Some(Extra::Int(value) | Extra::Quad(value)) => extra.set_number(code, value),
        Some(Extra::Enum(value)) => extra.set_number(code, value.into()),
        Some(Extra::Ip(address)) => extra.set_address(code, address),
        Some(Extra::Text(text)) => extra.set(code, text.as_bytes()),
        Some(Extra::Bytes(bytes)) => extra.set(code, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_attributes_are_kept_in_one_place() {
        let all = (0..=u8::MAX).filter_map(Attribute::numbered);
        let mut codes: std::vec::Vec<u8> = all.filter_map(extra_code).map(|code| code.0).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn destinations_have_numbers() {
        for number in 1..=4 {
            assert_eq!(number_of(destination_of(number)), number);
        }
    }
}
