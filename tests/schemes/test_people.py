"""Identity numbers, mobile numbers and names: read, refused, masked."""

from __future__ import annotations

from datetime import date

import pytest

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


def test_the_check_of_the_standard_s_own_number() -> None:
    """Weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2 on 11010519491231002 sum to 167; 167 mod 11 is
    2, which stands for X."""
    assert check_digit("11010519491231002") == "X"
    assert read_identity("11010519491231002X") == "11010519491231002X"


@pytest.mark.parametrize("text", [
    "11010519491231002x", " 110105 19491231 002X ", "'11010519491231002X",
    '="11010519491231002X"', "１１０１０５１９４９１２３１００２Ｘ",
    "\ufeff11010519491231002X\u200b"])
def test_an_identity_number_as_people_and_spreadsheets_write_it(text: str) -> None:
    assert read_identity(text) == "11010519491231002X"


@pytest.mark.parametrize(("text", "said"), [
    ("110105194912310021", "does not check"), ("110105194912310002X", "has 18 places"),
    ("110105491231002", "15 digits"), ("1.10105E+17", "rounded"), ("11010519490231002X", "birth"),
    ("99010519491231002X", "check"), ("00010519491231002X", "no place"), ("", "18 places"),
    ("1101051949123100X2", "digits"), ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢٢", "digits"),
])
def test_what_is_no_identity_number(text: str, said: str) -> None:
    with pytest.raises(CellFault, match=said) as fault:
        read_identity(text)
    assert fault.value.mend
    assert len(text) < 15 or text not in fault.value.message


@pytest.mark.parametrize("begins", ["810000", "820000", "830000", "911100"])
def test_permits_and_foreigners_have_numbers_of_the_same_kind(begins: str) -> None:
    first = f"{begins}19900101001"
    assert read_identity(first + check_digit(first)) == first + check_digit(first)


@pytest.mark.parametrize(("born", "day", "age"), [
    (date(2009, 1, 1), date(2027, 1, 1), 18), (date(2009, 1, 2), date(2027, 1, 1), 17),
    (date(2008, 2, 29), date(2026, 2, 28), 17), (date(2008, 2, 29), date(2026, 3, 1), 18),
    (date(2008, 2, 29), date(2028, 2, 29), 20)])
def test_a_year_is_full_on_the_birthday(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age


def test_a_birthday_stands_in_the_number() -> None:
    assert birth_of("11010519491231002X") == date(1949, 12, 31)
    assert birth_of("110105194902310020") is None


@pytest.mark.parametrize("text", [
    "13812345678", "+86 138 1234 5678", "0086-138-1234-5678", "8613812345678",
    "１３８１２３４５６７８", "'13812345678", "(138)12345678"])
def test_a_mobile_number_in_its_forms(text: str) -> None:
    assert read_mobile(text) == "13812345678"


@pytest.mark.parametrize("text", ["12812345678", "1381234567", "138123456789", "010-12345678",
                                  "1.38E+10", "", "电话"])
def test_what_is_no_mobile_number(text: str) -> None:
    with pytest.raises(CellFault, match="mobile"):
        read_mobile(text)


@pytest.mark.parametrize(("text", "name"), [
    ("张明远", "张明远"), (" 张 明 远 ", "张明远"), ("买买提•艾力", "买买提·艾力"),
    ("迪丽热巴．艾合买提", "迪丽热巴·艾合买提"), ("Anna-Maria O'Neil", "Anna-Maria O'Neil"),
    ("㐂子", "㐂子")])
def test_names(text: str, name: str) -> None:
    assert read_name(text) == name


@pytest.mark.parametrize("text", ["张", "", "张明远1", "110105", "a" * 51, "<b>x</b>", "=1+1",
                                  "张明远\n李"])
def test_what_is_no_name(text: str) -> None:
    if text == "张明远\n李":
        assert read_name(text) == "张明远李"  # blanks between characters fall away
        return
    with pytest.raises(CellFault, match="name"):
        read_name(text)


def test_masks_leave_nobody_to_be_found() -> None:
    assert masked_identity("11010519491231002X") == "1101************2X"
    assert masked_mobile("13812345678") == "138****5678"
    assert [masked_name(one) for one in ("张明远", "欧阳", "买买提·艾力")] == [
        "张**", "欧*", "买*****"]
