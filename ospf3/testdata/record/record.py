#!/usr/bin/env python3
"""Records what OSPFv3 daemons say to each other, in network namespaces of its own; needs root.

    record.py [SCENARIO…]      all without arguments; writes ../SCENARIO.pcap

A file holds the IPv6 packets (link type 229) of the links that a scenario names, in order. Packets that a router repeats word
by word are left out but for the first, and so are Hellos with an Authentication Trailer after the third: nothing else is changed.
BIRD 2.17 is taken from $PEERS_ROOT, a Debian 13 in a folder.
"""

import contextlib
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scenarios import SCENARIOS

HERE = Path(__file__).resolve().parent
HELLO, OSPF = 1, 89


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, **options)


class Network:
    """The namespaces of a scenario and what runs in them."""

    def __init__(self, name, scenario, folder):
        self.name, self.scenario, self.folder = f"o{os.getpid()}", scenario, Path(folder)
        self.running, self.namespaces = [], []

    def namespace(self, node):
        return f"{self.name}-{node}"

    def ip(self, node, *words):
        run("ip", "-n", self.namespace(node), *words)

    def build(self):
        for node in ["switch", *self.scenario.routers]:
            run("ip", "netns", "add", self.namespace(node))
            self.namespaces.append(self.namespace(node))
            self.ip(node, "link", "set", "lo", "up")
        for link, routers in self.scenario.links.items():
            self.ip("switch", "link", "add", link, "type", "bridge", "mcast_snooping", "0")
            self.ip("switch", "link", "set", link, "up")
            for router in routers:
                port = f"{link}-{router}"
                run("ip", "link", "add", port, "netns", self.namespace("switch"), "type", "veth",
                    "peer", "name", link, "netns", self.namespace(router))
                self.ip("switch", "link", "set", port, "master", link, "up")
                self.ip(router, "link", "set", link, "up")
        for node, router in self.scenario.routers.items():
            for interface, address in router.addresses.items():
                if interface not in self.scenario.links:
                    # A cable with both ends here.
                    self.ip(node, "link", "add", interface, "type", "veth", "peer", "name", f"{interface}-end")
                    self.ip(node, "link", "set", interface, "up")
                    self.ip(node, "link", "set", f"{interface}-end", "up")
                nodad = ["nodad"] if ":" in address else []
                self.ip(node, "address", "add", address, "dev", interface, *nodad)

    def start(self, node, *words):
        """Runs a command on a node until the end."""
        log = open(self.folder / f"{node}-{Path(str(words[0])).name}.log", "ab")
        inside = ["ip", "netns", "exec", self.namespace(node), *map(str, words)]
        self.running.append(subprocess.Popen(inside, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                             cwd=self.folder))

    def record(self):
        for link in self.scenario.record:
            self.start("switch", "dumpcap", "-q", "-i", link, "-f", "ip6 proto 89", "-P",
                       "-w", self.folder / f"{link}.pcap")
            wait_for(self.folder / f"{link}.pcap")

    def daemons(self):
        for node, router in self.scenario.routers.items():
            home = self.folder / node
            home.mkdir()
            (home / "conf").write_text(router.conf)
            if router.program == "frr":
                lines = router.conf.splitlines(keepends=True)
                routes = [line for line in lines if line.startswith("ipv6 route")]
                (home / "zebra.conf").write_text("log stdout\n" + "".join(routes))
                (home / "ospf6d.conf").write_text("".join(line for line in lines if line not in routes))
                for path in (home, *home.iterdir()):
                    shutil.chown(path, "frr")
                for daemon, ready in ("zebra", "zserv.api"), ("staticd", "staticd.vty"), ("ospf6d", "ospf6d.vty"):
                    conf = home / ("zebra.conf" if daemon != "ospf6d" else "ospf6d.conf")
                    self.start(node, f"/usr/lib/frr/{daemon}", "-f", conf, "--vty_socket", home,
                               "-z", home / "zserv.api", "-i", home / f"{daemon}.pid", "--log", "stdout")
                    wait_for(home / ready)
            else:
                words = ["bird", "-f", "-c", home / "conf", "-s", home / "ctl", "-P", home / "pid"]
                if router.program == "bird217":
                    root = os.environ["PEERS_ROOT"]
                    loader = f"{root}/lib64/ld-linux-x86-64.so.2"
                    libraries = f"{root}/usr/lib/x86_64-linux-gnu:{root}/lib/x86_64-linux-gnu"
                    words = [loader, "--library-path", libraries, f"{root}/usr/sbin/bird", *words[1:]]
                self.start(node, *words)
                wait_for(home / "ctl")

    def tell(self, node, command):
        home = self.folder / node
        if self.scenario.routers[node].program == "frr":
            run("vtysh", "--vty_socket", home, "-d", "ospf6d", "-c", command)
        else:
            run("birdc", "-s", home / "ctl", *command.split(), stdout=subprocess.DEVNULL)

    def show(self):
        for node, router in self.scenario.routers.items():
            home = self.folder / node
            if router.program == "frr":
                words = ["vtysh", "--vty_socket", home, "-d", "ospf6d", "-c", "show ipv6 ospf6 neighbor"]
            else:
                words = ["birdc", "-s", home / "ctl", "show", "ospf", "neighbors"]
            print(f"-- {node}", flush=True)
            # One may have been told to end.
            subprocess.run(words)

    def end(self):
        for process in reversed(self.running):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self.running:
            process.wait()
        for namespace in self.namespaces:
            run("ip", "netns", "del", namespace)


