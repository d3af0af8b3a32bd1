"""What the engine's readers of chains and layers say, for the translators.

Each sentence stands once, with its figures as ``%(a)s``, or ``%(w)s`` where that is one word and
``%(f)s`` where it is a field of a chain's row. The pattern that finds it in what the engine said
is made of it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _

from dinghai_platform.chains.words import FIELDS

SENTENCES: Final = (
    _("%(a)s is not a whole number"),
    _("write digits only"),
    _("%(a)s is neither true nor false"),
    _("write true or false (是, 否), or leave it empty when it is unknown"),
    _("%(a)s is not a date"),
    _("write it like 2026-03-02"),
    _("%(a)s is not a day of the calendar"),
    _("%(a)s is not a share"),
    _("'1' may be the whole or one percent"),
    _("write 100%% or 1%%"),
    _("%(a)s has more decimals than are kept"),
    _("write a share from 0%% to 100%%"),
    _("give a share from 0%% to 100%%"),
    _("%(a)s is not a duration"),
    _("write it with its unit, like 12h, 3d, 2周 or 90min"),
    _("%(a)s is no whole number of seconds"),
    _("round it"),
    _("write yuan, or a unit: 8000000, 800万, 1.2亿"),
    _("write the unit, for example 800万"),
    _("%(a)s has no unit"),
    _("%(a)s is not a unit of money"),
    _("%(a)s is not a whole number of fen"),
    _("round it to two decimals of a yuan"),
    _("%(a)s is larger than any amount accepted"),
    _("check the unit"),
    _("%(a)s is more than the whole"),
    _("%(a)s is below zero"),
    _("write zero or more"),
    _("the field is missing"),
    _("add %(w)s"),
    _("the file has no header"),
    _("the first line names the columns: %(a)s"),
    _("%(a)s fields where the header has %(b)s"),
    _("quote fields that hold commas"),
    _("did you mean %(a)s? known here: %(b)s"),
    _("known here: %(a)s"),
    _("did you mean %(a)s? it holds %(b)s"),
    _("it holds %(a)s"),
    _("%(a)s and %(b)s are the same column"),
    _("keep one of the two"),
    _("the column %(a)s is missing"),
    _("add it to the header"),
    _("add it to the header, or as %(a)s"),
    _("there is no field %(a)s"),
    _("the firm %(a)s has no asset %(b)s"),
    _("name an asset of assets.csv"),
    _("a value is missing"),
    _("write it: this may not be unknown"),
    _("write %(w)s"),
    _("and %(a)s more faults"),
    _("the text is neither UTF-8 nor GB 18030"),
    _("there is no firm %(a)s"),
    _("name the folder by the id of a firm"),
    _("a chain's folder has a %(a)s"),
    _("this is not what it should be"),
    _("the values are nested too deep"),
    _("%(a)s and %(b)s are the same"),
    _("this is not an amount"),
    _("write it like \"2亿\" or 200000000"),
    _("write an object: { … }"),
    _("see docs/reference/chain-files.md"),
    _("nobody uses the provider %(a)s"),
    _("add links of kind shared_provider from it"),
    _("%(a)s lies after the chain's day %(b)s"),
    _("mend the date, or the chain's as_of"),
    _("there is no asset %(a)s"),
    _("there is no firm or provider %(a)s"),
    _("%(a)s is no section of GB/T 4754"),
    _("write the section's letter, A to T"),
    _("write a letter, A to T"),
    _("%(a)s is not a unified social credit code"),
    _("18 characters with a valid check character (GB 32100-2015), or leave it out"),
    _("18 characters with a valid check character (GB 32100-2015)"),
    _("the role is %(a)s and the tier %(b)s"),
    _("the owner is tier 0, and every other firm tier 1 or more"),
    _("%(a)s is no path from the chain's folder"),
    _("write it like dossiers/NAME or ../NAME, with forward slashes"),
    _("the chain has a second owner"),
    _("one firm is the owner: %(a)s is already"),
    _("the text is empty"),
    _("the firm %(a)s stands twice"),
    _("the score of %(a)s stands twice"),
    _("the asset %(a)s stands twice"),
    _("the weakness %(a)s stands twice"),
    _("the provider %(a)s stands twice"),
    _("the link %(a)s stands twice"),
    _("the delivery %(a)s stands twice"),
    _("%(a)s is also the code of %(b)s"),
    _("give each firm its own, or take one of the two firms away"),
    _("a firm has no field %(a)s"),
    _("name fields of a firm, such as revenue_fen"),
    _("the firm %(a)s has not the role owner"),
    _("write role owner and tier 0 for it"),
    _("%(a)s is not an indicator"),
    _("codes run from GOV-01 to HUM-02"),
    _("a product stands twice"),
    _("neither a CVE nor a technique is named"),
    _("name one of them"),
    _("%(a)s is not a CVE"),
    _("write it like CVE-2024-12345"),
    _("%(a)s is no technique of ATT&CK"),
    _("%(a)s is also the id of a firm"),
    _("give each its own"),
    _("%(a)s is linked to itself"),
    _("a link leads from one firm or provider to another"),
    _("%(a)s is a firm, not a shared provider"),
    _("list it in providers.csv under an id of its own, or choose another kind"),
    _("%(a)s delivers to itself"),
    _("goods run from one firm to another"),
    _("%(a)s%% of the output of %(b)s stops without its deliveries"),
    _("the shares of one buyer, less what can be bought elsewhere, add up to at most 100%%"),
    _("%(a)s of tier %(b)s deals with nobody of tier %(c)s"),
    _("add its delivery or link, or mend its tier"),
    _("nothing is known of the controls of %(a)s"),
    _("import its questionnaire or its scans"),
    _("a text has spaces around it, or is empty"),
    _("take them away"),
    _("a text holds a control character"),
    _("write it on one line, in plain characters"),
    _("%(a)s of tier %(b)s names nobody it deals with"),
    _("add a column 供货对象 with the name of its buyer"),
    _("a revenue of nothing"),
    _("write the annual revenue, or leave it empty"),
    _("%(a)s is listed as owner, and the owner is %(b)s"),
    _("name the owner as in the chain, or mend the row"),
    _("with this delivery more than 100%% of the output of %(a)s would stop"),
    _("the shares of one buyer add up to at most 100%%: mend them, or state how much "
      "can be bought elsewhere"),
    _("the %(f)s of %(a)s is not known"),
    _("there is no other firm %(a)s in the list or the chain"),
    _("write the name as in its own row"),
    _("the text has more than %(a)s characters"),
    _("shorten it"),
    _("%(a)s is no role"),
    _("one of: 链主, 供应商, 经销商, 客户"),
    _("%(a)s is no tier"),
    _("write 1, 2, 3 or 一级, 二级, 三级"),
    _("the row names no firm"),
    _("write its name, or delete it"),
    _("%(a)s stands already in line %(b)s with the same delivery"),
    _("keep one of the two rows"),
    _("no column is the name of the firm"),
    _("%(a)s is no column of a supplier list"),
    _("there is no firm %(a)s in the list or the chain"),
    _("name it by its id, name or credit code"),
    _("%(a)s cannot be assumed"),
    _("%(a)s is out of bounds"),
    _("the list says nothing of attack links (远程接入, 数据交换, 软件更新 …): no attack can pass "
      "from these firms until links are added"),
    _("%(a)s is taken for the share of the buyer's output that stops without the "
      "delivery: check it"),
    _("no column is the tier: every new firm is taken for tier %(a)s"),
    _("%(a)s of line %(b)s has the id or the credit code of %(c)s: taken for the same firm"),
    _("%(a)s names no unit: numbers without one are days"),
    _("%(a)s has numbers above 1: its numbers are read as percent"),
    _("%(a)s may be %(b)s too, but %(c)s is taken for it"),
    _("write it, or say what to assume: --assume %(a)s"),
    _("say which it is: --columns name=HEADING; there are: %(a)s"),
    _("there is no firm %(a)s in the chain"),
    _("%(a)s has no layers"),
    _("give a file of layers"),
    _("name a firm's id, or say bearer: root_cause, sufferer or enrolled"),
    _("there is no layer"),
    _("give at least one"),
    _("nobody bears layer %(a)s"),
    _("name its participants with party, role and share"),
    _("the shares of layer %(a)s add up to %(b)s ppm"),
    _("let them sum to %(a)s or less"),
    _("this is not a number"),
    _("write it like \"8000万\" or \"20%%\""),
    _("layer %(a)s stands twice"),
    _("give each an id of its own"),
    _("layer %(a)s has no limit"),
    _("give an amount, such as 8000万"),
    _("layer %(a)s says shares of an aggregate that stands elsewhere"),
    _("give attachment and limit as amounts"),
    _("layer %(a)s attaches below the top of the one beneath"),
    _("attach at %(a)s fen or above"),
    _("%(a)s stands twice in layer %(b)s"),
    _("give it one share"),
    _("%(a)s is no supplier, and bears as %(b)s"),
    _("the change alters who is in the chain"),
    _("enrol or release members; a float compares the same ones"),
    _("%(a)s has no asset %(b)s"),
    _("list the asset, or name one it has"),
    _("an asset of %(a)s stands twice"),
    _("give each asset of a firm its own name"),
    _("there is no template %(a)s"),
    _("layer %(a)s bears more than is presented"),
    _("give what was decided"),
    _("all enrolled members bear a share, and nobody is enrolled"),
    _("give the members with their premiums"),
    _("%(a)s does not cover %(b)s"),
    _("name a supply-chain programme"),
)
_ANY: Final = ".+?"
_WORD: Final = r"\S+"


def in_words(text: str) -> str:
    """A sentence of the engine in the page's language; itself where it is not known."""
    for pattern, sentence in _patterns():
        if (match := pattern.fullmatch(text)) is not None:
            return _t(sentence) % {name: FIELDS.get(value, value) if name == "f" else value
                                   for name, value in match.groupdict().items()}
    return text


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The sentences with their patterns, the most definite first."""
    return tuple((_pattern(one), one) for one in sorted(SENTENCES, key=lambda one: (
        one.count("%("), -len(one))))


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w)\)s", sentence)  # text, name, text, name, … text
    return re.compile("".join(
        f"(?P<{part}>{_WORD if part == 'w' else _ANY})" if place % 2
        else re.escape(part.replace("%%", "%"))
        for place, part in enumerate(parts)), re.DOTALL)
