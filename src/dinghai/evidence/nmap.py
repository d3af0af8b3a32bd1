"""Reads nmap's XML (``nmap -oX``): one record per port, port summary and script result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dinghai.evidence.gathering import Gathering, moment_of
from dinghai.evidence.nmap_scripts import read_script
from dinghai.evidence.xml_stream import Node, stream

FORMAT = "nmap-xml"
_OPEN_PORT_CONFIDENCE_PPM = 1_000_000


def read_nmap(data: bytes, gathering: Gathering) -> None:
    """Findings of an nmap report. Raises InputError for refused XML."""
    reader = _Reader(gathering)
    broken = stream(data, gathering.source_name, reader.finished)
    if broken:
        gathering.reject("document", f"the XML breaks off: {broken.reason}",
                         "run the scan again, or export it again", broken.line)


class _Reader:
    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering

    def finished(self, node: Node, ancestors: Sequence[Node]) -> bool:
        place = tuple(item.tag for item in ancestors)
        if place == ("nmaprun",):
            return self._below_root(node, ancestors[0])
        if place == ("nmaprun", "host", "ports"):
            self._below_ports(node, ancestors[1])
            return True
        if place == ("nmaprun", "host", "hostscript") and node.tag == "script":
            host = ancestors[1]
            read_script(node, self._gathering, self._facts(host, node),
                        f"line {node.line} host script")
            return True
        return False

    def _below_root(self, node: Node, root: Node) -> bool:
        if not self._gathering.tool:
            self._gathering.tool = f"{root.get('scanner')} {root.get('version')}"
            self._gathering.observed_at = moment_of(root.get("start"))
        return True

    def _below_ports(self, node: Node, host: Node) -> None:
        if node.tag == "extraports":
            self._gathering.ignore(f"line {node.line} extraports",
                                   f"ports summed up as {node.get('state') or 'without state'}")
        elif node.tag == "port":
            self._port(node, host)

    def _port(self, port: Node, host: Node) -> None:
        reference = f"line {port.line} port {port.get('protocol')}/{port.get('portid')}"
        number = port.get("portid")
        if not number.isascii() or not number.isdigit() or not 0 <= int(number[:9]) <= 65_535:
            return self._reject(reference, "the port has no number from 0 to 65535", port)
        if not _address(host):
            return self._reject(reference, "the host has no address", port)
        state = port.child("state")
        if state is None or not state.get("state"):
            return self._reject(reference, "the port has no state", port)
        if state.get("state") != "open":
            self._gathering.ignore(reference, f"port is {state.get('state')}")
        else:
            self._open(port, host, int(number), reference)
        facts = self._facts(host, port) | {
            "port": int(number), "protocol": port.get("protocol"),
            "service": _service_name(port.child("service")),
        }
        for script in port.all("script"):
            read_script(script, self._gathering, facts | {"raw": script.raw()},
                        f"line {script.line} script {script.get('id')}")
        return None

    def _open(self, port: Node, host: Node, number: int, reference: str) -> None:
        service = port.child("service")
        known = service is not None and (
            service.get("method") == "probed" or bool(service.get("product")))
        name = _service_name(service)
        product = service.get("product") if service else ""
        version = service.get("version") if service else ""
        label = " ".join(part for part in (name, product, version) if part)
        self._gathering.find(
            reference,
            kind="service" if known else "open_port",
            title=f"{port.get('protocol')}/{number} open" + (f": {label}" if label else ""),
            port=number,
            protocol=port.get("protocol"),
            service=name,
            product=product,
            version=version,
            cpe=tuple(item.text for item in service.all("cpe") if item.text) if service else (),
            rule="open",
            confidence_ppm=_confidence(service) if known else _OPEN_PORT_CONFIDENCE_PPM,
            **self._facts(host, port),
        )

    def _facts(self, host: Node, node: Node) -> dict[str, Any]:
        return {
            "asset": _address(host) or "",
            "hostname": _hostname(host),
            "observed_at": self._moment(host),
            "raw": node.raw(),
        }

    def _moment(self, host: Node) -> datetime | None:
        return (moment_of(host.get("endtime")) or moment_of(host.get("starttime"))
                or self._gathering.observed_at)

    def _reject(self, reference: str, reason: str, node: Node) -> None:
        self._gathering.reject(reference, reason, "export the scan again with nmap -oX", node.line)


def _address(host: Node) -> str:
    addresses = {node.get("addrtype"): node.get("addr") for node in host.all("address")}
    return next((addresses[kind] for kind in ("ipv4", "ipv6", "mac") if addresses.get(kind)), "")


def _hostname(host: Node) -> str:
    names = host.child("hostnames")
    listed = names.all("hostname") if names else []
    given = [node.get("name") for node in listed if node.get("type") == "user"]
    return (given or [node.get("name") for node in listed] or [""])[0]


def _service_name(service: Node | None) -> str:
    if service is None:
        return ""
    tunnel = service.get("tunnel")
    return f"{tunnel}/{service.get('name')}" if tunnel else service.get("name")


def _confidence(service: Node | None) -> int:
    """nmap rates its own guess 0–10; without a rating, half."""
    conf = service.get("conf") if service else ""
    return int(conf) * 100_000 if conf.isdecimal() and int(conf) <= 10 else 500_000
