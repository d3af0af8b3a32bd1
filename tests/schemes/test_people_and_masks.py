"""Identity numbers, ages, mobile numbers, names and masks: golden cases and properties."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.experience.own_values import CellFault
from dinghai.schemes.people import (
    age_on,
    birth_of,
    check_digit,
    masked_identity,
    masked_mobile,
    masked_name,
    read_identity,
    read_mobile,
    read_name,
)
from tests.schemes.checked_lists import number

STANDARD = "11010519491231002X"


@pytest.mark.parametrize(("first", "last"), [
    ("11010519491231002", "X"), ("44052418800101001", "4"), ("81000019900307000", "7"),
    ("91115619900307000", "9")])
def test_check_digits_by_hand(first: str, last: str) -> None:
    """The last place stands in 10X98765432, counted from zero, at the weighted sum modulo 11.

    11010519491231002: 7+9+0+5+0+20+2+9+24+27+7+18+30+5+0+0+4 = 167 = 15×11 + 2: X.
    44052418800101001: 28+36+0+25+16+16+2+8+48+0+0+9+0+5+0+0+2 = 195 = 17×11 + 8: 4.
    81000019900307000: 56+9+0+0+0+0+2+9+54+0+0+27+0+35+0+0+0 = 192 = 17×11 + 5: 7.
    91115619900307000: 63+9+10+5+40+24+2+9+54+0+0+27+0+35+0+0+0 = 278 = 25×11 + 3: 9.
    """
    assert check_digit(first) == last


@pytest.mark.parametrize("written", [
    STANDARD, "11010519491231002x", " 11010519491231002X ", "'11010519491231002X",
    "`11010519491231002X", '="11010519491231002X"', "110105 19491231 002X",
    "１１０１０５１９４９１２３１００２Ｘ",
    "１１０１０５１９４９１２３１００２ｘ",
    "\u200b11010519491231002X\ufeff",
    "\t11010519491231002X", "\ufeff'11010519491231002X", "110105\u00a019491231\u3000002X"])
def test_what_spreadsheets_and_keyboards_do_to_a_number(written: str) -> None:
    assert read_identity(written) == STANDARD


@pytest.mark.parametrize("area", ["810000", "820000", "830000", "911156", "990000"])
def test_permits_and_foreigners_are_read(area: str) -> None:
    assert read_identity(number(1, area=area)) == number(1, area=area)


@pytest.mark.parametrize(("written", "message", "mend"), [
    ("110105491231002", "15 digits", "18 places"),
    ("1.10105E+17", "rounded", "as text"), ("1.10105194912310E+17", "rounded", "as text"),
    ("1E17", "rounded", "as text"), ("1.1e+17", "rounded", "as text"),
    ("110105194912310000", "rounded", "as text"),
    ("11010519491231002", "has 17", "card"), ("1101051949123100200", "has 19", "card"),
    ("1101051949123100XX", "X at its end", "card"), ("11010519491231O02X", "X at its end", "card"),
    ("110105194912310020", "does not check", "card"),
    ("110105194912310X02", "X at its end", "card"),
    ("11010519491321002X", "no day of birth", "card"),
    ("11010519490229002X", "no day of birth", "card"),
    ("11010500001231002X", "no day of birth", "card"),
    ("00010519491231002X", "begins with 00", "card"),
    ("84010519491231002X", "begins with 84", "card"),
    ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", "X at its end", "card"), ("王小明", "has 3", "card")])
def test_numbers_that_are_none(written: str, message: str, mend: str) -> None:
    with pytest.raises(CellFault, match=message) as found:
        read_identity(written)
    assert mend in found.value.mend
    _says_nothing_personal(found.value, written)


def _says_nothing_personal(fault: CellFault, written: str) -> None:
    bare = written.strip()
    pieces = {bare[at:at + 4] for at in range(len(bare) - 3)} or {bare}
    assert not [one for one in pieces if one in fault.message or one in fault.mend]


@given(st.integers(0, 10**17 - 1), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(first: int, place: int, more: int) -> None:
    right = f"{first:017d}"
    wrong = right[:place] + str((int(right[place]) + more) % 10) + right[place + 1:]
    assert check_digit(right) != check_digit(wrong)


@given(st.integers(0, 10**17 - 1), st.integers(0, 15))
def test_two_exchanged_digits_are_always_seen(first: int, place: int) -> None:
    right = f"{first:017d}"
    one, two = right[place], right[place + 1]
    wrong = right[:place] + two + one + right[place + 2:]
    assert (check_digit(right) == check_digit(wrong)) == (one == two)


@pytest.mark.parametrize(("born", "day", "age"), [
    ("2008-04-01", "2026-04-01", 18), ("2008-04-02", "2026-04-01", 17),
    ("2008-03-31", "2026-04-01", 18), ("2008-02-29", "2026-02-28", 17),
    ("2008-02-29", "2026-03-01", 18), ("2008-02-29", "2028-02-29", 20),
    ("2008-02-29", "2028-02-28", 19), ("2026-04-01", "2026-04-01", 0),
    ("1900-12-31", "2026-04-01", 125)])
def test_ages(born: str, day: str, age: int) -> None:
    assert age_on(date.fromisoformat(born), date.fromisoformat(day)) == age


@given(st.dates(date(1900, 1, 1), date(2020, 1, 1)), st.integers(0, 30_000))
def test_a_day_more_never_makes_younger_and_a_year_has_one_birthday(born: date, days: int) -> None:
    day = born + timedelta(days)
    assert age_on(born, day) <= age_on(born, day + timedelta(1)) <= age_on(born, day) + 1
    assert age_on(born, day.replace(year=day.year + 1, day=min(day.day, 28))) >= age_on(
        born, day.replace(day=min(day.day, 28))) + 1


@given(st.text("0123456789", min_size=8, max_size=8))
def test_the_day_of_birth_is_the_calendar_s(digits: str) -> None:
    found = birth_of(f"110101{digits}0010")
    try:
        wanted: date | None = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        wanted = None
    assert found == wanted


@pytest.mark.parametrize("written", [
    "13812345678", "+8613812345678", "008613812345678", "8613812345678", "138 1234 5678",
    "138-1234-5678", "+86 138-1234-5678", "(+86)13812345678", "'13812345678", '="13812345678"',
    "１３８１２３４５６７８", "＋８６１３８１２３４５６７８", " 13812345678\t"])
def test_mobile_numbers(written: str) -> None:
    assert read_mobile(written) == "13812345678"


@pytest.mark.parametrize("written", [
    "12812345678", "1381234567", "138123456789", "01012345678", "4008123123", "1.38123E+10",
    "13812345678/13912345678", "+85291234567", "13812345678a", "无", "86138123456789"])
def test_what_is_no_mobile_number(written: str) -> None:
    with pytest.raises(CellFault, match="no mobile number") as found:
        read_mobile(written)
    _says_nothing_personal(found.value, written)


@pytest.mark.parametrize(("written", "name"), [
    ("王小明", "王小明"), ("王 小明", "王小明"), ("王　小　明", "王小明"), (" 王明 ", "王明"),
    ("买买提·阿不都热合曼", "买买提·阿不都热合曼"), ("买买提•阿不都热合曼", "买买提·阿不都热合曼"),
    ("买买提・阿不都热合曼", "买买提·阿不都热合曼"), ("买买提.阿不都热合曼", "买买提·阿不都热合曼"),
    ("买买提．阿不都热合曼", "买买提·阿不都热合曼"), ("John Smith", "John Smith"),
    ("John  Q. Smith", None), ("John Smith Jr.", "John Smith Jr."),
    ("Ｊｏｈｎ Smith", "John Smith"),
    ("Anne-Marie O'Neil", "Anne-Marie O'Neil"), ("José Núñez", "José Núñez"),
    ("𠮷田", "𠮷田"), ("李〇", "李〇"), ("欧阳修", "欧阳修"),
    ("\ufeff王\u200b小明\u2060", "王小明"),
    ("迪丽热巴·迪力木拉提", "迪丽热巴·迪力木拉提")])
def test_names(written: str, name: str | None) -> None:
    if name is None:
        with pytest.raises(CellFault):
            read_name(written)
    else:
        assert read_name(written) == name


@pytest.mark.parametrize("written", [
    "王", "王小明3", "123", "王_明", "=cmd", "@SUM(A1)", "王\n1", "·王明", "王明·", "王··明",
    "王小明(代)", "<b>王</b>", "13812345678", "-王明", "王\0明", "😀😀", "--", "王/李"])
def test_what_is_no_name(written: str) -> None:
    with pytest.raises(CellFault, match="not the name") as found:
        read_name(written)
    assert written not in found.value.message


def test_a_name_has_at_most_fifty_characters() -> None:
    assert read_name("王" * 50) == "王" * 50
    with pytest.raises(CellFault, match="at most 50 characters, this has 51"):
        read_name("王" * 51)


READERS = (read_identity, read_mobile, read_name)
NEARLY = st.one_of(
    st.text(max_size=30), st.text("0123456789X .-+E·王明aA'=\"（", max_size=24),
    st.integers(0, 999).map(number), st.integers(0, 10**8 - 1).map(lambda one: f"138{one:08d}"))


@pytest.mark.parametrize("reader", READERS)
@given(text=NEARLY)
@settings(max_examples=200)
def test_what_was_read_reads_the_same_again(reader: Callable[[str], str], text: str) -> None:
    try:
        found = reader(text)
    except CellFault as fault:
        assert fault.message and fault.mend
        assert len(text.strip()) < 4 or text.strip() not in fault.message
        return
    assert reader(found) == found
    assert found[:1] not in "=+-@\t\r" or reader is read_identity


def test_masks() -> None:
    assert masked_identity(STANDARD) == "1101************2X"
    assert masked_mobile("13812345678") == "138****5678"
    assert (masked_name("王小明"), masked_name("王明"), masked_name("买买提·阿不都")) == (
        "王**", "王*", "买******")


@given(st.integers(0, 999), st.text("王小明李", min_size=2, max_size=50))
def test_masks_keep_the_length_and_hide_the_middle(place: int, name: str) -> None:
    identity = number(place)
    masked = masked_identity(identity)
    assert len(masked) == 18 and masked.count("*") == 12
    assert identity[6:14] not in masked
    assert masked_name(name) == name[0] + "*" * (len(name) - 1)
