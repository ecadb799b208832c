"""The networks that are recorded: their routers, what each is configured to do, and what happens."""

from dataclasses import dataclass, field


@dataclass
class Router:
    """One router. `program`: `bird`, `frr`, or `bird217`, which is a newer one out of a folder of its own."""

    program: str
    conf: str
    addresses: dict = field(default_factory=dict)


@dataclass
class Scenario:
    """A network. A link is two or more routers; their interfaces are named as the link."""

    about: str
    routers: dict
    links: dict
    # Where packets are recorded: names of links.
    record: tuple
    # After how many seconds which router is told what (`birdc` or `vtysh` commands).
    steps: tuple = ()
    seconds: int = 25


TIMERS = "hello 1; dead 4; retransmit 2;"


def bird(last, areas, statics="", export="", channel="ipv6", extra=""):
    """BIRD with the router ID 192.0.2.LAST; `areas` are the areas' blocks."""
    static = f"protocol static statics {{ {channel}; {statics} }}" if statics else ""
    chosen = f"export filter {{ {export} }};" if export else ""
    return f"""router id 192.0.2.{last};
log stderr all;
protocol device {{}}
protocol kernel {{ {channel} {{ import none; export none; }}; }}
{static}
protocol ospf v3 main {{
{extra}
{channel} {{ import all; {chosen} }};
{areas}
}}
"""


def area(number, interfaces, options=""):
    return f"area {number} {{ {options} {interfaces} }};"


def on(link, options=""):
    return f'interface "{link}" {{ {TIMERS} {options} }};'


def frr(last, interfaces, router="", extra=""):
    """FRR with the router ID 192.0.2.LAST; `interfaces` are (name, area, further lines)."""
    lines = ["log stdout", extra]
    for name, number, further in interfaces:
        lines += [f"interface {name}", f" ipv6 ospf6 area {number}", " ipv6 ospf6 hello-interval 1",
                  " ipv6 ospf6 dead-interval 4", " ipv6 ospf6 retransmit-interval 2", *further, "exit"]
    lines += ["router ospf6", f" ospf6 router-id 192.0.2.{last}", router, "exit", ""]
    return "\n".join(lines)


EXTERNALS = """
    route 2001:db8:e1::/48 blackhole;
    route 2001:db8:e2::/47 blackhole;
    route ::/0 blackhole;"""
EXPORT = """
    if source != RTS_STATIC then reject;
    if net = 2001:db8:e1::/48 then { ospf_metric1 = 7; ospf_tag = 1234567; }
    else ospf_metric2 = 9;
    accept;"""
PTP, BROADCAST = "type ptp;", "type broadcast;"
FRR_PTP = [" ipv6 ospf6 network point-to-point"]


def address(number):
    return f"2001:db8:{number}::1/64"