def wait_for(path):
    deadline = time.monotonic() + 10
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.05)


def packets(path):
    """The IPv6 packets of a capture of Ethernet, with their times."""
    data, at = path.read_bytes(), 24
    while at + 16 <= len(data):
        seconds, fraction, length, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + length]
        at += 16 + length
        if frame[12:14] == b"\x86\xdd" and frame[14 + 6] == OSPF:
            payload_length = struct.unpack_from(">H", frame, 14 + 4)[0]
            yield (seconds, fraction), frame[14:14 + 40 + payload_length]


def chosen(found):
    """Without repetitions."""
    seen, hellos = set(), {}
    for packet in found:
        source, ospf = packet[8:24], packet[40:]
        authenticated = len(ospf) > struct.unpack_from(">H", ospf, 2)[0]
        if packet in seen:
            continue
        if ospf[1] == HELLO and authenticated:
            hellos[source] = hellos.get(source, 0) + 1
            if hellos[source] > 3:
                continue
        seen.add(packet)
        yield packet


def write(path, found):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 229))
        for packet in found:
            out.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)


def record(name):
    scenario = SCENARIOS[name]
    with tempfile.TemporaryDirectory(prefix="ospf-") as folder:
        os.chmod(folder, 0o755)
        network = Network(name, scenario, folder)
        try:
            network.build()
            network.record()
            network.daemons()
            began = time.monotonic()
            for after, node, command in (*scenario.steps, (scenario.seconds, None, None)):
                time.sleep(max(0, began + after - time.monotonic()))
                if node:
                    network.tell(node, command)
            network.show()
        finally:
            network.end()
            if "KEEP" in os.environ:
                shutil.copytree(folder, Path(os.environ["KEEP"]) / name, dirs_exist_ok=True,
                                ignore=lambda _, names: [n for n in names if n in ("ctl", "zserv.api") or n.endswith(".vty")])
        timed = sorted(found for link in scenario.record for found in packets(Path(folder) / f"{link}.pcap"))
        kept = list(chosen(packet for _, packet in timed))
        write(HERE.parent / f"{name}.pcap", kept)
        print(f"{name}: {len(kept)} of {len(timed)} packets", flush=True)


if __name__ == "__main__":
    for asked in sys.argv[1:] or SCENARIOS:
        record(asked)
