"""What the environment may say, read in one place and refused when it makes no sense."""

from __future__ import annotations

import ipaddress
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def flag(name: str, default: bool = False) -> bool:
    """A yes/no variable. Raises ImproperlyConfigured for anything else."""
    text = os.environ.get(name, "").strip().lower()
    if not text:
        return default
    if text in {"1", "yes", "true", "on"}:
        return True
    if text in {"0", "no", "false", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not {text!r}")


def whole_number(name: str, default: int) -> int:
    """A whole number not below zero. Raises ImproperlyConfigured for anything else."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text!r}")
    return int(text)


def words(name: str, default: str = "") -> list[str]:
    """A list written with commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def home() -> Path:
    """The folder of all a running site keeps: DINGHAI_HOME, or `var` where it was started."""
    return Path(os.environ.get("DINGHAI_HOME", "var")).resolve()


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def secret_key(folder: Path) -> str:
    """The site's secret: DJANGO's key, made once and readable by its owner alone."""
    given = os.environ.get("DINGHAI_SECRET_KEY", "")
    if given:
        if len(given) < 50:
            raise ImproperlyConfigured("DINGHAI_SECRET_KEY must have 50 characters or more")
        return given
    return private_text(folder / "secret-key", lambda: secrets.token_urlsafe(64))


def private_text(path: Path, make: Any) -> str:
    """Text of a private file, made on first use. Two processes that start at once agree on it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # the first one wins; nobody ever reads half a key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8").strip()


def sqlite_database(path: Path | str, *, synchronous: str = "FULL") -> dict[str, Any]:
    """One writer at a time, taken at the start of a transaction; readers are never held up."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": (
                "PRAGMA journal_mode=WAL;"
                f"PRAGMA synchronous={synchronous};"
                "PRAGMA foreign_keys=ON;"
            ),
        },
    }


def postgresql_database(url: str, *, role: str = "") -> dict[str, Any]:
    """Settings of `postgresql://user:password@host:port/name?sslmode=…`.

    ``role`` is taken on by every connection, so that row-level security binds the site even
    when the user who signs in owns the tables. Raises ImproperlyConfigured.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgres", "postgresql"} or not name:
        raise ImproperlyConfigured(
            "DINGHAI_DATABASE_URL must look like postgresql://user:password@host:5432/name"
        )
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "")
    if role:
        options["assume_role"] = role
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
