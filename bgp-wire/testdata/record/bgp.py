"""The little BGP the collector has to speak: framing, its OPEN, and the few messages it sends."""

import ipaddress
import struct

OPEN, UPDATE, NOTIFICATION, KEEPALIVE, ROUTE_REFRESH = 1, 2, 3, 4, 5
HEADER = 19

# (AFI, SAFI) by the names the `#:` lines use.
FAMILIES = {
    "ipv4-unicast": (1, 1), "ipv6-unicast": (2, 1),
    "ipv4-multicast": (1, 2), "ipv6-multicast": (2, 2),
    "ipv4-labelled": (1, 4), "ipv6-labelled": (2, 4),
    "ipv4-encap": (1, 7), "ipv6-encap": (2, 7),
    "vpls": (25, 65), "evpn": (25, 70), "link-state": (16388, 71),
    "ipv4-sr-policy": (1, 73), "ipv6-sr-policy": (2, 73),
    "ipv4-mup": (1, 85), "ipv6-mup": (2, 85),
    "ipv4-vpn": (1, 128), "ipv6-vpn": (2, 128),
    "ipv4-vpn-multicast": (1, 129), "ipv6-vpn-multicast": (2, 129),
    "route-target": (1, 132),
    "ipv4-flow": (1, 133), "ipv6-flow": (2, 133),
    "ipv4-flow-vpn": (1, 134), "ipv6-flow-vpn": (2, 134), "l2vpn-flow": (25, 134),
}
ROLES = {"provider": 0, "rs-server": 1, "rs-client": 2, "customer": 3, "peer": 4}


def message(kind, body=b""):
    """One whole message."""
    return b"\xff" * 16 + struct.pack("!HB", HEADER + len(body), kind) + body


def frames(buffer):
    """The whole messages at the start of `buffer`, and how many octets they take."""
    found, place = [], 0
    while len(buffer) - place >= HEADER:
        length = struct.unpack_from("!H", buffer, place + 16)[0]
        if length < HEADER:
            raise ValueError(f"a message of {length} octets")
        if len(buffer) - place < length:
            break
        found.append(bytes(buffer[place:place + length]))
        place += length
    return found, place


def _capability(code, value=b""):
    return bytes([code, len(value)]) + value


def open_message(offer, asn, identifier, role):
    """An OPEN with what `offer` (see recipe.py) wants to be there."""
    families = [FAMILIES[name] for name in offer.families]
    triples = b"".join(struct.pack("!HB", *family) for family in families)
    capabilities = [_capability(1, struct.pack("!HBB", afi, 0, safi)) for afi, safi in families]
    possible = {
        "route-refresh": lambda: _capability(2),
        "enhanced-refresh": lambda: _capability(70),
        "extended-message": lambda: _capability(6),
        "four-octet-as": lambda: _capability(65, struct.pack("!I", asn)),
        "extended-next-hop": lambda: _capability(5, b"".join(
            struct.pack("!HHH", afi, safi, 2) for afi, safi in families if afi == 1)),
        "graceful-restart": lambda: _capability(64, struct.pack("!H", 0x4000 | offer.restart_time) + b"".join(
            struct.pack("!HBB", afi, safi, 0x80) for afi, safi in families)),
        "long-lived": lambda: _capability(71, b"".join(
            struct.pack("!HBB", afi, safi, 0x80) + (3600).to_bytes(3, "big")
            for afi, safi in families)),
        "add-path": lambda: _capability(69, b"".join(
            triples[i:i + 3] + b"\x03" for i in range(0, len(triples), 3))),
        "fqdn": lambda: _capability(73, b"\x09collector\x0bexample.net"),
        "software-version": lambda: _capability(75, b"\x09collector"),
    }
    if not any(afi == 1 for afi, _ in families):
        del possible["extended-next-hop"]  # FRR ends the session over an empty one
    capabilities += [possible[name]() for name in possible if name in offer.capabilities]
    if role:
        capabilities.append(_capability(9, bytes([ROLES[role]])))
    # Each in a parameter of its own: some daemons still want it so.
    parameters = b"".join(bytes([2, len(one)]) + one for one in capabilities)
    if len(parameters) > 255:
        raise ValueError("too many capabilities for one OPEN: name fewer families")
    my_as = asn if asn < 65536 else 23456
    fixed = struct.pack("!BHH", 4, my_as, 90) + ipaddress.IPv4Address(identifier).packed
    return message(OPEN, fixed + bytes([len(parameters)]) + parameters)


def families_of(open_frame):
    """The names of the families an OPEN offers."""
    found, parameters = [], open_frame[HEADER + 10:]
    while parameters:
        kind, length = parameters[:2]
        capabilities, parameters = parameters[2:2 + length], parameters[2 + length:]
        while kind == 2 and capabilities:
            code, length = capabilities[:2]
            if code == 1:
                found.append(struct.unpack("!HxB", capabilities[2:6]))
            capabilities = capabilities[2 + length:]
    return [name for name, family in FAMILIES.items() if family in (found or [(1, 1)])]


def keepalive():
    return message(KEEPALIVE)


def notification(code, subcode, data=b""):
    return message(NOTIFICATION, bytes([code, subcode]) + data)


def route_refresh(family, subtype=0):
    afi, safi = FAMILIES[family]
    return message(ROUTE_REFRESH, struct.pack("!HBB", afi, subtype, safi))


def end_of_rib(family):
    afi, safi = FAMILIES[family]
    if (afi, safi) == (1, 1):
        return message(UPDATE, bytes(4))
    return message(UPDATE, struct.pack("!HHBBBHB", 0, 6, 0x80, 15, 3, afi, safi))


def update(prefixes, attributes):
    """IPv4 routes, if any, with `attributes` as they are given, NEXT_HOP among them."""
    nlri = b""
    for text in prefixes:
        net = ipaddress.ip_network(text)
        nlri += bytes([net.prefixlen]) + net.network_address.packed[:(net.prefixlen + 7) // 8]
    body = struct.pack("!HH", 0, len(attributes)) + attributes + nlri
    return message(UPDATE, body)
