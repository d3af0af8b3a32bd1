"""The catalogue's API: products on sale."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["products"])
