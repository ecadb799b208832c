//! Capabilities in the order and words of BIRD's `show protocols all`.

use bgp_wire::{AddPathDirection, Capabilities, Capability, Family, Role};

/// Shows those that BIRD has a name for.
pub(super) fn show(line: &mut impl FnMut(String), capabilities: &Capabilities) {
    let mut ordered: Vec<&Capability> = capabilities.iter().collect();
    ordered.sort_by_key(|capability| place(capability));
    if capabilities.families().next().is_some() {
        line("      Multiprotocol".into());
        show_families(line, "AF announced", capabilities.families());
    }
    for capability in ordered {
        let name = match capability {
            Capability::RouteRefresh => "Route refresh",
            Capability::ExtendedNextHop(_) => "Extended next hop",
            Capability::ExtendedMessage => "Extended message",
            Capability::GracefulRestart(_) => "Graceful restart",
            Capability::FourOctetAs(_) => "4-octet AS numbers",
            Capability::AddPath(_) => "ADD-PATH",
            Capability::EnhancedRouteRefresh => "Enhanced refresh",
            Capability::LongLivedGracefulRestart(_) => "Long-lived graceful restart",
            Capability::Role(role) => {
                line(format!("      Role: {}", role_name(*role)));
                continue;
            }
            _ => continue,
        };
        line(format!("      {name}"));
        show_content(line, capability);
    }
}

/// Where it stands among the others.
const fn place(capability: &Capability) -> u8 {
    match capability {
        Capability::RouteRefresh => 1,
        Capability::ExtendedNextHop(_) => 2,
        Capability::ExtendedMessage => 3,
        Capability::GracefulRestart(_) => 4,
        Capability::FourOctetAs(_) => 5,
        Capability::AddPath(_) => 6,
        Capability::EnhancedRouteRefresh => 7,
        Capability::LongLivedGracefulRestart(_) => 8,
        Capability::Role(_) => 9,
        _ => 0,
    }
}

fn show_families(
    line: &mut impl FnMut(String),
    name: &str,
    families: impl Iterator<Item = Family>,
) {
    let families: Vec<String> = families.map(|family| family.to_string()).collect();
    line(format!("        {name}: {}", families.join(" ")).trim_end().to_owned());
}

fn show_content(line: &mut impl FnMut(String), capability: &Capability) {
    match capability {
        Capability::ExtendedNextHop(list) => {
            show_families(line, "IPv6 nexthop", list.iter().map(|one| one.family));
        }
        // Without a family it says only that the speaker knows what it is; so does the long-lived one.
        Capability::GracefulRestart(restart) if restart.families.is_empty() => {}
        Capability::GracefulRestart(restart) => {
            line(format!("        Restart time: {}", restart.restart_time));
            if restart.restarted {
                line("        Restart recovery".into());
            }
            let preserved = restart.families.iter().filter(|one| one.forwarding);
            show_families(line, "AF supported", restart.families.iter().map(|one| one.family));
            show_families(line, "AF preserved", preserved.map(|one| one.family));
        }
        Capability::AddPath(list) => {
            for (name, direction) in
                [("RX", AddPathDirection::RECEIVE), ("TX", AddPathDirection::SEND)]
            {
                let able = list.iter().filter(|(_, able)| able.0 & direction.0 != 0);
                show_families(line, name, able.map(|(family, _)| *family));
            }
        }
        Capability::LongLivedGracefulRestart(list) => {
            let Some(longest) = list.iter().map(|one| one.stale_time).max() else { return };
            line(format!("        LL stale time: {longest}"));
            let preserved = list.iter().filter(|one| one.forwarding);
            show_families(line, "AF supported", list.iter().map(|one| one.family));
            show_families(line, "AF preserved", preserved.map(|one| one.family));
        }
        _ => {}
    }
}

fn role_name(role: Role) -> String {
    match role {
        Role::ROUTE_SERVER => "rs_server".into(),
        Role::ROUTE_SERVER_CLIENT => "rs_client".into(),
        other => other.to_string(),
    }
}
