"""Write examples/residents/residents.csv: made-up people, by keyed draws, with seven faulty rows.

    python -m tools.example_residents

Identity numbers are of the area 110100, in which no card is issued.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dinghai.foundation.streams import uniforms
from dinghai.schemes.people import check_digit

FOLDER: Final = Path(__file__).parent.parent / "examples/residents"
HEADER: Final = "姓名,身份证号,手机号码,方案,是否同意,同意日期"
FAMILY: Final = "甲乙丙丁戊己庚辛壬癸"
GIVEN: Final = "子丑寅卯辰巳午未申酉戌亥"
PEOPLE: Final = 120


def rows() -> list[str]:
    """The lines of the list."""
    luck = uniforms(1, "example.residents", PEOPLE, 8)
    made = [_row(place, one.tolist()) for place, one in enumerate(luck)]
    identity = made[10].split(",")[1]
    made[17] = made[17].replace(",是,", ",否,")
    made[29] = made[29].replace(made[29].split(",")[1], "1.101E+17")
    made[41] = made[41].replace(made[41].split(",")[2], "010-12345678")
    made[53] = made[53].replace(made[53].split(",")[1], identity)
    made[66] = made[66].replace(made[66].split(",")[1], _identity("2015", 7))
    made[78] = made[78].rsplit(",", 1)[0] + ",2027-02-30"
    made[90] = made[90] + ',"'
    return made


def _row(place: int, luck: list[float]) -> str:
    name = FAMILY[int(luck[0] * 10)] + GIVEN[int(luck[1] * 12)] + GIVEN[int(luck[2] * 12)]
    plan = ("P1", "", "P5", "P5", "P5", "P10")[int(luck[3] * 6)]
    year = str(1945 + int(luck[4] * 60))
    return (f"{name},{_identity(year, place)},138{int(luck[5] * 10**8):08},{plan},是,"
            f"2026-11-{1 + int(luck[6] * 28):02}")


def _identity(year: str, place: int) -> str:
    first = f"110100{year}{1 + place % 12:02}{1 + place % 28:02}{place:03}"
    return first + check_digit(first)


def main() -> None:
    """Write the file."""
    (FOLDER / "residents.csv").write_text("\n".join([HEADER, *rows(), ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
