"""A whole site on PostgreSQL, working as a role that owns nothing and bypasses nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.error
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from django.db import connection

from tests.platform.conftest import PASSWORD
from tests.platform.core.test_commands import environment, free_port

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROLE, DATABASE = "dinghai_site_whole", "dinghai_site_whole"


@pytest.fixture
def database():
    """The address of a database of its own, and a role for the site."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE}")
        cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS")
    base, _, _name = os.environ["DINGHAI_TEST_DATABASE_URL"].rpartition("/")
    yield f"{base}/{DATABASE}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        cursor.execute(f"DROP ROLE {ROLE}")


def run(home, database, *arguments):
    """One command of the site, its exit code and what it printed."""
    given = {**environment(home), "DINGHAI_DATABASE_URL": database, "DINGHAI_DATABASE_ROLE": ROLE}
    command = [sys.executable, "-m", "dinghai_platform", *arguments]
    return subprocess.Popen(
        command, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_it_works(database, tmp_path):
    port = free_port()
    server = run(tmp_path, database, "serve", "--port", str(port), "--no-worker")
    try:
        link = server.stdout.readline().split()[-1]
        assert "/setup/" in link
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        page = patiently(browser, link, server)
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]
        answers = {
            "csrfmiddlewaretoken": token, "operator": "定海平台", "insurer": "沧澜财产保险",
            "username": "keeper", "email": "keeper@example.test", "password": PASSWORD,
            "password_again": PASSWORD,
        }
        with browser.open(link, urlencode(answers).encode()) as answer:
            assert answer.status == 200
        root = f"http://127.0.0.1:{port}"
        assert "core.site_set_up" in browser.open(f"{root}/audit/").read().decode()
        with pytest.raises(urllib.error.HTTPError):
            browser.open(link)
    finally:
        server.terminate()
        server.wait(30)
        server.stdout.close()
    for command in (("audit", "verify"), ("ledger", "verify")):
        done = run(tmp_path, database, *command)
        out, _ = done.communicate(timeout=60)
        assert (done.returncode, "沧澜财产保险" in out) == (0, True), out


def patiently(browser, address, server):
    """The page, asked for until the server listens."""
    while True:
        try:
            with browser.open(address) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert server.poll() is None, "the server ended"
