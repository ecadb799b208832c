"""How each daemon is started: the folder it gets, its commands, its version."""

import os
import shutil
import subprocess
from pathlib import Path


class Daemon:
    """Commands that make up a daemon; `{dir}` is its folder, `{conf}` its configuration."""

    def __init__(self, commands, version, folders=(), environment=(), prepare=None,
                 owner="root"):
        self.commands, self.version, self.folders = commands, version, folders
        self.environment, self.prepare, self.owner = dict(environment), prepare, owner

    def start(self, folder, conf, inside):
        """Starts it; `inside` is put before each command."""
        for path in self.folders:
            os.makedirs(path, exist_ok=True)
        if self.prepare:
            self.prepare(Path(folder))
        for path in folder, *Path(folder).iterdir():
            shutil.chown(path, self.owner)
        env = {**os.environ, **self.environment}
        running = []
        for number, command in enumerate(self.commands):
            words = [word.format(dir=folder, conf=conf) for word in command]
            log = open(f"{folder}/log.{number}", "wb")
            running.append(subprocess.Popen([*inside, *words], env=env, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT, cwd=folder))
        return running


def _frr(name):
    """zebra or bgpd, with its sockets in {dir}."""
    return [f"/usr/lib/frr/{name}", "--vty_socket", "{dir}",
            "-z", "{dir}/zserv.api", "-i", f"{{dir}}/{name}.pid", "-P", "0", "--log", "stdout"]


def _zebra_conf(folder):
    (folder / "zebra.conf").write_text("")


def _fifos(_folder):
    for name in ("in", "out"):
        path = f"/run/exabgp/exabgp.{name}"
        if not os.path.exists(path):
            os.mkfifo(path, 0o600)


DAEMONS = {
    "bird": Daemon([["bird", "-f", "-c", "{conf}", "-s", "{dir}/ctl", "-P", "{dir}/pid"]],
                   ["bird", "--version"]),
    "exabgp": Daemon([["exabgp", "{conf}"]], ["exabgp", "--version"], ["/run/exabgp"],
                     [("exabgp.daemon.user", "root"), ("exabgp.daemon.drop", "false"),
                      ("exabgp.log.all", "true"), ("exabgp.api.ack", "false")], _fifos),
    "frr": Daemon([_frr("zebra") + ["-f", "{dir}/zebra.conf"], _frr("bgpd") + ["-f", "{conf}"]],
                  ["/usr/lib/frr/bgpd", "--version"], prepare=_zebra_conf, owner="frr"),
    "gobgp": Daemon([["gobgpd", "-f", "{conf}", "-t", "toml", "--api-hosts", "127.0.0.1:50051",
                      "--log-plain"]],
                    ["gobgpd", "--version"]),
    "openbgpd": Daemon([["bgpd", "-d", "-v", "-f", "{conf}"]], ["bgpd", "-V"],
                       ["/run/openbgpd"]),
}
