"""Small scan reports and bills of materials in their tools' own formats, for the example chains.

No host was scanned: addresses are those reserved for documentation, names end in ``.example``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr


@dataclass(frozen=True, slots=True)
class Port:
    """An open port and what answered there."""

    number: int
    service: str
    product: str = ""
    version: str = ""
    cpe: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """A host with its open ports."""

    address: str
    name: str
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One result of nuclei."""

    template: str
    title: str
    severity: str
    host: str
    address: str
    port: int
    cves: tuple[str, ...] = ()
    cvss: float | None = None
    vector: str = ""


def nmap_xml(hosts: Sequence[Host], *, start: int) -> bytes:
    """A report of ``nmap -sV -oX``. ``start`` is seconds since 1970."""
    targets = " ".join(one.address for one in hosts)
    command = f"nmap -sT -sV -Pn -n -oX - {targets}"
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<!DOCTYPE nmaprun>",
             f'<nmaprun scanner="nmap" args={quoteattr(command)} start="{start}" version="7.93" '
             'xmloutputversion="1.05">',
             '<scaninfo type="connect" protocol="tcp" numservices="1000" services="1-1000"/>']
    for number, host in enumerate(hosts):
        begun = start + 30 * number
        lines += [f'<host starttime="{begun}" endtime="{begun + 25}">'
                  '<status state="up" reason="user-set" reason_ttl="0"/>',
                  f'<address addr="{host.address}" addrtype="ipv4"/>',
                  f'<hostnames><hostname name="{host.name}" type="user"/></hostnames>', "<ports>",
                  *(_port(one) for one in host.ports), "</ports>", "</host>"]
    lines += [f'<runstats><finished time="{start + 30 * len(hosts)}" exit="success"/>'
              f'<hosts up="{len(hosts)}" down="0" total="{len(hosts)}"/></runstats>', "</nmaprun>"]
    return ("\n".join(lines) + "\n").encode()


def _port(port: Port) -> str:
    about = "".join(f' {name}={quoteattr(value)}' for name, value in (
        ("product", port.product), ("version", port.version)) if value)
    method, certainty = ("probed", 10) if port.product else ("table", 3)
    cpe = f"<cpe>{port.cpe}</cpe>" if port.cpe else ""
    return (f'<port protocol="tcp" portid="{port.number}"><state state="open" reason="syn-ack" '
            f'reason_ttl="0"/><service name="{port.service}"{about} method="{method}" '
            f'conf="{certainty}">{cpe}</service></port>')


def nuclei_jsonl(results: Sequence[Result], *, moment: str) -> bytes:
    """A report of ``nuclei -jsonl``."""
    return "".join(json.dumps(_result(one, moment), ensure_ascii=False) + "\n"
                   for one in results).encode()


def _result(one: Result, moment: str) -> dict[str, object]:
    classified: dict[str, object] = {}
    if one.cves:
        classified["cve-id"] = [cve.lower() for cve in one.cves]
    if one.cvss is not None:
        classified |= {"cvss-metrics": one.vector, "cvss-score": one.cvss}
    info: dict[str, object] = {"name": one.title, "author": ["example"], "severity": one.severity}
    if classified:
        info["classification"] = classified
    return {"template-id": one.template, "template-path": f"http/{one.template}.yaml", "info": info,
            "type": "http", "host": f"https://{one.host}", "port": str(one.port),
            "matched-at": f"https://{one.host}:{one.port}", "ip": one.address,
            "timestamp": moment, "matcher-status": True}


def cyclonedx(application: str, version: str, components: Sequence[tuple[str, str, str]], *,
              moment: str) -> bytes:
    """A bill of materials in CycloneDX 1.5: components as (package URL without version, name,
    version)."""
    document = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"timestamp": moment, "component": {
            "type": "application", "bom-ref": application, "name": application,
            "version": version}},
        "components": [
            {"type": "library", "bom-ref": f"{purl}@{number}", "name": name, "version": number,
             "purl": f"{purl}@{number}"} for purl, name, number in components]}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
