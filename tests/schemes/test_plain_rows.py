"""Rows told apart by kernels are those that reading one by one takes, with the same values."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dinghai.schemes.people import check_digit
from dinghai.schemes.plain_rows import PlainRules, plain_rows
from dinghai.schemes.resident_list import YES, Resident, read_resident
from tests.schemes.lists import AS_OF, SCHEME, identity

RULES = PlainRules.of(SCHEME, AS_OF, YES)
DAYS = st.dates(date(1930, 1, 1), date(2012, 12, 31))


plain_rows({name: ["x"] for name in ("name", "identity", "mobile", "consent", "consented_on")},
           ["P1"], RULES)  # compiles the kernels, which no deadline of an example need wait for


@st.composite
def identities(draw: st.DrawFn) -> str:
    born, area = draw(DAYS), draw(st.sampled_from(["110105", "440305", "810000", "000105", "99"]))
    first = (area + born.strftime("%Y%m%d") + f"{draw(st.integers(0, 999)):03}")[:17]
    text = first + (check_digit(first) if len(first) == 17 else "")
    if draw(st.booleans()):
        return text
    place = draw(st.integers(0, max(len(text) - 1, 0)))
    return text[:place] + draw(st.sampled_from("0123456789Xx １")) + text[place + 1:]


NEARLY = {
    "name": st.one_of(
        st.sampled_from(["张明远", "李静", "买买提·艾力", "张", "Anna Lee", "张明远 "]),
        st.text(max_size=25)),
    "identity": st.one_of(identities(), st.text(max_size=20)),
    "mobile": st.one_of(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
                        st.from_regex(r"[0-9]{10,12}", fullmatch=True), st.text(max_size=12)),
    "consent": st.sampled_from(["是", "yes", "否", "", "Y"]),
    "consented_on": st.one_of(
        st.dates(date(1980, 1, 1), date(2110, 1, 1)).map(date.isoformat),
        st.sampled_from(["2026-02-29", "2026-13-01", "2026/11/5", "20261105", "46331", "0"]),
        st.text(max_size=11)),
}


@given(st.lists(st.tuples(*NEARLY.values(), st.sampled_from(["P1", "P5", "p5", "P9", ""])),
                max_size=6))
def test_what_is_plain_is_read_to_the_same(rows: list[tuple[str, ...]]) -> None:
    texts = {name: [row[place] for row in rows] for place, name in enumerate(NEARLY)}
    plans = [row[-1] for row in rows]
    found = plain_rows(texts, plans, RULES)
    for place in np.flatnonzero(found.good).tolist():
        cells = {name: column[place] for name, column in texts.items()}
        one = read_resident(cells, plans[place], SCHEME, as_of=AS_OF)
        assert isinstance(one, Resident)
        assert (one.name, one.identity, one.mobile) == (
            cells["name"], cells["identity"], cells["mobile"])
        assert one.plan == found.plan[place]
        assert one.consented_on == date(1970, 1, 1) + timedelta(
            days=int(found.consented_on[place]))


@given(st.dates(date(1990, 1, 1), AS_OF), DAYS)
def test_good_rows_of_common_names_are_plain(consented: date, born: date) -> None:
    texts = {"name": ["王伟"], "identity": [identity(7, born=born.strftime("%Y%m%d"))],
             "mobile": ["13800000000"], "consent": ["是"], "consented_on": [consented.isoformat()]}
    found = plain_rows(texts, ["P1"], RULES)
    age = 2027 - born.year - int((born.month, born.day) > (1, 1))
    assert bool(found.good[0]) == (18 <= age <= 85)
    if found.good[0]:
        assert found.consented_on[0] == (consented - date(1970, 1, 1)).days


def test_nothing_is_plain_of_no_rows() -> None:
    assert len(plain_rows({name: [] for name in NEARLY}, [], RULES).good) == 0
