//! A capture file (pcap) with TCP streams to the BGP port, one direction only.

const BGP: u16 = 179;
/// LINKTYPE_IPV4: packets begin with the IP header.
const LINK_TYPE: u32 = 228;
/// Octets of payload in a segment, as on an Ethernet: longer messages have to be reassembled.
const SEGMENT: usize = 1400;
const SOURCE: [u8; 4] = [192, 0, 2, 1];
const TARGET: [u8; 4] = [192, 0, 2, 2];
const SYN: u8 = 0x02;
const PUSH_ACK: u8 = 0x18;

/// The file; stream `n` of tshark carries the `n`-th of `streams`.
pub(crate) fn file<'a>(streams: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 0xffff, LINK_TYPE] {
        out.extend(u32::to_le_bytes(word));
    }
    for (port, bytes) in (10_000..).zip(streams) {
        // The SYN takes a sequence number.
        record(&mut out, &packet(port, 0, SYN, &[]));
        let mut sequence = 1;
        for payload in bytes.chunks(SEGMENT) {
            record(&mut out, &packet(port, sequence, PUSH_ACK, payload));
            sequence += u32::try_from(payload.len()).expect("short");
        }
    }
    out
}

fn record(out: &mut Vec<u8>, packet: &[u8]) {
    let length = u32::try_from(packet.len()).expect("short");
    for word in [0, 0, length, length] {
        out.extend(u32::to_le_bytes(word));
    }
    out.extend(packet);
}

/// An IPv4 packet with a TCP segment.
fn packet(port: u16, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut tcp = Vec::new();
    tcp.extend(port.to_be_bytes());
    tcp.extend(BGP.to_be_bytes());
    tcp.extend(sequence.to_be_bytes());
    tcp.extend(u32::from(flags != SYN).to_be_bytes());
    // Header length, flags, window, checksum, urgent pointer.
    tcp.extend([5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend(payload);
    let length = u16::try_from(tcp.len()).expect("short");
    let mut pseudo = [SOURCE, TARGET].concat();
    pseudo.extend([0, 6]);
    pseudo.extend(length.to_be_bytes());
    pseudo.extend(&tcp);
    tcp[16..18].copy_from_slice(&checksum(&pseudo).to_be_bytes());

    let mut ip = vec![0x45, 0];
    ip.extend((20 + length).to_be_bytes());
    // Identification, "don't fragment", time to live, TCP, checksum.
    ip.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    ip.extend([SOURCE, TARGET].concat());
    let sum = checksum(&ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    ip.extend(tcp);
    ip
}

/// RFC 1071
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        rest => u32::from(rest[0]) << 8,
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("folded")
}
