//! A change of filters in a record: as it was given, also where a message would be too short for it, or would leave
//! out what makes no sense.

use bgp_wire::{
    AddressPrefixChange, AddressPrefixFilter, Orf, OrfMatch, OrfType, OrfUpdate, WhenToRefresh,
};
use bytes::Bytes;
use ipnet::IpNet;

use super::codec::{Reader, Writer};
use super::config::{length, several};

pub(super) fn write(log: &mut Writer, update: &OrfUpdate) {
    let OrfUpdate { when, filters } = update;
    log.octet(when.0);
    log.number(length(filters.len()));
    for orf in filters {
        match orf {
            Orf::AddressPrefix(changes) => {
                log.flag(false);
                log.number(length(changes.len()));
                changes.iter().for_each(|change| write_change(log, change));
            }
            Orf::Other { kind, entries } => write_other(log, *kind, entries),
            // There are none yet.
            other => write_other(log, other.kind(), &Bytes::new()),
        }
    }
}

fn write_other(log: &mut Writer, kind: OrfType, entries: &[u8]) {
    log.flag(true);
    log.octet(kind.0);
    log.bytes(entries);
}

fn write_change(log: &mut Writer, change: &AddressPrefixChange) {
    let (code, filter) = match change {
        AddressPrefixChange::Add(filter) => (0, filter),
        AddressPrefixChange::Remove(filter) => (1, filter),
        AddressPrefixChange::RemoveAll => return log.octet(2),
    };
    let AddressPrefixFilter { sequence, action, prefix, min_length, max_length } = filter;
    log.octet(code);
    log.number(*sequence);
    log.flag(*action == OrfMatch::Deny);
    log.address(prefix.addr());
    log.octets(&[prefix.prefix_len(), *min_length, *max_length]);
}

pub(super) fn read(log: &mut Reader) -> Option<OrfUpdate> {
    let when = WhenToRefresh(log.octet()?);
    let filters = several(log, |log| {
        Some(if log.flag()? {
            Orf::Other { kind: OrfType(log.octet()?), entries: log.bytes()? }
        } else {
            Orf::AddressPrefix(several(log, read_change)?)
        })
    });
    Some(OrfUpdate { when, filters: filters? })
}

fn read_change(log: &mut Reader) -> Option<AddressPrefixChange> {
    Some(match log.octet()? {
        0 => AddressPrefixChange::Add(read_filter(log)?),
        1 => AddressPrefixChange::Remove(read_filter(log)?),
        2 => AddressPrefixChange::RemoveAll,
        _ => return None,
    })
}

fn read_filter(log: &mut Reader) -> Option<AddressPrefixFilter> {
    Some(AddressPrefixFilter {
        sequence: log.small()?,
        action: if log.flag()? { OrfMatch::Deny } else { OrfMatch::Permit },
        prefix: IpNet::new(log.address()?, log.octet()?).ok()?,
        min_length: log.octet()?,
        max_length: log.octet()?,
    })
}
