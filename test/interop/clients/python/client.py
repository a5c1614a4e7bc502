"""One connection with Python's ssl module: sends a file, reads the answer, prints a line of JSON."""

import argparse
import hashlib
import json
import socket
import ssl

CURVES = {"P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"}

parser = argparse.ArgumentParser()
for name in ("port", "name", "ca", "payload", "bytes", "version", "suite", "openssl", "group", "alpn"):
    parser.add_argument(f"--{name}")
args = parser.parse_args()

context = ssl.create_default_context(cafile=args.ca)
version = ssl.TLSVersion.TLSv1_3 if args.version == "1.3" else ssl.TLSVersion.TLSv1_2
context.minimum_version = context.maximum_version = version
if args.version == "1.2":
    context.set_ciphers(args.openssl)
if args.group:
    context.set_ecdh_curve(CURVES.get(args.group, args.group))
if args.alpn:
    context.set_alpn_protocols([args.alpn])

with open(args.payload, "rb") as file:
    payload = file.read()

with socket.create_connection(("127.0.0.1", int(args.port)), timeout=15) as plain:
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with context.wrap_socket(plain, server_hostname=args.name) as tls:
        # One slice out, its echo in: an SSL object must not be used by two threads at a time.
        digest = hashlib.sha256()
        for start in range(0, len(payload), 65536):
            part = payload[start : start + 65536]
            tls.sendall(part)
            missing = len(part)
            while missing > 0:
                chunk = tls.recv(missing)
                if not chunk:
                    raise EOFError(f"the server ended {missing} bytes too early")
                digest.update(chunk)
                missing -= len(chunk)
        if tls.recv(1):
            raise ValueError("the server sent too much")
        cipher = tls.cipher()[0]
        print(
            json.dumps(
                {
                    "protocol": tls.version(),
                    "suite": args.suite if cipher == args.openssl else cipher,
                    "received": digest.hexdigest(),
                }
            )
        )
