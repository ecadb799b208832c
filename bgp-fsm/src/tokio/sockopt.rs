//! The socket options of Linux that `socket2` does not have. All unsafe code of the workspace is in this file.

#![expect(unsafe_code, reason = "the standard library has no setsockopt")]

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::vec::Vec;

use ipnet::IpNet;
use libc::c_int;
use socket2::SockRef;

use super::options::AoKey;
use super::socket::Ip;

/// `include/uapi/linux/tcp.h`; libc does not have these yet.
const TCP_AO_ADD_KEY: c_int = 38;
const TCP_AO_DEL_KEY: c_int = 39;
const TCP_AO_INFO: c_int = 40;
const TCP_MD5SIG_FLAG_PREFIX: u8 = 1;
const LONGEST_KEY: usize = 80;
/// The MACs of RFC 5926 have 96 bits.
const MAC_LENGTH: u8 = 12;

/// A value as the kernel reads it.
///
/// # Safety
/// It is `repr(C)` and has no padding: each of its bytes has been written, so the kernel may read them.
unsafe trait Plain: Copy {}

// SAFETY: an integer has no padding.
unsafe impl Plain for c_int {}

/// `struct sockaddr_storage`, with an address and no port.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Storage([u8; 128]);

impl Storage {
    /// `wide`: on a socket of IPv6, where an IPv4 address is a mapped one.
    fn new(address: IpAddr, wide: bool) -> Self {
        let mut storage = [0; 128];
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(space) = storage.get_mut(at..at + bytes.len()) {
                space.copy_from_slice(bytes);
            }
        };
        match address {
            IpAddr::V4(address) if !wide => {
                put(0, &(libc::AF_INET as libc::sa_family_t).to_ne_bytes());
                put(4, &address.octets());
            }
            address => {
                let octets = match address {
                    IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
                    IpAddr::V6(address) => address.octets(),
                };
                put(0, &(libc::AF_INET6 as libc::sa_family_t).to_ne_bytes());
                put(8, &octets);
            }
        }
        Self(storage)
    }
}

/// `struct tcp_md5sig`
#[derive(Clone, Copy)]
#[repr(C)]
struct Md5 {
    address: Storage,
    flags: u8,
    prefix_length: u8,
    key_length: u16,
    interface: c_int,
    key: [u8; LONGEST_KEY],
}

// SAFETY: no padding, since the fields fill it (below).
unsafe impl Plain for Md5 {}
const _: () = assert!(size_of::<Md5>() == 128 + 1 + 1 + 2 + 4 + LONGEST_KEY);

/// `struct tcp_ao_add`
#[derive(Clone, Copy)]
#[repr(C)]
struct AoAdd {
    address: Storage,
    algorithm: [u8; 64],
    interface: i32,
    flags: u32,
    reserved: u16,
    prefix_length: u8,
    send_id: u8,
    receive_id: u8,
    mac_length: u8,
    key_flags: u8,
    key_length: u8,
    key: [u8; LONGEST_KEY],
}

// SAFETY: no padding, since the fields fill it (below).
unsafe impl Plain for AoAdd {}
const _: () = assert!(size_of::<AoAdd>() == 128 + 64 + 4 + 4 + 2 + 6 + LONGEST_KEY);

/// `struct tcp_ao_del`
#[derive(Clone, Copy)]
#[repr(C)]
struct AoDelete {
    address: Storage,
    interface: i32,
    flags: u32,
    reserved: u16,
    prefix_length: u8,
    send_id: u8,
    receive_id: u8,
    current_key: u8,
    receive_next: u8,
    key_flags: u8,
}

// SAFETY: no padding, since the fields fill it (below).
unsafe impl Plain for AoDelete {}
const _: () = assert!(size_of::<AoDelete>() == 128 + 4 + 4 + 2 + 6);

/// `struct tcp_ao_info_opt`
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct AoInfo {
    flags: u32,
    reserved: u16,
    current_key: u8,
    receive_next: u8,
    counters: [u64; 5],
}

// SAFETY: no padding, since the fields fill it (below).
unsafe impl Plain for AoInfo {}
const _: () = assert!(size_of::<AoInfo>() == 4 + 2 + 2 + 5 * 8);

/// A bit field of C: the first bit is the lowest of a word, or the highest.
const fn bit(number: u32) -> u32 {
    if cfg!(target_endian = "big") { 1 << (31 - number) } else { 1 << number }
}

fn set<T: Plain>(fd: RawFd, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    // SAFETY: the kernel reads `length` bytes, all of them written (`Plain`), and keeps no pointer. A wrong
    // `fd` is an error of its own.
    let result = unsafe { libc::setsockopt(fd, level, name, (&raw const *value).cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether an error of setsockopt says that the kernel does not have the option.
pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOPROTOOPT | libc::EOPNOTSUPP))
}

const fn minimum_ttl_of(ip: Ip) -> (c_int, c_int) {
    match ip {
        Ip::V4 => (libc::IPPROTO_IP, libc::IP_MINTTL),
        Ip::V6 => (libc::IPPROTO_IPV6, libc::IPV6_MINHOPCOUNT),
    }
}

/// What comes with less is dropped (RFC 5082).
pub(super) fn set_minimum_ttl(socket: &SockRef<'_>, ip: Ip, ttl: u8) -> io::Result<()> {
    let (level, name) = minimum_ttl_of(ip);
    set(socket.as_raw_fd(), level, name, &c_int::from(ttl))
}

