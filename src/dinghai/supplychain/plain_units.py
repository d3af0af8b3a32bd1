"""Amounts and shares of a document as people write them (`limit = "8000万"`, `share = "20%"`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dinghai.experience.own_values import CellFault
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault
from dinghai.supplychain.chain_cells import Kind, read_cell


def in_units(value: JSON, known: Mapping[str, tuple[str, Kind]], file: str | None,
             faults: list[Fault], path: str = "") -> JSON:
    """Plain data whose named values stand in fen and ppm.

    ``known`` gives for each plain name the name with its unit and the kind of cell; what cannot be
    read adds to ``faults`` and counts as zero until these are raised.
    """
    if isinstance(value, list):
        return [in_units(one, known, file, faults, f"{path}[{place}]")
                for place, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    out: dict[str, Any] = {}
    for name, one in value.items():
        field = f"{path}.{name}" if path else name
        found = known.get(name)
        if found is None or isinstance(one, dict | list):
            out[name] = in_units(one, known, file, faults, field)
            continue
        unit, kind = found
        if unit in value:
            faults.append(Fault(f"{name} and {unit} are the same", file, None, field,
                                "keep one of the two"))
            continue
        try:
            if isinstance(one, bool) or not isinstance(one, int | float | str):
                raise CellFault("this is not a number", 'write it like "8000万" or "20%"')
            out[unit] = read_cell(kind, str(one))
        except CellFault as fault:
            faults.append(Fault(fault.message, file, None, field, fault.mend))
            out[unit] = 0
    return out
