//! Capture files of IPv6 packets (link type 229), as `testdata/record/record.py` writes them.

use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
const IPV6_HEADER: usize = 40;
const LINK_TYPE_IPV6: u32 = 229;

/// What one IPv6 packet held.
#[derive(Debug, Clone)]
pub(crate) struct Captured {
    pub(crate) source: Ipv6Addr,
    pub(crate) destination: Ipv6Addr,
    pub(crate) data: Vec<u8>,
}

/// The captures in testdata, in the order of their names.
pub(crate) fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut paths =
        paths.filter(|path| path.extension().is_some_and(|end| end == "pcap")).collect::<Vec<_>>();
    paths.sort();
    paths
}

pub(crate) fn name(path: &Path) -> &str {
    path.file_stem().and_then(|name| name.to_str()).expect("a name")
}

fn word(data: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(data[at..at + 4].try_into().expect("four octets"))
}

fn address(data: &[u8], at: usize) -> Ipv6Addr {
    let octets: [u8; 16] = data[at..at + 16].try_into().expect("16 octets");
    octets.into()
}

pub(crate) fn read(path: &Path) -> Vec<Captured> {
    let file = std::fs::read(path).expect("a readable file");
    assert_eq!(word(&file, 0), 0xa1b2_c3d4, "a capture of this byte order");
    assert_eq!(word(&file, 20), LINK_TYPE_IPV6);
    let (mut at, mut packets) = (FILE_HEADER, Vec::new());
    while at < file.len() {
        let length = word(&file, at + 8) as usize;
        let packet = &file[at + RECORD_HEADER..at + RECORD_HEADER + length];
        packets.push(Captured {
            source: address(packet, 8),
            destination: address(packet, 24),
            data: packet[IPV6_HEADER..].to_vec(),
        });
        at += RECORD_HEADER + length;
    }
    packets
}