#[cfg(test)]
pub(super) fn minimum_ttl(socket: &SockRef<'_>, ip: Ip) -> io::Result<c_int> {
    let (level, name) = minimum_ttl_of(ip);
    let (mut value, mut length) = (0, size_of::<c_int>() as libc::socklen_t);
    let (fd, to) = (socket.as_raw_fd(), (&raw mut value).cast());
    // SAFETY: the kernel writes at most `length` bytes to `value`, which has as many, and keeps no pointer.
    let result = unsafe { libc::getsockopt(fd, level, name, to, &raw mut length) };
    if result == 0 { Ok(value) } else { Err(io::Error::last_os_error()) }
}

/// The former "type of service", or the traffic class.
pub(super) fn set_traffic_class(socket: &SockRef<'_>, ip: Ip, class: u8) -> io::Result<()> {
    match ip {
        Ip::V4 => socket.set_tos_v4(class.into()),
        Ip::V6 => socket.set_tclass_v6(class.into()),
    }
}

/// The interface that the socket is bound to, by itself or because of a link-local address.
pub(super) fn device(socket: &SockRef<'_>) -> io::Result<Option<Vec<u8>>> {
    socket.device()
}

pub(super) fn bind_device(socket: &SockRef<'_>, device: &str) -> io::Result<()> {
    // The kernel would cut a longer name off, and take another interface for it.
    if !(1..libc::IFNAMSIZ).contains(&device.len()) {
        return Err(io::Error::from_raw_os_error(libc::ENODEV));
    }
    socket.bind_device(Some(device.as_bytes()))
}

/// Sets the key of all neighbours in `range`; an empty one removes it. `wide`: the socket is one of IPv6.
pub(super) fn set_md5(
    socket: &SockRef<'_>,
    range: IpNet,
    wide: bool,
    key: &[u8],
) -> io::Result<()> {
    let single = range.prefix_len() == range.max_prefix_len();
    let mut value = Md5 {
        address: Storage::new(range.network(), wide),
        flags: if single { 0 } else { TCP_MD5SIG_FLAG_PREFIX },
        prefix_length: range.prefix_len(),
        key_length: 0,
        interface: 0,
        key: [0; LONGEST_KEY],
    };
    value.key_length = put(&mut value.key, key)?.into();
    // The older option works on kernels before 4.13 too, but for single addresses only.
    let name = if single { libc::TCP_MD5SIG } else { libc::TCP_MD5SIG_EXT };
    set(socket.as_raw_fd(), libc::IPPROTO_TCP, name, &value)
}

/// Adds a key for all neighbours in `range`. `first`: it is the one to begin with; not on a listening socket.
pub(super) fn add_ao(
    socket: &SockRef<'_>,
    range: IpNet,
    wide: bool,
    key: (&AoKey, &[u8]),
    first: bool,
) -> io::Result<()> {
    let (key, secret) = key;
    // set_current, set_rnext
    let flags = if first { bit(0) | bit(1) } else { 0 };
    let mut value = AoAdd {
        address: Storage::new(range.network(), wide),
        algorithm: [0; 64],
        interface: 0,
        flags,
        reserved: 0,
        prefix_length: range.prefix_len(),
        send_id: key.send_id,
        receive_id: key.receive_id,
        mac_length: MAC_LENGTH,
        key_flags: 0,
        key_length: 0,
        key: [0; LONGEST_KEY],
    };
    put(&mut value.algorithm, key.algorithm.name())?;
    value.key_length = put(&mut value.key, secret)?;
    set(socket.as_raw_fd(), libc::IPPROTO_TCP, TCP_AO_ADD_KEY, &value)
}

/// Signs with `key` from now on, and asks the neighbour to do so; not on a listening socket.
pub(super) fn switch_ao(socket: &SockRef<'_>, key: &AoKey) -> io::Result<()> {
    let value = AoInfo {
        // set_current, set_rnext
        flags: bit(0) | bit(1),
        reserved: 0,
        current_key: key.send_id,
        receive_next: key.receive_id,
        counters: [0; 5],
    };
    set(socket.as_raw_fd(), libc::IPPROTO_TCP, TCP_AO_INFO, &value)
}

/// Removes a key; one that a connection uses cannot be removed (EBUSY).
pub(super) fn delete_ao(
    socket: &SockRef<'_>,
    range: IpNet,
    wide: bool,
    key: &AoKey,
) -> io::Result<()> {
    let value = AoDelete {
        address: Storage::new(range.network(), wide),
        interface: 0,
        flags: 0,
        reserved: 0,
        prefix_length: range.prefix_len(),
        send_id: key.send_id,
        receive_id: key.receive_id,
        current_key: 0,
        receive_next: 0,
        key_flags: 0,
    };
    set(socket.as_raw_fd(), libc::IPPROTO_TCP, TCP_AO_DEL_KEY, &value)
}

/// Copies `bytes` to the front, and tells their number.
fn put(space: &mut [u8], bytes: &[u8]) -> io::Result<u8> {
    let front = space.get_mut(..bytes.len()).ok_or(io::ErrorKind::InvalidInput)?;
    front.copy_from_slice(bytes);
    u8::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput.into())
}
