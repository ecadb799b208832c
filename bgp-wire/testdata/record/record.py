#!/usr/bin/env python3
"""Records what a real daemon sends in one BGP session.

    record.py DAEMON SESSION    reads ../DAEMON/SESSION.conf, writes ../DAEMON/SESSION.bin
    record.py DAEMON            … for each of its configurations
    record.py --keep …          also prints the daemon's log

Needs root and the daemon itself: see ../README.md. Everything happens in namespaces of its own (network, host name,
mounts, processes), which vanish with the program: so does whatever it started.

What the collector offers and what happens in the session stands in the `#:` lines of the configuration:
see recipe.py.
"""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile

from pathlib import Path

import bgp
import recipe
from collector import Collector
from daemons import DAEMONS

TESTDATA = Path(__file__).resolve().parent.parent
NAMESPACE, DEADLINE, QUIET = "daemon", 60, 4
INSIDE = ["ip", "netns", "exec", NAMESPACE]
FEEDER = "192.0.2.3"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def network(link_local_only):
    """`daemon0` of the daemon and `collect0` of ours, both with fixed link-local addresses."""
    for folder in "/run", "/var/tmp":
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    socket.sethostname("daemon")
    ip("netns", "add", NAMESPACE)
    ip("link", "add", "collect0", "type", "veth", "peer", "name", "daemon0", "netns", NAMESPACE)
    for where, link, host in ([], "collect0", 2), (["-n", NAMESPACE], "daemon0", 1):
        ip(*where, "link", "set", "lo", "up")
        ip(*where, "link", "set", link, "addrgenmode", "none", "up")
        ip(*where, "address", "add", f"fe80::{host}/64", "dev", link, "nodad")
        if not link_local_only:
            ip(*where, "address", "add", f"192.0.2.{host}/24", "dev", link)
            ip(*where, "address", "add", f"2001:db8::{host}/64", "dev", link, "nodad")
    if not link_local_only:
        ip("address", "add", f"{FEEDER}/24", "dev", "collect0")


def step(collector, word, rest, folder):
    """One line of the recipe."""
    if word == "run":
        words = [part.replace("{dir}", folder) for part in shlex.split(rest)]
        done = subprocess.run([*INSIDE, *words], capture_output=True, text=True, timeout=DEADLINE)
        said = (done.stdout + done.stderr).strip()
        # gobgp and vtysh do not tell an error by their status.
        if done.returncode or any(sign in said.lower() for sign in ("error", "invalid", "unknown")):
            print(f"  {rest}\n    {done.returncode}: {said}", file=sys.stderr)
        return
    if word == "feed":
        prefixes, _, attributes = rest.partition(" ")
        if prefixes == "close":
            collector.feeder.stream.close()
            collector.feeder.closed = True
        else:
            prefixes = [] if prefixes == "-" else prefixes.split(",")
            collector.feeder.send(bgp.update(prefixes, bytes.fromhex(attributes)))
        return
    what, *words = rest.split()
    if what == "notification":
        collector.main.send(bgp.notification(*map(int, words)))
    elif what == "refresh":
        collector.main.send(bgp.route_refresh(words[0]))
    elif what == "mark":
        collector.main.send(bgp.route_refresh(words[0], int(words[1])))
    else:
        raise ValueError(f"what is {rest!r}?")


def record(name, session, keep):
    """Runs inside the namespaces."""
    daemon, conf = DAEMONS[name], TESTDATA / name / f"{session}.conf"
    wanted = recipe.read(conf.read_text())
    network(wanted.link_local_only)
    collector = Collector(wanted, FEEDER)
    folder = tempfile.mkdtemp(prefix="record-")
    os.chmod(folder, 0o755)
    # Some daemons refuse a configuration others may read; and FRR writes to its folder.
    own = Path(folder, "daemon.conf")
    shutil.copy(conf, own)
    os.chmod(own, 0o600)
    running = daemon.start(folder, own, INSIDE)
    try:
        collector.until_established(running)
        collector.until_quiet(QUIET)
        for position, (word, rest) in enumerate(wanted.steps):
            if word == "stop":
                for process in running:
                    process.terminate()
            elif word != "quiet":
                step(collector, word, rest, folder)
            # Commands that follow each other belong together.
            if [one for one, _ in wanted.steps[position:position + 2]] != ["run", "run"]:
                collector.until_quiet(QUIET)
        conf.with_suffix(".bin").write_bytes(collector.recorded())
        kinds = [one[18] for one in collector.main.messages]
        if collector.feeder and any(one[18] == bgp.NOTIFICATION for one in collector.feeder.messages):
            print(f"  the feeder was told {collector.feeder.messages[-1][19:].hex()}", file=sys.stderr)
        print(f"{name}/{session}: {len(collector.recorded())} octets, "
              + ", ".join(f"{kinds.count(kind)} of type {kind}" for kind in sorted(set(kinds))))
    except TimeoutError as error:
        keep = True
        print(f"{name}/{session}: {error}", file=sys.stderr)
        return 1
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
        if keep:
            for log in sorted(Path(folder).glob("log.*")):
                print(log.read_text(errors="replace"), file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def main(words):
    keep = "--keep" in words
    words = [word for word in words if word != "--keep"]
    if words[:1] == ["--inside"]:
        return record(words[1], words[2], keep)
    if not words or words[0] not in DAEMONS:
        print(__doc__, file=sys.stderr)
        return 2
    sessions = words[1:] or sorted(p.stem for p in (TESTDATA / words[0]).glob("*.conf"))
    failed = 0
    for session in sessions:
        command = ["unshare", "--net", "--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                   sys.executable, __file__, "--inside", words[0], session]
        failed |= subprocess.run(command + ["--keep"] * keep).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
