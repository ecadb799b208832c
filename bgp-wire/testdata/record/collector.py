"""The neighbour of the daemon: it waits to be called, and keeps what it is told."""

import selectors
import socket
import struct
import time

import bgp

KEEPALIVE_TIME = 10
PORT = 179


class Connection:
    """One BGP session seen from our side."""

    def __init__(self, stream, offer, asn, identifier, role=""):
        self.stream, self.offer = stream, offer
        self.messages, self.buffer, self.closed = [], bytearray(), False
        self.next_keepalive = time.monotonic() + KEEPALIVE_TIME
        self.send(bgp.open_message(offer, asn, identifier, role))

    @property
    def established(self):
        return any(one[18] == bgp.KEEPALIVE for one in self.messages)

    def send(self, data):
        try:
            self.stream.sendall(data)
        except OSError:
            self.closed = True

    def read(self):
        """Takes what has come; says whether it was more than KEEPALIVEs."""
        try:
            data = self.stream.recv(65536)
        except OSError:
            data = b""
        self.closed = self.closed or not data
        self.buffer += data
        found, taken = bgp.frames(self.buffer)
        del self.buffer[:taken]
        for one in found:
            before = self.established
            self.messages.append(one)
            if one[18] == bgp.OPEN:
                self.send(bgp.keepalive())
            if self.established and not before:
                # OpenBGPD ends the session over a family it has not offered.
                offered = bgp.families_of(self.messages[0])
                for family in self.offer.families:
                    if family in offered:
                        self.send(bgp.end_of_rib(family))
        return any(one[18] != bgp.KEEPALIVE for one in found)

    def tick(self):
        if time.monotonic() >= self.next_keepalive:
            self.next_keepalive += KEEPALIVE_TIME
            self.send(bgp.keepalive())


class Collector:
    """Listens for the daemon; connections are told apart by the address that was called."""

    def __init__(self, recipe, feeder_address):
        self.recipe, self.feeder_address = recipe, feeder_address
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("::", PORT), family=socket.AF_INET6,
                                             dualstack_ipv6=True)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.main = self.feeder = None
        self.active = time.monotonic()

    def _accept(self):
        stream, _ = self.listener.accept()
        feeds = stream.getsockname()[0].removeprefix("::ffff:") == self.feeder_address
        known = self.feeder if feeds else self.main
        if known and known.established:
            # A second call after the session: not wanted any more.
            stream.close()
            return
        if known:
            self._forget(known)
        if feeds:
            self.feeder = Connection(stream, self.recipe, self.recipe.feeder, self.feeder_address)
        else:
            self.main = Connection(stream, self.recipe, self.recipe.asn, "192.0.2.2",
                                   self.recipe.role)
        self.selector.register(stream, selectors.EVENT_READ, self.feeder if feeds else self.main)

    def _forget(self, connection):
        try:
            self.selector.unregister(connection.stream)
        except (KeyError, ValueError):
            pass  # it was closed before
        connection.stream.close()

    def _turn(self, timeout):
        for key, _ in self.selector.select(timeout):
            if key.fileobj is self.listener:
                self._accept()
            elif key.data.read() and key.data is self.main:
                self.active = time.monotonic()
            if key.data and key.data.closed:
                self._forget(key.data)
        for connection in (self.main, self.feeder):
            if connection and not connection.closed:
                connection.tick()

    def advertise(self):
        """A router advertisement on our side of the link: FRR learns the neighbour from it."""
        raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        # Type 134, router lifetime 1800 s; the kernel fills in the checksum.
        advertisement = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
        raw.sendto(advertisement, ("ff02::1", 0, 0, socket.if_nametoindex("collect0")))
        raw.close()

    def until_established(self, running, deadline=60):
        """Waits for the session, and for the feeder's where there is one; all of `running` has to live."""
        next_advertisement = time.monotonic()
        end = next_advertisement + deadline
        wanted = [lambda: self.main] + [lambda: self.feeder] * bool(self.recipe.feeder)
        while not all(one() and one().established for one in wanted):
            if time.monotonic() > end:
                seen = self.main.messages if self.main else "no connection"
                raise TimeoutError(f"no session within {deadline} s: {seen}")
            if any(process.poll() is not None for process in running):
                raise TimeoutError("the daemon has ended")
            if self.recipe.advertise and time.monotonic() > next_advertisement:
                self.advertise()
                next_advertisement += 1
            self._turn(0.2)
        self.active = time.monotonic()

    def until_quiet(self, quiet, deadline=60):
        """Waits until nothing but KEEPALIVEs has come for `quiet` seconds, or the session is over."""
        end = time.monotonic() + deadline
        self.active = time.monotonic()
        while not self.main.closed and time.monotonic() < min(self.active + quiet, end):
            self._turn(0.1)

    def recorded(self):
        """What came; of a row of KEEPALIVEs only the first."""
        out, last = b"", None
        for one in self.main.messages:
            if not (one[18] == last == bgp.KEEPALIVE):
                out += one
            last = one[18]
        return out
