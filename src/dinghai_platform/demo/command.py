"""`dinghai demo`: a fresh home, the story through the services, then the site."""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from dinghai.foundation.errors import InputError

MARK = "this-is-a-demo"
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "donghai"
SETTINGS = "dinghai_platform.settings.site"


def add_parser(subparsers: Any) -> None:
    """Add `demo` to the command line."""
    demo = subparsers.add_parser(
        "demo", help="the whole story of one enterprise in the terminal, then the site")
    demo.add_argument("--no-serve", action="store_true", help="end after the story")
    demo.add_argument("--lang", choices=("zh", "en"), help="language of the terminal")
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument("--home", type=Path, default=Path("var/demo"),
                      help="folder of the demonstration; rebuilt each time")
    demo.add_argument("--example", type=Path, default=EXAMPLE, help=argparse.SUPPRESS)
    demo.add_argument("--json", action="store_true", default=argparse.SUPPRESS,
                      help="one JSON document on stdout; does not serve")
    demo.set_defaults(run=run_demo)


def run_demo(args: argparse.Namespace) -> int:
    """Rebuild the demonstration's home, tell the story, and serve the site unless asked not to."""
    as_json = bool(getattr(args, "json", False))
    example = args.example.resolve()
    if not (example / "profile.toml").is_file():
        raise InputError("the example dossier is not here", file=str(example),
                         mend="run this from a copy of the repository")
    home = fresh_home(args.home)
    _environment(home)
    from dinghai_platform.demo.telling import Teller, language_of_terminal

    language = args.lang or language_of_terminal()
    teller = Teller(sys.stderr if as_json else sys.stdout, language, home / "documents",
                    quiet=as_json)
    address = f"http://127.0.0.1:{args.port}/"
    teller.opening(home)
    _start()
    from dinghai_platform.core.server import migrate
    from dinghai_platform.demo.story import tell_story

    migrate()
    result = tell_story(teller, example)
    result["address"] = address
    result["home"] = str(home)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return 0
    teller.closing(result, serving=not args.no_serve)
    if args.no_serve:
        return 0
    from dinghai_platform.core.server import serve

    return serve("127.0.0.1", args.port)


def fresh_home(folder: Path) -> Path:
    """An empty folder of the demonstration's own. Raises InputError for anybody else's folder."""
    home = folder.resolve()
    if home.exists():
        there = list(home.iterdir()) if home.is_dir() else [home]
        if there and not (home / MARK).is_file():
            raise InputError("this folder was not made by the demonstration", file=str(home),
                             mend="name another with --home, or empty this one yourself")
        shutil.rmtree(home)
    home.mkdir(parents=True, mode=0o700)
    (home / MARK).write_text("rebuilt by every run of `dinghai demo`\n", encoding="utf-8")
    (home / "documents").mkdir()
    return home


def _environment(home: Path) -> None:
    """The demonstration has its own database, clock and secret, whatever the shell says."""
    for name in ("DINGHAI_DATABASE_URL", "DINGHAI_DATABASE_ROLE", "DINGHAI_SECRET_KEY"):
        os.environ.pop(name, None)
    os.environ["DINGHAI_HOME"] = str(home)
    os.environ["DINGHAI_CLOCK"] = "dinghai_platform.core.clock.StandingClock"
    os.environ["DINGHAI_BIND"] = "127.0.0.1"
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS


def _start() -> None:
    import django

    django.setup()
    logging.getLogger().setLevel(logging.WARNING)
