//! Elsewhere than on Linux: what socket2 cannot do everywhere, is not done.

use std::io;
use std::vec::Vec;

use ipnet::IpNet;
use socket2::SockRef;

use super::options::AoKey;
use super::socket::Ip;

fn missing() -> io::Error {
    io::ErrorKind::Unsupported.into()
}

pub(super) fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}

pub(super) fn set_minimum_ttl(_: &SockRef<'_>, _: Ip, _: u8) -> io::Result<()> {
    Err(missing())
}

pub(super) fn set_traffic_class(_: &SockRef<'_>, _: Ip, _: u8) -> io::Result<()> {
    Err(missing())
}

pub(super) fn device(_: &SockRef<'_>) -> io::Result<Option<Vec<u8>>> {
    Ok(None)
}

pub(super) fn bind_device(_: &SockRef<'_>, _: &str) -> io::Result<()> {
    Err(missing())
}

pub(super) fn set_md5(_: &SockRef<'_>, _: IpNet, _: bool, _: &[u8]) -> io::Result<()> {
    Err(missing())
}

pub(super) fn add_ao(
    _: &SockRef<'_>,
    _: IpNet,
    _: bool,
    _: (&AoKey, &[u8]),
    _: bool,
) -> io::Result<()> {
    Err(missing())
}

pub(super) fn switch_ao(_: &SockRef<'_>, _: &AoKey) -> io::Result<()> {
    Err(missing())
}

pub(super) fn delete_ao(_: &SockRef<'_>, _: IpNet, _: bool, _: &AoKey) -> io::Result<()> {
    Err(missing())
}
