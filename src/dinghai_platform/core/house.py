"""How a room joins the house: one line in settings and one `HouseApp` configuration.

A room's package may hold, each found by its name: `urls.py` (pages, under `url_prefix`),
`api.py` with `router` (under /api/v1/`api_prefix`), `rules.py` (permissions), `handlers.py`
(job handlers), `templates/<label>/`, `locale/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import allowed


@dataclass(frozen=True, slots=True)
class MassUpload:
    """Addresses (a regular expression of whole paths) that take lists of millions from those who
    hold the permission."""

    path: str
    permission: str


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the menu, shown to those who hold the permission (to everybody with None).

    ``label`` is lazily translated text, ``url_name`` needs no arguments, ``section`` groups
    (underwriting, monitoring, claims, market, books, administration), ``order`` sorts within
    the whole menu, ``icon`` names a Tabler icon.
    """

    label: Any
    url_name: str
    permission: str | None = None
    section: str = "administration"
    order: int = 500
    icon: str = "point"


class HouseApp(AppConfig):
    """A room of the platform."""

    # Django takes the one configuration it finds in a room's apps.py; this base, imported there,
    # must not count as a second.
    default = False

    url_prefix: str | None = None
    """Pages of the room: "ledger/" mounts `<room>/urls.py` there; None has no pages."""
    api_prefix: str | None = None
    """API of the room: "ledger" mounts `<room>/api.py`'s `router` at /api/v1/ledger."""
    menu: tuple[MenuItem, ...] = ()
    mass_uploads: tuple[MassUpload, ...] = ()
    """Where bodies are bounded by DINGHAI_MASS_UPLOAD_MAXIMUM_BYTES."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.default = True

    def ready(self) -> None:
        """Load the room's job handlers."""
        self.module_named("handlers")

    def module_named(self, name: str) -> ModuleType | None:
        """A module of the room, or None when it has none of that name."""
        path = f"{self.name}.{name}"
        return import_module(path) if find_spec(path) else None


def house_apps() -> Iterator[HouseApp]:
    """The rooms in the order of settings."""
    for config in apps.get_app_configs():
        if isinstance(config, HouseApp):
            yield config


def menu_for(actor: Actor | None) -> list[MenuItem]:
    """The menu entries this actor may use, in order."""
    items = [item for room in house_apps() for item in room.menu]
    return sorted(
        (item for item in items if item.permission is None or allowed(actor, item.permission)),
        key=lambda item: item.order,
    )
