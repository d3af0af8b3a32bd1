"""The register: who is found how, figures to the fen, and proofs that need no database."""

from __future__ import annotations

import json

import msgspec
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from dinghai.cli.main import main
from dinghai.foundation.errors import InputError
from dinghai.schemes.resident_certificate import check_proof, read_code
from dinghai_platform.core.checkpoints import public_key_hex
from dinghai_platform.residents import reading
from dinghai_platform.residents.proofs import code_of, number_of, proof_of
from dinghai_platform.residents.queries import certificates, figures, search
from tests.platform.residents.conftest import listed, row

pytestmark = pytest.mark.django_db
OTHER = "ab" * 32


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(reading, "ROWS", 7)


@pytest.fixture
def many(enrol):
    """Twenty people, of whom five share a masked name."""
    return enrol(listed([row(number, name="李静怡" if number % 4 == 0 else "张明远")
                         for number in range(20)]))


def test_who_is_found_how(many, underwriter):
    every = search(underwriter, "")
    assert len(every) == 20
    one = every[8]
    assert search(underwriter, number_of(one)) == [one]
    assert search(underwriter, str(one.pk)) == [one]
    assert search(underwriter, number_of(one).upper()) == [one]
    assert search(underwriter, f"street-2028-{one.pk:010}") == [], "of another scheme"
    assert search(underwriter, row(8).split(",")[1]) == [one]
    assert [len(search(underwriter, text)) for text in ("李静怡", "李**", "李静", "王**")] == [
        5, 5, 0, 0]
    assert search(underwriter, "张**", after=every[10].pk, most=3) == [
        row for row in every[11:] if row.masked_name == "张**"][:3]
    assert search(underwriter, "99999") == [] == search(underwriter, row(77).split(",")[1])


def test_pages_go_through_the_register_once(many, enrol, underwriter):
    """Twenty people in chunks of seven, then a second list: pages of three meet at every seam."""
    enrol(listed([row(number) for number in range(30, 35)]), name="second.csv")
    seen, after = [], 0
    while part := search(underwriter, "", after=after, most=3):
        seen += [one.pk for one in part]
        after = seen[-1]
    assert seen == [one.pk for one in search(underwriter, "")]
    assert len(seen) == 25


def test_no_search_sorts_what_it_finds(many, underwriter):
    """What a database would sort first is what is slow in a register of millions."""
    rows = certificates(underwriter).filter(id__gt=0)
    for plan in (rows[:50].explain(), rows.filter(masked_name="李**")[:50].explain()):
        assert connection.vendor == "postgresql" or "TEMP B-TREE" not in plan
        assert connection.vendor == "postgresql" or "residents_certificate" in plan


def test_others_find_nothing(many, act_as, other_insurer, insured):
    stranger = act_as("underwriter", other_insurer)
    assert search(stranger, "") == [] == figures(stranger)
    assert search(stranger, row(8).split(",")[1]) == []
    with pytest.raises(PermissionDenied):
        search(act_as("insured_admin", insured), "")


def test_figures_agree_with_the_register(many, enrol, underwriter):
    enrol(listed([row(number, plan="P1") for number in range(15, 25)]), "second.csv")
    (found,) = figures(underwriter)
    assert (found.lists, found.certificates, found.rejected) == (2, 25, 5)
    plans = [one.plan for one in certificates(underwriter)]
    assert found.premium_fen == 300 * plans.count(0) + 1_200 * plans.count(1)
    assert found.sum_insured_fen == 1_000_000 * plans.count(0) + 5_000_000 * plans.count(1)
    assert (found.average_premium_fen, found.rate_ppm) == (1_020, 243)  # 25,500 ÷ 25; ÷ 105m


def test_a_scheme_without_anybody_has_no_averages(scheme, underwriter):
    (found,) = figures(underwriter)
    assert (found.certificates, found.average_premium_fen, found.rate_ppm) == (0, None, None)


def test_a_code_says_what_was_issued(many, underwriter):
    one = search(underwriter, "")[3]
    code = code_of(one)
    facts = read_code(code, public_key_hex())
    assert (facts.number, facts.holder, facts.sum_insured_fen) == (
        number_of(one), "张**", 5_000_000)
    assert facts.identity == "1101************" + row(3).split(",")[1][-2:]
    assert len(code) < 700
    head, body, signature = code.split(".")
    for broken in (f"{head}.{body[:-2]}.{signature}", f"{head}.{body}", "DINGHAI1..", code[1:],
                   f"{head}.{body}é.{signature}"):
        with pytest.raises(InputError):
            read_code(broken, public_key_hex())
    with pytest.raises(InputError, match="signature"):
        read_code(code, OTHER)
    with pytest.raises(InputError, match="public key"):
        read_code(code, "zz")


def test_a_code_of_which_any_letter_was_changed_does_not_hold(many, underwriter):
    code, key = code_of(search(underwriter, "")[3]), public_key_hex()
    for place, letter in enumerate(code):
        with pytest.raises(InputError):
            read_code(f"{code[:place]}{chr(ord(letter) + 1)}{code[place + 1:]}", key)


@pytest.mark.parametrize("place", [0, 6, 7, 19])
def test_a_proof_holds_without_the_database(many, underwriter, place, tmp_path, capsys):
    one = search(underwriter, "")[place]
    proof = msgspec.to_builtins(proof_of(one))
    assert check_proof(proof, public_key_hex()).number == one.pk
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof))
    assert main(["residents", "verify", str(path), "--public-key", public_key_hex()]) == 0
    assert main(["residents", "verify", code_of(one), "--public-key", public_key_hex()]) == 0
    assert f"Certificate {one.pk} is one of 20" in capsys.readouterr().out
    assert main(["residents", "verify", str(path), "--public-key", OTHER]) == 2


@pytest.mark.parametrize("field", ["number", "leaf", "chunk_root", "root", "certificates"])
def test_a_proof_of_which_anything_was_changed_does_not_hold(many, underwriter, field):
    proof = msgspec.to_builtins(proof_of(search(underwriter, "")[9]))
    holder = proof if field in proof else proof["sealed"]
    value = holder[field]
    holder[field] = value + 1 if isinstance(value, int) else value[:-1] + (
        "0" if value[-1] != "0" else "1")
    with pytest.raises(InputError):
        check_proof(proof, public_key_hex())
