"""The platform's commands: one document under --json, exit codes, and a site that starts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from django.db import connection

from dinghai_platform import commands
from dinghai_platform.core.actors import system_actor
from dinghai_platform.ledger.services import credit, debit, post_entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(insurer):
    return post_entry(
        [debit("cash", 5), credit("premium_income", 5)],
        source=("a.b", "1"), key="k", narrative="test", actor=system_actor(insurer),
    )


def said(capsys):
    return json.loads(capsys.readouterr().out)


def test_it_works(books, capsys):
    assert commands.main(["audit", "verify", "--json"]) == 0
    document = said(capsys)
    assert document["schema"] == "dinghai.audit_verification/1"
    assert document["holds"] is True
    assert commands.main(["ledger", "verify", "--json"]) == 0
    document = said(capsys)
    assert (document["holds"], document["books"][0]["entries"]) == (True, 1)


def test_for_people(books, capsys):
    assert commands.main(["audit", "verify"]) == 0
    assert commands.main(["ledger", "verify"]) == 0
    out = capsys.readouterr().out
    assert "links hold" in out
    assert "entries hold" in out


def test_a_broken_chain_is_a_no(books, lifted_guards, capsys):
    with lifted_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE core_auditentry SET action = 'x' WHERE sequence = 1")
    assert commands.main(["audit", "verify", "--json"]) == 1
    broken = [one for one in said(capsys)["chains"] if not one["holds"]]
    assert broken[0]["first_broken"]["sequence"] == 1
    assert commands.main(["audit", "verify"]) == 1
    assert "BROKEN: link 1" in capsys.readouterr().out


def test_broken_books_are_a_no(books, lifted_guards, capsys):
    connection.check_constraints()
    with lifted_guards(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_posting SET amount_fen = 6 WHERE line = 1")
    assert commands.main(["ledger", "verify", "--json"]) == 1
    assert said(capsys)["books"][0]["faults"]


def test_a_checkpoint_goes_out_and_comes_back(books, tmp_path, capsys):
    path = tmp_path / "checkpoint.json"
    assert commands.main(["audit", "checkpoint", "-o", str(path)]) == 0
    assert commands.main(["audit", "key", "--json"]) == 0
    key = said(capsys)["public_key"]
    arguments = ["audit", "verify", "--json", "--checkpoint", str(path)]
    assert commands.main([*arguments, "--public-key", key]) == 0
    capsys.readouterr()
    assert commands.main([*arguments, "--public-key", "00"]) == 2
    assert said(capsys)["error"]["field"] == "public_key"


def test_a_missing_checkpoint_is_bad_input(tmp_path, capsys):
    missing = str(tmp_path / "none.json")
    assert commands.main(["audit", "verify", "--json", "--checkpoint", missing]) == 2
    assert said(capsys)["error"]["file"] == missing
    assert commands.main(["audit", "verify", "--checkpoint", missing]) == 2
    assert "no such file" in capsys.readouterr().err


def environment(home: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DINGHAI_") and name != "DJANGO_SETTINGS_MODULE"
    }
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return {**kept, "DINGHAI_HOME": str(home), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.sqlite
def test_a_site_starts_with_one_command(tmp_path):
    """First start: keys of its own, a set-up link, pages, a worker that ends with it."""
    port = free_port()
    home = tmp_path / "home"
    server = subprocess.Popen(
        [sys.executable, "-m", "dinghai_platform", "serve", "--port", str(port)],
        env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    try:
        link = server.stdout.readline().split()[-1]
        assert "/setup/" in link
        assert "Dinghai is at" in server.stdout.readline()
        line = ""
        while "is ready" not in line:  # the worker speaks once the server has started it
            line = server.stderr.readline()
            assert line, "the server ended"
        worker = int(line.rpartition("|")[0].rpartition("|")[2])
        with urllib.request.build_opener(_Patient(server)).open(link) as answer:
            assert answer.status == 200
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        server.stdout.close()
        server.stderr.close()
    assert (home / "secret-key").stat().st_mode & 0o077 == 0
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


class _Patient(urllib.request.BaseHandler):
    """Asks again while the server is not listening yet."""

    handler_order = 100

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self.server = server

    def http_open(self, request: urllib.request.Request):
        while True:
            try:
                return urllib.request.HTTPHandler().http_open(request)
            except OSError:
                if self.server.poll() is not None:
                    raise


def test_settings_refuse_nonsense(monkeypatch):
    from django.core.exceptions import ImproperlyConfigured

    from dinghai_platform.settings import environment as said_by

    url = "postgresql://{}@h:5433/d?sslmode=require".format(":".join(("u", "p%40")))
    good = said_by.postgresql_database(url, role="r")
    assert (good["USER"], good["PASSWORD"], good["PORT"]) == ("u", "p@", "5433")
    assert good["OPTIONS"] == {"sslmode": "require", "assume_role": "r"}
    for url in ("mysql://u@h/d", "postgresql://u@h/", "nonsense"):
        with pytest.raises(ImproperlyConfigured):
            said_by.postgresql_database(url)
    monkeypatch.setenv("DINGHAI_SECRET_KEY", "short")
    with pytest.raises(ImproperlyConfigured):
        said_by.secret_key(Path("unused"))
    monkeypatch.setenv("X", "perhaps")
    with pytest.raises(ImproperlyConfigured):
        said_by.flag("X")
    with pytest.raises(ImproperlyConfigured):
        said_by.whole_number("X", 0)


def test_a_secret_is_made_once(tmp_path):
    from dinghai_platform.settings.environment import private_text

    path = tmp_path / "inside" / "key"
    first = private_text(path, lambda: "one")
    assert private_text(path, lambda: "two") == first == "one"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("host", "is_near"),
    [("127.0.0.1", True), ("::1", True), ("[::1]", True), ("localhost", True),
     ("0.0.0.0", False), ("192.0.2.1", False), ("dinghai.example", False)],
)
def test_loopback(host, is_near):
    from dinghai_platform.settings.environment import is_loopback

    assert is_loopback(host) is is_near
