"""Runs a command in a network namespace of its own, and keeps this one for what is outside.

Sockets for the servers outside are made and bound here, and inherited: the command serves them without being
here.  It finds their numbers, and how to come here, in its environment.  Their addresses come later
(harness/namespace.ts).
"""

import json
import os
import socket
import subprocess
import sys

SITES = json.loads(sys.argv[1])  # [[address, port], ...]


def bound(address, port):
    site = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    if address == "::":
        site.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    else:
        site.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND: before anybody has the address
    site.bind((address, port))
    return site


sites = [bound(address, port) for address, port in SITES]
numbers = {f"{address} {port}": site.fileno() for (address, port), site in zip(SITES, sites)}
words = {"MCPBOX_TEST_NAMESPACE": json.dumps({"outside": os.getpid(), "sites": numbers})}
own = ["unshare", "--net", "--mount", "--propagation", "slave", "--"]
inside = subprocess.Popen(own + sys.argv[2:], env={**os.environ, **words}, pass_fds=list(numbers.values()))
for site in sites:
    site.close()
status = inside.wait()
sys.exit(status if status >= 0 else 1)
