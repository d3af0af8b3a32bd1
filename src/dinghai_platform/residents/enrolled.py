"""Who of many is in the register of a scheme already, asked by look-up hashes, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

import numpy as np
from django.db import connection

from dinghai.schemes.persons_twice import WIDTH, as_pairs, sorted_places
from dinghai_platform.residents.mass_rows import key_of
from dinghai_platform.residents.models import EnrolledPerson, Enrolment, ResidentScheme

_AT_ONCE: Final = 5_000
Mask = np.ndarray[Any, np.dtype[np.bool_]]


def has_anybody(scheme: ResidentScheme) -> bool:
    """Whether anything of a scheme is sealed: of one that begins, nobody need be looked for."""
    found: bool = Enrolment.objects.within(scheme.tenant_id).filter(
        scheme=scheme, state=Enrolment.State.SEALED).exists()
    return found


def enrolled_places(scheme: ResidentScheme, hashes: Iterable[bytes]) -> Iterator[int]:
    """The places of hashes whose persons are enrolled. Past the ORM, which takes longer over a few
    thousand hashes than the database; hashes in their order find their neighbours' pages read."""
    if not has_anybody(scheme):
        return
    rest, start, tenant = iter(hashes), 0, key_of(scheme.tenant)
    while part := list(islice(rest, _AT_ONCE)):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT look_up FROM {EnrolledPerson._meta.db_table} WHERE tenant_id = %s"
                f" AND look_up IN ({', '.join(['%s'] * len(part))})", [tenant, *part])
            found = {bytes(one) for one, in cursor.fetchall()}
        yield from (start + at for at, one in enumerate(part) if one in found)
        start += len(part)


def enrolled_of(scheme: ResidentScheme) -> Callable[[bytes], Mask]:
    """What says of hashes, one after another, whose person is enrolled in a scheme."""
    def ask(hashes: bytes) -> Mask:
        found = np.zeros(len(hashes) // WIDTH, dtype=np.bool_)
        if has_anybody(scheme):
            order = sorted_places(as_pairs(hashes))
            places = np.fromiter(enrolled_places(scheme, (
                hashes[at * WIDTH:(at + 1) * WIDTH] for at in order)), dtype=np.int64)
            found[order[places]] = True
        return found
    return ask