SCENARIOS = {
    "broadcast": Scenario(
        "a broadcast link with three routers; BIRD is Designated Router and Backup, FRR neither; externals of both "
        "types, of which one is withdrawn",
        {
            "a": Router("bird", bird(1, area(0, on("lan", BROADCAST + "priority 9; cost 5;") + on("stub", "stub;")),
                                     EXTERNALS, EXPORT), {"stub": address(1), "lan": "2001:db8:0::a/64"}),
            "b": Router("bird", bird(2, area(0, on("lan", BROADCAST + "priority 7;") + on("stub", "stub; cost 3;"))),
                        {"stub": address(2)}),
            "c": Router("frr", frr(3, [("lan", 0, [" ipv6 ospf6 priority 0"]),
                                       ("stub", 0, [" ipv6 ospf6 passive"])]), {"stub": address(3)}),
        },
        {"lan": "abc"}, ("lan",), ((15, "a", "disable statics"),)),
    "designated": Scenario(
        "a broadcast link; FRR is Designated Router, BIRD 2.17 Backup",
        {
            "a": Router("bird217", bird(1, area(0, on("lan", BROADCAST + "priority 3;")), EXTERNALS, EXPORT),
                        {"lan": "2001:db8:0::a/64"}),
            "b": Router("frr", frr(2, [("lan", 0, [" ipv6 ospf6 priority 9"])]), {"lan": "2001:db8:0::b/64"}),
        },
        {"lan": "ab"}, ("lan",)),
    "areas": Scenario(
        "BIRD is area border router, with a range; an AS boundary router in area 1, another of FRR in area 0",
        {
            "a": Router("bird", bird(1, area(1, on("left", PTP) + on("stub", "stub;")), EXTERNALS, EXPORT),
                        {"stub": address("11")}),
            "b": Router("bird", bird(2, area(1, on("left", PTP), "networks { 2001:db8:10::/44; };")
                                     + area(0, on("right", PTP)))),
            "c": Router("frr", frr(3, [("right", 0, FRR_PTP), ("stub", 0, [])],
                                   " redistribute static metric-type 1"), {"stub": address("3")}),
        },
        {"left": "ab", "right": "bc"}, ("left", "right")),
    "areas_frr": Scenario(
        "FRR is area border router; an AS boundary router of BIRD in area 1",
        {
            "a": Router("bird", bird(1, area(1, on("left", PTP) + on("stub", "stub;")), EXTERNALS, EXPORT),
                        {"stub": address("11")}),
            "b": Router("frr", frr(2, [("left", 1, FRR_PTP), ("right", 0, FRR_PTP)])),
            "c": Router("bird217", bird(3, area(0, on("right", PTP) + on("stub", "stub;"))), {"stub": address("3")}),
        },
        {"left": "ab", "right": "bc"}, ("left", "right")),
    "nssa": Scenario(
        "a not-so-stubby area: FRR is AS boundary router there, BIRD translates",
        {
            "a": Router("frr", frr(1, [("left", 1, FRR_PTP), ("stub", 1, [])],
                                   " redistribute static\n area 1 nssa", "ipv6 route 2001:db8:e1::/48 blackhole"),
                        {"stub": address("11"), "left": "2001:db8:9::a/64"}),
            "b": Router("bird", bird(2, area(1, on("left", PTP), "nssa; summary; default nssa; default cost 5;")
                                     + area(0, on("right", PTP))), {"left": "2001:db8:9::b/64"}),
            "c": Router("bird", bird(3, area(0, on("right", PTP)))),
        },
        {"left": "ab", "right": "bc"}, ("left", "right")),
    "nssa_frr": Scenario(
        "a not-so-stubby area: BIRD is AS boundary router there, FRR translates",
        {
            "a": Router("bird", bird(1, area(1, on("left", PTP) + on("stub", "stub;"), "nssa;"), EXTERNALS, EXPORT),
                        {"stub": address("11"), "left": "2001:db8:9::a/64"}),
            "b": Router("frr", frr(2, [("left", 1, FRR_PTP), ("right", 0, FRR_PTP)], " area 1 nssa"),
                        {"left": "2001:db8:9::b/64"}),
            "c": Router("bird", bird(3, area(0, on("right", PTP)))),
        },
        # At first BIRD finds no forwarding address.
        {"left": "ab", "right": "bc"}, ("left", "right"), ((8, "a", "disable statics"), (10, "a", "enable statics"))),
    "stub": Scenario(
        "a stub area of FRR, without summaries; BIRD is its border",
        {
            "a": Router("frr", frr(1, [("left", 1, FRR_PTP), ("stub", 1, [])], " area 1 stub"),
                        {"stub": address("11")}),
            "b": Router("bird217", bird(2, area(1, on("left", PTP), "stub; summary no; default cost 77;")
                                        + area(0, on("right", PTP)))),
            "c": Router("bird", bird(3, area(0, on("right", PTP)), EXTERNALS, EXPORT)),
        },
        {"left": "ab", "right": "bc"}, ("left",)),
    "virtual_link": Scenario(
        "a virtual link of BIRD's through area 1, between b and c; area 2 behind it",
        {
            "a": Router("bird", bird(1, area(0, on("left", PTP) + on("stub", "stub;"))), {"stub": address("1")}),
            "b": Router("bird", bird(2, area(0, on("left", PTP))
                                     + area(1, on("middle", PTP) + f"virtual link 192.0.2.3 {{ {TIMERS} }};")), {"middle": "2001:db8:9::b/64"}),
            "c": Router("bird", bird(3, area(1, on("middle", PTP) + f"virtual link 192.0.2.2 {{ {TIMERS} }};")
                                     + area(2, on("stub", "stub;"))),
                        {"middle": "2001:db8:9::c/64", "stub": address("3")}),
        },
        {"left": "ab", "middle": "bc"}, ("middle",)),
    "grace": Scenario(
        "FRR prepares a graceful restart; FRR and BIRD help",
        {
            "a": Router("frr", frr(1, [("left", 0, FRR_PTP), ("right", 0, FRR_PTP)],
                                   " graceful-restart\n graceful-restart helper enable")),
            "b": Router("frr", frr(2, [("left", 0, FRR_PTP)], " graceful-restart helper enable")),
            "c": Router("bird217", bird(3, area(0, on("right", PTP)), extra="graceful restart aware;")),
        },
        {"left": "ab", "right": "ac"}, ("left", "right"),
        ((12, "a", "graceful-restart prepare ipv6 ospf"),)),
    "restart": Scenario(
        "BIRD restarts gracefully; BIRD helps",
        {
            "a": Router("bird217", bird(1, area(0, on("left", PTP)), extra="graceful restart yes;")),
            "b": Router("bird", bird(2, area(0, on("left", PTP)), extra="graceful restart aware;")),
        },
        {"left": "ab"}, ("left",), ((12, "a", "graceful restart"),)),
    "ipv4": Scenario(
        "IPv4 over IPv6, instance 64: BIRD 2.0.12, with IPv4 addresses on the link",
        {
            "a": Router("bird", bird(1, area(0, on("lan", BROADCAST) + on("stub", "stub;")),
                                     "route 198.51.100.0/24 blackhole; route 0.0.0.0/0 blackhole;",
                                     "if source = RTS_STATIC then { ospf_metric2 = 3; accept; } reject;",
                                     channel="ipv4"), {"lan": "10.0.0.1/24", "stub": "203.0.113.1/25"}),
            "b": Router("bird", bird(2, area(0, on("lan", BROADCAST)), channel="ipv4"), {"lan": "10.0.0.2/24"}),
        },
        {"lan": "ab"}, ("lan",)),
    "ipv4_unnumbered": Scenario(
        "IPv4 over IPv6, instance 64: BIRD 2.17, without IPv4 addresses on the link",
        {
            "a": Router("bird217", bird(1, area(0, on("left", PTP) + on("stub", "stub;")), channel="ipv4"),
                        {"stub": "203.0.113.1/25"}),
            "b": Router("bird217", bird(2, area(0, on("left", PTP) + on("stub", "stub;")), channel="ipv4"),
                        {"stub": "203.0.113.129/25"}),
        },
        {"left": "ab"}, ("left",)),
    "many": Scenario(
        "200 externals: several Database Descriptions, updates as long as the link allows",
        {
            "a": Router("bird", bird(1, area(0, on("left", PTP)),
                                     "".join(f"route 2001:db8:e{n:03x}::/48 blackhole;" for n in range(200)),
                                     "if source = RTS_STATIC then accept; reject;")),
            "b": Router("frr", frr(2, [("left", 0, FRR_PTP)])),
        },
        {"left": "ab"}, ("left",)),
}

