//! The kernel's interfaces.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::fd::AsRawFd;

use ipnet::IpNet;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, SockaddrLike,
    SockaddrStorage, bind, recv, socket,
};
use router::{Interface, InterfaceEvent};
use tokio::sync::mpsc;

/// Multicast groups of rtnetlink: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR.
const GROUPS: u32 = 0x1 | 0x10 | 0x100;

/// All interfaces with their addresses, as they are now.
pub(crate) fn scan() -> Result<BTreeMap<u32, Interface>, String> {
    let mut found: BTreeMap<u32, Interface> = BTreeMap::new();
    for entry in getifaddrs().map_err(|error| format!("cannot read the interfaces: {error}"))? {
        // An interface that has just vanished.
        let Ok(index) = if_nametoindex(entry.interface_name.as_str()) else { continue };
        let up = entry.flags.contains(InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING);
        let interface = found.entry(index).or_insert_with(|| Interface {
            index,
            name: entry.interface_name.clone(),
            up,
            addresses: Vec::new(),
        });
        let address = entry.address.as_ref().and_then(ip);
        let mask = entry.netmask.as_ref().and_then(ip);
        if let (Some(address), Some(mask)) = (address, mask)
            && let Ok(net) = IpNet::with_netmask(address, mask)
        {
            interface.addresses.push(net);
        }
    }
    for interface in found.values_mut() {
        interface.addresses.sort_unstable();
        interface.addresses.dedup();
    }
    Ok(found)
}

fn ip(storage: &SockaddrStorage) -> Option<IpAddr> {
    match storage.family()? {
        AddressFamily::Inet => storage.as_sockaddr_in().map(|address| IpAddr::V4(address.ip())),
        AddressFamily::Inet6 => storage.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())),
        _ => None,
    }
}

/// What changed from `old` to `new`.
pub(crate) fn changes(
    old: &BTreeMap<u32, Interface>,
    new: &BTreeMap<u32, Interface>,
) -> Vec<InterfaceEvent> {
    let gone = old
        .keys()
        .filter(|index| !new.contains_key(index))
        .map(|index| InterfaceEvent::Removed(*index));
    let changed = new.values().filter(|interface| old.get(&interface.index) != Some(interface));
    gone.chain(changed.cloned().map(InterfaceEvent::Changed)).collect()
}

/// Tells on `changed` whenever the kernel says that an interface or address has changed.
pub(crate) fn watch(changed: mpsc::Sender<()>) -> Result<(), String> {
    let fail = |error: nix::Error| format!("cannot watch the interfaces: {error}");
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )
    .map_err(fail)?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUPS)).map_err(fail)?;
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        // A lost message is as good as one that came: everything is read anew.
        while recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty())
            .is_ok_and(|length| length > 0)
            || nix::Error::last() == nix::Error::ENOBUFS
        {
            if changed.blocking_send(()).is_err() {
                return;
            }
        }
    });
    Ok(())
}
