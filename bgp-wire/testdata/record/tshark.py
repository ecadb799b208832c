#!/usr/bin/env python3
"""What tshark makes of BGP messages: a second opinion on a capture.

    tshark.py FILE.bin …            a line of facts for each message, in JSON
    tshark.py --summary FILE.bin …  a line for each file
    tshark.py --pcap OUT FILE.bin   only wraps the messages, for Wireshark

As a module: `facts(messages)` with a list of whole messages (bytes) gives a list of `Facts`.
"""

import dataclasses
import json
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree
from pathlib import Path

import bgp

SEGMENT, PORT = 1400, 179
LINK_TYPE_IPV4 = 228
SOURCE, TARGET = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
WITHDRAWN = {"bgp.withdrawn_prefix", "bgp.mp_unreach_nlri_ipv4_prefix", "bgp.mp_unreach_nlri_ipv6_prefix"}
ANNOUNCED = {"bgp.nlri_prefix", "bgp.mp_reach_nlri_ipv4_prefix", "bgp.mp_reach_nlri_ipv6_prefix"}
SEVERITY = {0x100000: "comment", 0x200000: "chat", 0x400000: "note", 0x600000: "warning", 0x800000: "error"}
# Where other kinds of NLRI stand, and what says whether they are announced.
REACH, UNREACH = "bgp.update.path_attribute.mp_reach_nlri", "bgp.update.path_attribute.mp_unreach_nlri"


@dataclasses.dataclass
class Facts:
    """One message."""
    type: int
    length: int
    withdrawn: list = dataclasses.field(default_factory=list)
    announced: list = dataclasses.field(default_factory=list)
    attributes: list = dataclasses.field(default_factory=list)
    capabilities: list = dataclasses.field(default_factory=list)
    families: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[:len(data) // 2 * 2]))
    total += data[-1] << 8 if len(data) % 2 else 0
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _packet(sequence, number, flags, payload):
    tcp = struct.pack("!HHIIBBHHH", 40000, PORT, sequence, 1, 5 << 4, flags, 65535, 0, 0)
    pseudo = SOURCE + TARGET + struct.pack("!BBH", 0, 6, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack("!H", _checksum(pseudo + tcp + payload)) + tcp[18:] + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), number & 0xFFFF, 0x4000, 64, 6, 0,
                     SOURCE, TARGET)
    return ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:] + tcp


def pcap(messages):
    """A capture file of one direction of a TCP stream; each message starts a segment."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINK_TYPE_IPV4)
    parts = [(2, b"")]
    for one in messages:
        parts += [(0x18, one[at:at + SEGMENT]) for at in range(0, len(one), SEGMENT)]
    sequence = 0
    for number, (flags, payload) in enumerate(parts):
        packet = _packet(sequence, number, flags, payload)
        out += struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet
        sequence += len(payload) + (flags & 2) // 2
    return out


def run(messages, four_octet_as):
    """The PDML of all messages."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(pcap(messages))
        file.flush()
        width = {None: "Auto-detect", False: "2 octet", True: "4 octet"}[four_octet_as]
        options = ["-o", f"bgp.asn_len:{width}", "-o", "tcp.check_checksum:TRUE"]
        done = subprocess.run(["tshark", "-r", file.name, "-T", "pdml", *options],
                              capture_output=True, check=True)
    return tree.fromstring(done.stdout)


def _prefixes(element):
    """(announced?, text) of all prefixes, with their path identifiers."""
    for parent in element.iter():
        for field in parent:
            name = field.get("name")
            if name in WITHDRAWN | ANNOUNCED:
                lengths = [f.get("show") for f in parent if f.get("name", "").endswith("prefix_length")]
                ids = [f.get("show") for f in parent if f.get("name") == "bgp.nlri_path_id"]
                # With labels the length counts them too: then tshark's own words are better.
                text = parent.get("showname") or parent.get("show")
                if "Label" not in text:
                    text = f"{field.get('show')}/{lengths[0] if lengths else '?'}"
                yield name in ANNOUNCED, text + "".join(f"#{one}" for one in ids)


def _others(element):
    """(announced?, text) of NLRI that is no plain prefix: as tshark names it."""
    for place, announced in (REACH, True), (UNREACH, False):
        for parent in element.iter():
            if parent.get("name") == place and not list(_prefixes(parent)):
                for child in parent:
                    if (text := child.get("showname") or child.get("show")):
                        yield announced, text


def _facts(element):
    def shown(name):
        return [f.get("show") for f in element.iter("field") if f.get("name") == name]
    found = Facts(int(shown("bgp.type")[0]), int(shown("bgp.length")[0]))
    for announced, text in [*_prefixes(element), *_others(element)]:
        (found.announced if announced else found.withdrawn).append(text)
    found.attributes = [int(one) for one in shown("bgp.update.path_attribute.type_code")]
    found.capabilities = [int(one) for one in shown("bgp.cap.type")]
    for kind in REACH, UNREACH:
        found.families += [f"{afi}/{safi}" for afi, safi in zip(shown(kind + ".afi"), shown(kind + ".safi"))]
    for field in element.iter("field"):
        if field.get("name") == "_ws.expert":
            parts = {f.get("name"): f.get("show") for f in field}
            severity = SEVERITY.get(int(parts["_ws.expert.severity"], 0), "?")
            found.problems.append(f"{severity}: {parts['_ws.expert.message']}")
    return found


def facts(messages, four_octet_as=None):
    """Facts of each message; without `four_octet_as` tshark guesses the width of AS numbers."""
    found = []
    for packet in run(messages, four_octet_as).iter("packet"):
        for proto in packet.iter("proto"):
            if proto.get("name") == "bgp":
                found.append(_facts(proto))
            elif proto.get("name") == "_ws.malformed" and found:
                found[-1].problems.append("malformed")
    return found


def main(words):
    if words[:1] == ["--pcap"]:
        Path(words[1]).write_bytes(pcap(bgp.frames(Path(words[2]).read_bytes())[0]))
        return 0
    summary = words[:1] == ["--summary"]
    for name in words[summary:]:
        messages, taken = bgp.frames(Path(name).read_bytes())
        found = facts(messages, False if "two_octet_as" in name else None)
        agree = len(found) == len(messages)
        if not summary:
            print(f"# {name}" + ("" if agree else f": {len(messages)} messages"))
            for one in found:
                print(json.dumps(dataclasses.asdict(one)))
            continue
        attributes = sorted({code for one in found for code in one.attributes})
        families = sorted({family for one in found for family in one.families})
        problems = sorted({problem for one in found for problem in one.problems})
        types = [one.type for one in found]
        print(f"{name}: {len(messages)} messages" + ("" if agree else f", tshark sees {len(found)}")
              + f" ({', '.join(f'{types.count(k)} of type {k}' for k in sorted(set(types)))});"
              f" families {' '.join(families) or '-'}; attributes {' '.join(map(str, attributes))}; "
              + ("; ".join(problems) or "no complaint"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