KEYS = {
    "sha1": "secret",
    "sha256": "a key of 30 octets 01234567890",
    "sha384": "short",
    "sha512": "a key that is longer than the digest of 64 octets: 0123456789 0123456789",
}
for hash_name, key in KEYS.items():
    key = key.replace(" ", "_")
    password = f'authentication cryptographic; password "{key}" {{ id 3; algorithm hmac {hash_name}; }};'
    SCENARIOS[f"authenticated_{hash_name}"] = Scenario(
        f"HMAC-{hash_name.upper()}, key `{key}`, Security Association 3; BIRD 2.0.12 and 2.17",
        {
            "a": Router("bird", bird(1, area(0, on("left", PTP + password)), EXTERNALS, EXPORT)),
            "b": Router("bird217", bird(2, area(0, on("left", PTP + password)))),
        },
        {"left": "ab"}, ("left",), seconds=15)

# FRR has no other of these hashes unless it is built with OpenSSL; and what it appends to the key is
# the other way round (ospf3::auth::KeyPreparation).
_KEY = KEYS["sha256"].replace(" ", "_")
_CHAIN = f"key chain keys\n key 3\n  key-string {_KEY}\n  cryptographic-algorithm hmac-sha-256\n exit\nexit"
_LEFT = [("left", 0, FRR_PTP + [" ipv6 ospf6 authentication keychain keys"])]
SCENARIOS["authenticated_frr"] = Scenario(
    f"HMAC-SHA256 as FRR 8.4.4 has it, key `{_KEY}`, Security Association 3; FRR on both sides",
    {"a": Router("frr", frr(1, _LEFT, extra=_CHAIN)), "b": Router("frr", frr(2, _LEFT, extra=_CHAIN))},
    {"left": "ab"}, ("left",), seconds=15)
