"""Where each member stands after a float study: cut out of it, with nobody else in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dinghai.foundation.money import PPM, apply_ppm
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.programmes.models import Member, Standing, Study

_KEPT: Final = ("before", "caused_before_fen", "caused_after_fen", "own_ppm", "all_ppm", "se_ppm",
                "credibility_at_bind_ppm", "credibility_now_ppm", "score_before_ppm",
                "score_after_ppm", "factor_ppm", "premium_fen", "change_a_year_fen")
_OWN_TABLES: Final = ("controls", "weaknesses", "assets")


def keep_standings(study: Study) -> list[Standing]:
    """Keep each enrolled member's own part of a float study."""
    document, after = study.document, study.after
    assert document is not None and after is not None
    rows = {one["id"]: one for one in document["firms"]}
    levels = {one["id"]: one for one in document["levels"]}
    chain = chain_of_version(after)
    made: list[Standing] = []
    members = list(Member.objects.within(study.tenant_id).filter(
        programme=study.programme, state=Member.State.ENROLLED, firm__in=rows).order_by("id"))
    for member in members:
        own, level = rows[member.firm], levels.get(member.firm, {})
        member.grade = level.get("grade") or ""
        made.append(Standing(
            tenant=study.tenant, owner=study.owner, member=member, study=study,
            version_number=after.number, as_of=after.as_of, grade=member.grade,
            index_ppm=level.get("index_ppm"), score_ppm=own["score_after_ppm"],
            factor_ppm=own["factor_ppm"],
            document=_own_part(member, own, document, chain.controls_of.get(member.firm, ()))))
    Standing.objects.bulk_create(made)
    Member.objects.within(study.tenant_id).bulk_update(members, ("grade",))
    return made


def _own_part(
    member: Member, own: Mapping[str, Any], document: Mapping[str, Any], controls: Any
) -> dict[str, Any]:
    """Amounts of premium are of what this member pays for the whole period, however that was
    agreed: the study's are of the programme's premium as it would be allocated by causes."""
    return {
        **{name: own[name] for name in _KEPT}, "premium_fen": member.annual_fen,
        "change_a_year_fen": apply_ppm(member.annual_fen, own["factor_ppm"] - PPM),
        "on": document["on"], "rule": document["rule"],
        "reasons": [_effect(member, one) for one in own["reasons"]],
        "fixes": [_effect(member, one) for one in document["fixes"].get(own["id"], ())],
        "evidence": [{"table": one["table"], "subject": one["subject"],
                      "known_by": one["known_by"] if one["table"] != "links" else "",
                      "as_of": one["as_of"]}
                     for one in own.get("notice", {}).get("evidence", ())
                     if one["table"] in _OWN_TABLES],
        "appeal": own.get("notice", {}).get("appeal"),
        "controls": [{"indicator": one.indicator, "score_ppm": one.score_ppm,
                      "known_by": one.known_by,
                      "as_of": one.as_of.isoformat() if one.as_of else None}
                     for one in controls],
        "proposal": own["if_confirmed"]["proposal"],
    }


def _effect(member: Member, one: Mapping[str, Any]) -> dict[str, Any]:
    """What a change does. Of a link only that it is one: at its other end stands another firm."""
    return {"table": one["table"],
            "subject": one["subject"] if one["table"] in _OWN_TABLES else "",
            "factor_ppm": one["factor_ppm"],
            "premium_fen": apply_ppm(member.annual_fen, one["factor_ppm"]),
            "caused_fen": one["caused_fen"]}
