"""A network namespace with a cable to this machine, in which other rules hold; and a TURN server."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import tenacity
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from .jupyter import free_port


def unavailable() -> str:
    """Return why no namespace can be made here; empty where it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "iptables"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    probe = f"rtc-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if made.returncode:
        return f"this kernel makes no network namespaces: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "delete", probe], check=True)
    return ""


class Namespace:
    """Somebody else's machine, at ``there``; this one is at ``here``. With ``ipv6`` the cable carries nothing else.

    A test with one is marked `alone`: where an interface comes or goes, every Chromium on the machine gives up the
    requests that it has open (net::ERR_NETWORK_CHANGED), and a page that is just being loaded stays empty.
    """

    def __init__(self, *, ipv6: bool = False) -> None:
        number = secrets.randbelow(250)
        self.name = f"rtc{number}"
        self.ipv6 = ipv6
        network = f"fd5a:{number:x}::" if ipv6 else f"10.213.{number}."
        self.here, self.there = f"{network}1", f"{network}2"
        self.host = f"[{self.here}]" if ipv6 else self.here  # as it stands in a URL
        self._firewall = "ip6tables" if ipv6 else "iptables"
        self._rules: list[list[str]] = []

    def __enter__(self) -> Namespace:
        _run("ip", "netns", "add", self.name)
        try:
            outer, inner = f"{self.name}a", f"{self.name}b"
            _run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.name)
            if self.ipv6:  # which would lose its address with its cable
                self.run("sysctl", "-q", f"net.ipv6.conf.{inner}.keep_addr_on_down=1")
            _run("ip", "address", "add", *self._address(self.here), "dev", outer)
            _run("ip", "link", "set", outer, "up")
            self.run("ip", "address", "add", *self._address(self.there), "dev", inner)
            self.run("ip", "link", "set", inner, "up")
            self.run("ip", "link", "set", "lo", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._forget()
        _run("ip", "netns", "delete", self.name)  # its cable goes with it

    def run(self, *command: str) -> None:
        """Run a command inside."""
        _run("ip", "netns", "exec", self.name, *command)

    def plug(self, plugged: bool) -> None:
        """Pull the cable, or plug it in again."""
        self.run("ip", "link", "set", f"{self.name}b", "up" if plugged else "down")

    def move(self, host: int) -> None:
        """Give the machine another address in the same network, as from Wi-Fi to cable."""
        inner, new = f"{self.name}b", f"{self.there[:-1]}{host}"
        self.run("ip", "address", "del", *self._address(self.there)[:1], "dev", inner)
        self.run("ip", "address", "add", *self._address(new), "dev", inner)
        self.there = new

    def _address(self, address: str) -> list[str]:
        return [f"{address}/64", "nodad"] if self.ipv6 else [f"{address}/24"]

    def block_udp(self, but: int | None = None) -> None:
        """Let no UDP out or in, as some companies' firewalls do; but to one port, where one is given."""
        for chain, way, port in (("OUTPUT", "-o", "--dport"), ("INPUT", "-i", "--sport")):
            except_for = ["!", port, str(but)] if but else []
            self.run(self._firewall, "-A", chain, "!", way, "lo", "-p", "udp", *except_for, "-j", "DROP")

    def hide(self, host: int) -> str:
        """Put the machine behind a NAT: others see its UDP come from this address in the same network."""
        seen = f"{self.there[:-1]}{host}"
        self.run(self._firewall, "-t", "nat", "-A", "POSTROUTING", "-p", "udp", "-j", "SNAT", "--to-source", seen)
        _run("ip", "route", "add", seen, "via", self.there)  # goes with the cable
        return seen

    def lose(self, share: float) -> None:
        """Lose this share of all UDP and TCP packets each way, at random; in place of what was lost before.

        Each is lost where it arrives: of one that is dropped on its way out, the sender would hear at once.
        """
        statistic = ["-m", "statistic", "--mode", "random", "--probability", str(share), "-j", "DROP"]
        self.run(self._firewall, "-F", "INPUT")
        self._forget()
        for protocol in ("udp", "tcp"):
            self.run(self._firewall, "-A", "INPUT", "!", "-i", "lo", "-p", protocol, *statistic)
            rule = ["INPUT", "-i", f"{self.name}a", "-p", protocol, *statistic]
            _run(self._firewall, "-A", *rule)
            self._rules.append(rule)

    def _forget(self) -> None:
        """Take this machine's own rules back."""
        while self._rules:
            _run(self._firewall, "-D", *self._rules.pop())

    def wrap(self, executable: str, directory: Path) -> Path:
        """Return a script that runs ``executable`` inside."""
        script = directory / f"in-{self.name}"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {executable} "$@"\n')
        script.chmod(0o755)
        return script


class TurnPorts(NamedTuple):
    """Where a TURN server listens."""

    plain: int  # UDP and TCP; answers STUN, too
    tls: int


@contextlib.contextmanager
def turn_server(
    address: str, secret: str, directory: Path, *, user: str = "", certificate: tuple[Path, Path] | None = None
) -> Iterator[TurnPorts]:
    """Run coturn at an address; gives its ports.

    Credentials are limited in time and made from the secret or, for a ``user``, theirs with the secret as password.
    It speaks TLS where it has a certificate and its key.
    """
    ports, log = TurnPorts(free_port(), free_port()), directory / "turn.log"
    credentials = ["--lt-cred-mech", f"--user={user}:{secret}"] if user else [f"--static-auth-secret={secret}"]
    if not user:
        credentials.append("--use-auth-secret")
    encryption = ["--no-tls", "--no-dtls"]
    if certificate:
        encryption = [f"--cert={certificate[0]}", f"--pkey={certificate[1]}", f"--tls-listening-port={ports.tls}"]
    command = [
        "turnserver",
        "-n",
        f"--listening-ip={address}",
        f"--relay-ip={address}",
        f"--listening-port={ports.plain}",
        *encryption,
        *credentials,
        "--realm=test",
        "--no-cli",
        f"--pidfile={directory / 'turn.pid'}",
        f"--userdb={directory / 'turn.db'}",
        "--log-file=stdout",
        "--simple-log",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=directory)
    try:
        for port in ports if certificate else ports[:1]:
            _wait_for_port(address, port)
        yield ports
    finally:
        process.kill()
        process.wait()


def own_certificate(address: str, directory: Path) -> tuple[Path, Path]:
    """Make a certificate for an IP address, signed by itself; return it and its key."""
    certificate, key = directory / "cert.pem", directory / "key.pem"
    name = ["-subj", "/CN=test", "-addext", f"subjectAltName=IP:{address}"]
    new = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    _run("openssl", "req", *new, *name, "-out", str(certificate), "-keyout", str(key))
    return certificate, key


def key_hash(certificate: Path) -> str:
    """Return the hash by which Chromium is told of a certificate that it is to trust: of its public key."""
    public = load_pem_x509_certificate(certificate.read_bytes()).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


@tenacity.retry(stop=tenacity.stop_after_delay(20), wait=tenacity.wait_fixed(0.1))
def _wait_for_port(address: str, port: int) -> None:
    socket.create_connection((address, port), 1).close()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
