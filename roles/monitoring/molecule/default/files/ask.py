"""Prints what an exporter answers: `ask.py URL [FOLDER]`, with the certificate in a folder, or none."""

from __future__ import annotations

import ssl
import sys
import urllib.request


def main(url: str, folder: str = "") -> None:
    """Ask once."""
    context = ssl.create_default_context(cafile="/etc/prometheus/tls/ca.crt")
    if folder:
        context.load_cert_chain(f"{folder}/client.crt", f"{folder}/client.key")
    with urllib.request.urlopen(url, timeout=10, context=context) as answer:
        sys.stdout.write(answer.read().decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
