"""The readings of every product in both languages: nothing raw, every term said, plain texts."""

from __future__ import annotations

import io
import re
from datetime import date
from functools import cache

import pytest
from pypdf import PdfReader

from dinghai.documents.blocks import Clause, Document
from dinghai.documents.booklet import clause_booklet, render_clause_booklet
from dinghai.documents.explanation import explanation_checklist
from dinghai.documents.guide import product_guide, render_product_guide
from dinghai.documents.phrases import LANGUAGES, Language
from dinghai.documents.schedule import policy_schedule
from dinghai.documents.specimen import specimen_policy
from dinghai.documents.terms_list import render_terms_list, terms_list
from dinghai.documents.typesetting import set_one_page
from dinghai.documents.webpage import set_html
from dinghai.documents.worked_sheet import render_worked_examples, worked_sheet
from dinghai.foundation.errors import InputError
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.products import load_product
from dinghai.wording.schema import Product
from tests.documents.library import NAMES, every_cover, every_term, raw_codes, texts_of

DAY = date(2026, 3, 28)
CJK = re.compile(r"[\u4e00-\u9fff]")
EVERY = (*NAMES, "every cover", "every term")


def product_of(name: str) -> Product:
    if name == "every cover":
        return every_cover()
    return every_term() if name == "every term" else load_product(name)


@cache
def papers(name: str, language: Language) -> dict[str, Document]:
    """Every paper about a product, and about its specimen policy."""
    product = product_of(name)
    policy = specimen_policy(product).to_dict()
    made = {}
    for label, source in (("product", product.to_dict()), ("policy", policy)):
        made[f"booklet of {label}"] = clause_booklet(source, issued_on=DAY, language=language)
        made[f"guide of {label}"] = product_guide(source, issued_on=DAY, language=language)
        made[f"terms of {label}"] = terms_list(source, issued_on=DAY, language=language)
    made["examples"] = worked_sheet(product.to_dict(), issued_on=DAY, language=language)
    made["checklist"] = explanation_checklist(policy, issued_on=DAY, language=language)
    made["schedule"] = policy_schedule(policy, issued_on=DAY, language=language)
    return made


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", EVERY)
def test_no_code_and_no_open_place_is_left(name: str, language: Language) -> None:
    for label, paper in papers(name, language).items():
        assert raw_codes(texts_of(paper)) == set(), label


@pytest.mark.parametrize("name", EVERY)
def test_every_paper_makes_a_page_of_its_own(name: str) -> None:
    for language in LANGUAGES:
        for label, paper in papers(name, language).items():
            html = set_html(paper)
            assert html.startswith("<!doctype html>") and "</html>" in html, label
            assert " style=" not in html and "<script" not in html and "<link" not in html


@pytest.mark.parametrize("name", NAMES)
def test_the_booklet_says_every_clause(name: str) -> None:
    product = load_product(name)
    for language in LANGUAGES:
        booklet = papers(name, language)["booklet of product"]
        clauses = [one for one in booklet.blocks if isinstance(one, Clause)]
        numbers = {one.number for one in clauses}
        parts = (*product.sections, *product.towers, *product.exclusions, *product.shared_limits,
                 *product.obligations, *product.services, *product.layers)
        assert {one.clause for one in parts if one.clause} - numbers == set()
        text = texts_of(booklet)
        for one in product.exclusions:
            assert (one.text_zh if language == "zh" else one.text_en) in text


def test_own_numbers_never_collide_with_given_ones() -> None:
    for name in EVERY:
        booklet = papers(name, "zh")["booklet of product"]
        product = product_of(name)
        given = {one.clause for one in (*product.sections, *product.exclusions)}
        numbers = [one.number for one in booklet.blocks if isinstance(one, Clause)
                   and one.number not in given]
        assert len(numbers) == len(set(numbers)), name


