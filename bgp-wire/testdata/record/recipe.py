"""What a session is to be: the `#:` lines of its configuration (`!:` where the daemon wants `!`).

    #: as 65000                         the collector's AS number (this is the default)
    #: families ipv4-unicast ipv6-unicast        what it offers (the default)
    #: with add-path                    capabilities besides the usual ones
    #: without four-octet-as            usual ones left out
    #: role customer                    its role (RFC 9234)
    #: link-local-only                  the link has no other addresses
    #: advertise                        a router advertisement, for FRR's unnumbered sessions
    #: restart-time 120                 seconds in the graceful restart capability
    #: feeder 65010                     a second neighbour, 192.0.2.3, of this AS

then what happens, in this order, once the session is up. After a line the daemon is left to speak until it
is quiet, but between two `run` lines only where `quiet` stands:

    #: run COMMAND …                    in the daemon's network namespace; {dir} is its folder
    #: quiet
    #: feed PREFIX,PREFIX ATTRIBUTES    the feeder announces them, or only the attributes where `-` stands;
                                        these are in hexadecimal, NEXT_HOP among them
    #: send refresh FAMILY              the collector asks for the routes again
    #: send mark FAMILY 1               … or sends a mark (RFC 7313): 1 begin, 2 end
    #: send notification 6 4            … or ends the session
    #: stop                             the daemon is told to end (SIGTERM)
    #: feed close                       the feeder's connection breaks
"""

from dataclasses import dataclass, field

USUAL = {"route-refresh", "enhanced-refresh", "extended-message", "four-octet-as",
         "extended-next-hop", "graceful-restart", "long-lived"}


@dataclass
class Recipe:
    asn: int = 65000
    families: list = field(default_factory=lambda: ["ipv4-unicast", "ipv6-unicast"])
    capabilities: set = field(default_factory=lambda: set(USUAL))
    role: str = ""
    restart_time: int = 120
    feeder: int = 0
    advertise: bool = False
    link_local_only: bool = False
    steps: list = field(default_factory=list)


def read(text):
    """The recipe in a configuration."""
    recipe = Recipe()
    for line in text.splitlines():
        if not line.startswith(("#:", "!:")):
            continue
        word, _, rest = line[2:].strip().partition(" ")
        words = rest.split()
        if word == "as":
            recipe.asn = int(rest)
        elif word == "families":
            recipe.families = words
        elif word == "with":
            recipe.capabilities |= set(words)
        elif word == "without":
            recipe.capabilities -= set(words)
        elif word == "role":
            recipe.role = rest
        elif word == "link-local-only":
            recipe.link_local_only = True
        elif word == "advertise":
            recipe.advertise = True
        elif word == "restart-time":
            recipe.restart_time = int(rest)
        elif word == "feeder":
            recipe.feeder = int(rest)
        elif word in ("run", "feed", "send", "quiet", "stop"):
            recipe.steps.append((word, rest))
        else:
            raise ValueError(f"what is {word!r}?")
    return recipe
