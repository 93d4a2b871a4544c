"""An NTP server at each address given, as many seconds off as said: `ntp_source.py 127.0.0.11=0 127.0.0.14=5`.

It gives the machine's own time on, so that a test needs no network and no right to set a clock.
"""

import selectors
import socket
import struct
import sys
import time

NTP_EPOCH_S = 2_208_988_800
SERVER, VERSION, STRATUM, PRECISION = 4, 4, 2, -20
PORT = 123


def stamp(offset_s: float) -> int:
    """Now, in NTP's 64 bits."""
    return int((time.time() + NTP_EPOCH_S + offset_s) * 2**32)


def answer(request: bytes, offset_s: float) -> bytes:
    """RFC 5905, figure 8: the header, and the asker's own time handed back."""
    received = stamp(offset_s)
    poll = request[2]
    head = struct.pack("!BBBbII4s", VERSION << 3 | SERVER, STRATUM, poll, PRECISION, 0, 0x100, b"TEST")
    return head + struct.pack("!Q8sQQ", received, request[40:48], received, stamp(offset_s))


def main() -> None:
    """Serve for ever."""
    selector = selectors.DefaultSelector()
    for argument in sys.argv[1:]:
        address, offset_s = argument.split("=")
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # chronyd itself has the same port at all other addresses.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, PORT))
        selector.register(server, selectors.EVENT_READ, float(offset_s))
    while True:
        for key, _ in selector.select():
            request, asker = key.fileobj.recvfrom(512)
            if len(request) >= 48:
                key.fileobj.sendto(answer(request, key.data), asker)


if __name__ == "__main__":
    main()
