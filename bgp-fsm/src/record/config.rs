//! A configuration in a record. All fields are named, so that none is forgotten.

use alloc::vec::Vec;

use bgp_wire::{AddPathDirection, Capabilities, CapabilityCode, OrfDirection, Role};

use super::codec::{Reader, Writer};
use crate::config::{FamilyConfig, Forwarding, RemoteAs, RestartConfig, SessionConfig};

pub(super) fn write(log: &mut Writer, config: &SessionConfig) {
    let SessionConfig {
        local_as,
        remote_as,
        confederation_member,
        allow_local_pref,
        allow_aigp,
        router_id,
        hold_time,
        least_hold_time,
        startup_hold_time,
        send_hold_time,
        keepalive_time,
        connect_retry_time,
        connect_delay_time,
        damp_peer_oscillations,
        idle_hold_time,
        error_forget_time,
        automatic_start,
        delay_open_time,
        passive,
        unnumbered,
        notification_limit,
        families,
        extended_message,
        route_refresh,
        enhanced_refresh,
        refresh_time,
        four_octet_as,
        role,
        strict_role,
        graceful_restart,
        long_lived,
        filter_limit,
        required,
        other_capabilities,
        capabilities,
    } = config;
    log.number(*local_as);
    let (kind, asn) = match remote_as {
        RemoteAs::External => (0, None),
        RemoteAs::Internal => (1, None),
        RemoteAs::Any => (2, None),
        RemoteAs::Is(asn) => (3, Some(*asn)),
    };
    log.octet(kind);
    asn.into_iter().for_each(|asn| log.number(asn));
    log.octets(&router_id.octets());
    for time in [
        *hold_time,
        *least_hold_time,
        *startup_hold_time,
        *connect_retry_time,
        *connect_delay_time,
        idle_hold_time.0,
        idle_hold_time.1,
        *error_forget_time,
        *delay_open_time,
        *refresh_time,
    ] {
        log.duration(time);
    }
    for time in [*send_hold_time, *keepalive_time] {
        log.option(time, Writer::duration);
    }
    for flag in [
        *confederation_member,
        *allow_local_pref,
        *allow_aigp,
        *damp_peer_oscillations,
        *automatic_start,
        *passive,
        *unnumbered,
        *extended_message,
        *route_refresh,
        *enhanced_refresh,
        *four_octet_as,
        *strict_role,
        *capabilities,
    ] {
        log.flag(flag);
    }
    log.number(notification_limit.0);
    log.duration(notification_limit.1);
    log.number(length(families.len()));
    families.iter().for_each(|family| write_family(log, family));
    log.option(*role, |log, role| log.octet(role.0));
    log.option(*graceful_restart, write_restart);
    log.option(*long_lived, |log, (least, most)| {
        log.duration(least);
        log.duration(most);
    });
    log.number(length(*filter_limit));
    log.number(length(required.len()));
    required.iter().for_each(|code| log.octet(code.0));
    log.bytes(&other_capabilities.to_bytes());
}

pub(super) fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn write_family(log: &mut Writer, config: &FamilyConfig) {
    let FamilyConfig {
        family,
        extended_next_hop,
        add_path,
        paths_limit,
        filters,
        forwarding,
        long_lived_stale_time,
        required,
    } = config;
    log.family(*family);
    log.flag(*extended_next_hop);
    log.flag(*required);
    log.option(*add_path, |log, direction| log.octet(direction.0));
    log.option(*paths_limit, Writer::number);
    log.option(*filters, |log, direction| log.octet(direction.0));
    log.option(*forwarding, |log, forwarding| log.flag(forwarding == Forwarding::Preserved));
    log.option(*long_lived_stale_time, Writer::duration);
}

fn write_restart(log: &mut Writer, config: RestartConfig) {
    let RestartConfig {
        restart_time,
        neighbor_restart_time: (least, most),
        stale_time,
        notification,
        hard_reset,
    } = config;
    for time in [restart_time, least, most, stale_time] {
        log.duration(time);
    }
    log.flag(notification);
    log.flag(hard_reset);
}

pub(super) fn read(log: &mut Reader) -> Option<SessionConfig> {
    let local_as = log.small()?;
    let remote_as = match log.octet()? {
        0 => RemoteAs::External,
        1 => RemoteAs::Internal,
        2 => RemoteAs::Any,
        3 => RemoteAs::Is(log.small()?),
        _ => return None,
    };
    let router_id = <[u8; 4]>::try_from(&*log.octets(4)?).ok()?.into();
    // In the order in which they are written.
    Some(SessionConfig {
        local_as,
        remote_as,
        router_id,
        hold_time: log.duration()?,
        least_hold_time: log.duration()?,
        startup_hold_time: log.duration()?,
        connect_retry_time: log.duration()?,
        connect_delay_time: log.duration()?,
        idle_hold_time: (log.duration()?, log.duration()?),
        error_forget_time: log.duration()?,
        delay_open_time: log.duration()?,
        refresh_time: log.duration()?,
        send_hold_time: log.option(Reader::duration)?,
        keepalive_time: log.option(Reader::duration)?,
        confederation_member: log.flag()?,
        allow_local_pref: log.flag()?,
        allow_aigp: log.flag()?,
        damp_peer_oscillations: log.flag()?,
        automatic_start: log.flag()?,
        passive: log.flag()?,
        unnumbered: log.flag()?,
        extended_message: log.flag()?,
        route_refresh: log.flag()?,
        enhanced_refresh: log.flag()?,
        four_octet_as: log.flag()?,
        strict_role: log.flag()?,
        capabilities: log.flag()?,
        notification_limit: (log.small()?, log.duration()?),
        families: several(log, read_family)?,
        role: log.option(|log| Some(Role(log.octet()?)))?,
        graceful_restart: log.option(read_restart)?,
        long_lived: log.option(|log| Some((log.duration()?, log.duration()?)))?,
        filter_limit: log.small()?,
        required: several(log, |log| Some(CapabilityCode(log.octet()?)))?,
        other_capabilities: Capabilities::from_bytes(&log.bytes()?)?,
    })
}

pub(super) fn several<T>(
    log: &mut Reader,
    read: impl Fn(&mut Reader) -> Option<T>,
) -> Option<Vec<T>> {
    let count: usize = log.small()?;
    (0..count).map(|_| read(log)).collect()
}

fn read_family(log: &mut Reader) -> Option<FamilyConfig> {
    Some(FamilyConfig {
        family: log.family()?,
        extended_next_hop: log.flag()?,
        required: log.flag()?,
        add_path: log.option(|log| Some(AddPathDirection(log.octet()?)))?,
        paths_limit: log.option(Reader::small)?,
        filters: log.option(|log| Some(OrfDirection(log.octet()?)))?,
        forwarding: log.option(|log| {
            Some(if log.flag()? { Forwarding::Preserved } else { Forwarding::Lost })
        })?,
        long_lived_stale_time: log.option(Reader::duration)?,
    })
}

fn read_restart(log: &mut Reader) -> Option<RestartConfig> {
    Some(RestartConfig {
        restart_time: log.duration()?,
        neighbor_restart_time: (log.duration()?, log.duration()?),
        stale_time: log.duration()?,
        notification: log.flag()?,
        hard_reset: log.flag()?,
    })
}
