"""Makes the example's nmap reports: opens the laboratory, lets nmap look, writes what it saw.

``python tools/lab/make_scans.py`` needs nmap and the right to open low ports on loopback.
The report is nmap's own, except for three substitutions that a comment in the file states: the
loopback addresses become documentation and private addresses, host names are added, and all times
are moved by the same amount, so that the scan falls on the day of the story.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from services import (
    SECURITY_HEADERS,
    Laboratory,
    Service,
    banner,
    mysql,
    remote_desktop,
    silent,
    web,
)

DONGHAI = Path(__file__).parents[2] / "examples" / "donghai"
SHANGHAI = timezone(timedelta(hours=8))
PORTS = "21-23,25,80,110,143,443,445,587,993,1433,3306,3389,5432,6379,8080,8443"
SCRIPTS = "ssl-enum-ciphers,ssl-cert,http-security-headers"
_NOTE = (
    "<!-- Addresses, host names and times in this report were substituted: it was made "
    "against a loopback laboratory, see README.md in the folder above. -->\n"
)


@dataclass(frozen=True)
class Host:
    """A laboratory host: where it listens, what it is called in the report, what it runs."""

    loopback: str
    address: str
    name: str
    services: tuple[Service, ...]


def ssh(version: str) -> Service:
    """An SSH server by its greeting."""
    return Service(22, banner(f"SSH-2.0-{version}\r\n".encode()))


_SMTP = banner(
    b"220 mail.donghai.example ESMTP Postfix\r\n",
    b"250-mail.donghai.example\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
)


def external(mended: bool) -> tuple[Host, ...]:
    """What the internet sees: old servers and weak TLS are mended by the re-scan."""
    shop = "nginx/1.26.3" if mended else "nginx/1.18.0"
    headers = SECURITY_HEADERS if mended else ""
    oldest = "TLSv1_2" if mended else "TLSv1"
    return (
        Host(
            "127.0.10.10",
            "203.0.113.10",
            "shop.donghai.example",
            (
                Service(80, web(shop, headers=headers, title="Donghai shop")),
                Service(
                    443,
                    web(shop, headers=headers, title="Donghai shop"),
                    oldest,
                    "shop.donghai.example",
                ),
            ),
        ),
        Host(
            "127.0.10.20",
            "203.0.113.20",
            "mail.donghai.example",
            (
                Service(25, _SMTP),
                Service(
                    443,
                    web("nginx/1.26.3", headers=SECURITY_HEADERS, title="Webmail"),
                    "TLSv1_2",
                    "mail.donghai.example",
                ),
            ),
        ),
        Host(
            "127.0.10.30",
            "203.0.113.30",
            "vpn.donghai.example",
            (
                Service(
                    443,
                    web("nginx", headers=SECURITY_HEADERS, title="Secure access"),
                    "TLSv1_2",
                    "vpn.donghai.example",
                ),
            ),
        ),
        Host(
            "127.0.10.40",
            "203.0.113.40",
            "edi.donghai.example",
            (ssh("OpenSSH_9.8" if mended else "OpenSSH_7.4"),),
        ),
    )


def internal() -> tuple[Host, ...]:
    """What the office and the plant network see: old services that the internet does not."""
    return (
        Host(
            "127.0.20.11",
            "10.20.0.11",
            "erp.donghai.example",
            (
                ssh("OpenSSH_6.6.1p1 Ubuntu-2ubuntu2.13"),
                Service(3306, mysql("5.5.62-log")),
                Service(8080, web("gunicorn/19.10.0", title="Airflow - DAGs")),
            ),
        ),
        Host(
            "127.0.20.21",
            "10.20.0.21",
            "files.donghai.example",
            (Service(445, silent), Service(3389, remote_desktop)),
        ),
        Host(
            "127.0.20.105",
            "10.20.1.5",
            "press-line-2.donghai.example",
            (
                Service(21, banner(b"220 (vsFTPd 2.3.2)\r\n", b"530 Please login.\r\n")),
                Service(23, banner(b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27\r\nlogin: ")),
                Service(80, web("GoAhead-Webs", title="Line control")),
            ),
        ),
        Host(
            "127.0.20.31",
            "10.20.0.31",
            "backup.donghai.example",
            (ssh("OpenSSH_9.2p1 Debian-2+deb12u3"),),
        ),
    )


def scan(hosts: tuple[Host, ...]) -> str:
    """nmap's XML over the hosts of a laboratory that is open only meanwhile."""
    with Laboratory() as laboratory:
        for host in hosts:
            for service in host.services:
                laboratory.open(host.loopback, service)
        command = [
            "nmap",
            "-sT",
            "-sV",
            "-Pn",
            "-n",
            "--disable-arp-ping",
            "-p",
            PORTS,
            "--script",
            SCRIPTS,
            "--no-stylesheet",
            "-oX",
            "-",
        ]
        done = subprocess.run(
            [*command, *(host.loopback for host in hosts)],
            check=True,
            capture_output=True,
            text=True,
        )
    return done.stdout


def substitute(report: str, hosts: tuple[Host, ...], began: datetime) -> str:
    """The report with the story's addresses, names and times."""
    start = int(re.search(r'start="(\d+)"', report).group(1))  # type: ignore[union-attr]
    shift = int(began.timestamp()) - start

    def moved(match: re.Match[str]) -> str:
        return f'{match.group(1)}="{int(match.group(2)) + shift}"'

    report = re.sub(r'\b(start|starttime|endtime|time)="(\d{10})"', moved, report)
    report = re.sub(
        r"%D=\d+/\d+%Time=[0-9A-F]+",
        f"%D={began.month}/{began.day}%Time={int(began.timestamp()):X}",
        report,
    )
    words = began.astimezone(UTC).strftime("%a %b %e %H:%M:%S %Y")
    report = re.sub(r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}", words, report)
    for host in sorted(hosts, key=lambda host: len(host.loopback), reverse=True):
        named = f'<hostnames>\n<hostname name="{host.name}" type="user"/>\n</hostnames>'
        report = re.sub(
            rf'(<address addr="{re.escape(host.loopback)}"[^>]*/>\n)<hostnames>\n'
            r"</hostnames>",
            rf"\1{named}",
            report,
        )
        report = report.replace(host.loopback, host.address)
    head, root, body = report.partition("<nmaprun")
    return head + _NOTE + root + body


def write(hosts: tuple[Host, ...], began: datetime, target: Path) -> None:
    """One report, looked at and written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(substitute(scan(hosts), hosts, began), encoding="utf-8")
    print(target.relative_to(DONGHAI))


def main() -> None:
    """The four reports of the story."""
    scans = DONGHAI / "scans"
    write(
        external(mended=False),
        datetime(2026, 3, 3, 10, 0, tzinfo=SHANGHAI),
        scans / "external" / "nmap.xml",
    )
    write(internal(), datetime(2026, 3, 3, 22, 0, tzinfo=SHANGHAI), scans / "internal" / "nmap.xml")
    for day in (datetime(2026, 5, 6, tzinfo=SHANGHAI), datetime(2026, 7, 31, tzinfo=SHANGHAI)):
        write(
            external(mended=True),
            day.replace(hour=10),
            DONGHAI / "rescan" / f"{day:%Y-%m-%d}" / "scans" / "external" / "nmap.xml",
        )


if __name__ == "__main__":
    main()
