"""The icons a page may use: `icons.json` lists them, set-up draws them into one sprite."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString


@cache
def icon_names() -> frozenset[str]:
    """Names in the sprite."""
    text = files("dinghai_platform.site").joinpath("icons.json").read_text(encoding="utf-8")
    return frozenset(json.loads(text))


def icon_svg(name: str, label: str = "", size: str = "") -> SafeString:
    """One icon. With a label it speaks, without one it is decoration.

    Raises LookupError for an icon the sprite does not hold: add its name to icons.json.
    """
    if name not in icon_names():
        raise LookupError(f"the sprite has no icon {name!r}: add it to site/icons.json")
    address = f"{static('vendor/icons/sprite.svg')}#{name}"
    style = f"dh-icon dh-icon-{size}" if size else "dh-icon"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>',
            style,
            label,
            address,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>',
        style,
        address,
    )