def test_everything_the_language_has_is_said() -> None:
    booklet = papers("every term", "en")["booklet of product"]
    text = texts_of(booklet)
    for words in (
        "3 times the annual service fee", "each insured has its own",
        "does not erode the aggregate limit", "¥700,000.00 in one event",
        "Optional; taken or left together with", "The event deductible is still taken",
        "at most ¥9.00", "at least ¥0.50", "1% of the sublimit",
        "takes part in the event deductible",
        "the limit includes the retention", "the lower of ¥0.05", "Agreed uplift", "30 days",
        "Nothing is paid before these facts are known", "At most 90 days from the start",
        "Where the sum insured is below the insurable value", "written consent",
        "the vendor the policy designates", "the scheduled suppliers", "Stock and waiting run",
        "claims of one event count as made", "later claims from it count", "after expiry",
        "of “Contracted protection (Gbps) (20)” to “Peak of the attack”",
        "waiting times rise by 6 hours", "12.5%", "above 10 days", "LMA 5567A",
        "it is added on top", "cover is declined then", "Only for",
        "commercial contribution, not insurance", "10%; not placed", "The insurer bears it whole",
        "comes back 2 times", "does not share with it", "proportion of premium paid",
        "Defence costs of liability sections", "given as a service", "Annual service fee",
        "each event", "Its own waiting.", "Filed one.", "备案原文二。", "Post-event rescue",
    ):
        assert words in text, words
    first = next(one for one in booklet.blocks if isinstance(one, Clause) and one.number == "甲一")
    assert first.filed == ("Filed clause 甲一", "Filed one.")


def test_a_contribution_is_never_called_insurance() -> None:
    text = texts_of(papers("supply-chain-programme", "zh")["booklet of product"])
    assert "保险法6条" in text
    assert "20%；商业分担，不是保险赔款" in text and "70%；保险赔款" in text


def test_every_term_to_explain_is_on_the_checklist_and_on_the_list() -> None:
    for name in EVERY:
        policy = specimen_policy(product_of(name))
        for language in LANGUAGES:
            checklist = texts_of(papers(name, language)["checklist"])
            listed = texts_of(papers(name, language)["terms of policy"])
            for term in terms_to_explain(policy):
                words = term.name_zh if language == "zh" else term.name_en
                assert words in checklist and words in listed, (name, term.key)


def test_percentage_retentions_are_explained_by_their_percentage() -> None:
    policy = specimen_policy(load_product("supply-chain-programme"))
    text = texts_of(explanation_checklist(policy.to_dict(), issued_on=DAY))
    assert "供应商网络安全责任免赔：损失的 10%；不少于 ¥50,000.00；不超过 ¥500,000.00" in text


def test_what_is_listed_is_highlighted_and_statutory_rules_are_not() -> None:
    paper = papers("cyber-comprehensive-standard", "zh")["terms of product"]
    clauses = [one for one in paper.blocks if isinstance(one, Clause)]
    plain = {one.number for one in clauses if not one.shaded}
    assert plain == {one.clause for one in load_product("cyber-comprehensive-standard").exclusions
                     if one.duty == "none"}


def test_plain_texts_are_short() -> None:
    for name in NAMES:
        product = load_product(name)
        for part in (*product.sections, *product.towers, *product.exclusions):
            assert 0 < len(part.plain_zh) <= 120, (name, part.clause)
            assert 0 < len(part.plain_en) <= 120, (name, part.clause)


@pytest.mark.parametrize("name", EVERY)
def test_the_guide_fits_one_page(name: str) -> None:
    source = product_of(name).to_dict()
    for language in LANGUAGES:
        pdf = render_product_guide(source, issued_on=DAY, language=language)
        assert len(PdfReader(io.BytesIO(pdf)).pages) == 1


def test_a_guide_that_fits_no_page_says_so() -> None:
    source = every_cover().to_dict()
    longest = product_guide(source, issued_on=DAY)
    with pytest.raises(InputError, match="one page"):
        set_one_page([longest])


@pytest.mark.parametrize("language", LANGUAGES)
def test_papers_can_be_set(language: Language) -> None:
    source = every_term().to_dict()
    for render in (render_clause_booklet, render_terms_list, render_worked_examples):
        assert render(source, issued_on=DAY, language=language).startswith(b"%PDF")


def test_english_is_english() -> None:
    """Only names that users and laws give are Chinese in an English paper."""
    for name in NAMES:
        for label, paper in papers(name, "en").items():
            lines = [one for one in texts_of(paper).split("\n") if CJK.search(one)]
            known = [one for one in lines if "grade 较大" in one or "人民币" in one]
            assert lines == known, (name, label)


def test_another_document_is_refused() -> None:
    with pytest.raises(InputError, match="policy nor a product"):
        product_guide({"schema": "x"}, issued_on=DAY)
    broken = {**every_term().to_dict(), "calculation_order": ["average"]}
    with pytest.raises(InputError, match="every stage once"):
        terms_list(broken, issued_on=DAY)
