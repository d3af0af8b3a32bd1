"""Studies of a programme: asked for by a verb, computed by a job outside any transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from django.db import transaction

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.foundation.reading import plain
from dinghai.pricing.floating import load_float_rule
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_float import Feeds, FloatBase, float_chain
from dinghai.supplychain.chain_float_document import float_document
from dinghai.supplychain.chain_model import chain_model
from dinghai.supplychain.node_levels import level_state
from dinghai.supplychain.sharing import share_chain
from dinghai.supplychain.sharing_document import shares_document
from dinghai_platform.catalogue.queries import epss_in_force, kev_in_force
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.models import ChainVersion
from dinghai_platform.chains.queries import levels_found
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.permissions import require
from dinghai_platform.programmes.engine import agreement_of
from dinghai_platform.programmes.models import Member, Programme, Study
from dinghai_platform.programmes.services.common import held_open
from dinghai_platform.programmes.services.standings import keep_standings

STUDY: Final = "programmes.study"
LEAST_RUNS: Final = 100
MOST_RUNS: Final = 200_000
MOST_ATTEMPTS: Final = 10_000
MOST_SEED: Final = 2_147_483_647
FIXES: Final = 5
"""Leading fixes weighed for each member that has an organisation here."""


@transaction.atomic
def start_study(
    programme: Programme, *, kind: str, runs: int, seed: int, actor: Actor,
    after: ChainVersion | None = None,
) -> Study:
    """Queue a study: ``runs`` years of shares, or attempts of a float between the programme's
    version and ``after``.

    Raises InputError for figures out of bounds, a version of another chain, or none; Refusal while
    a study of this kind goes on.
    """
    require(actor, "programmes.study", programme)
    row = held_open(programme)
    most = MOST_RUNS if kind == Study.Kind.SHARES else MOST_ATTEMPTS
    if kind not in Study.Kind.values or not LEAST_RUNS <= runs <= most:
        raise InputError("so much is not simulated here", field="runs",
                         mend=f"give {LEAST_RUNS} to {most}")
    if not 0 <= seed <= MOST_SEED:
        raise InputError("there is no such seed", field="seed",
                         mend=f"give a whole number from 0 to {MOST_SEED}")
    if kind == Study.Kind.FLOAT and (after is None or after.chain_id != row.chain_id):
        raise InputError("it is not said with which version the programme is compared",
                         field="after", mend="choose a version of its chain")
    if Study.objects.within(row.tenant_id).filter(
            programme=row, kind=kind, state=Study.State.RUNNING,
            job__state__in=("queued", "running")).exists():
        raise Refusal("another study of this kind goes on",
                      reasons=["wait for it or cancel its job"])
    study = Study.objects.create(
        tenant=row.tenant, owner=row.owner, programme=row, kind=kind,
        after=after if kind == Study.Kind.FLOAT else None, runs=runs, seed=seed,
        day=clock.today(), asked_by=actor.user)
    study.job = jobs.start_job(STUDY, {"study": str(study.pk)}, actor=actor, tenant=row.tenant,
                               title=f"{row.number} {study.get_kind_display()}", total=1)
    study.save(update_fields=("job",))
    audit.append(actor, "programmes.study_started", study, {
        "number": row.number, "kind": kind, "runs": runs, "seed": seed,
        "after": after.document_hash if after else ""})
    return study


@dataclass(frozen=True, slots=True)
class Made:
    """What a study prepared: its document, or why there is none."""

    document: Mapping[str, Any] | None
    fault: Fault | None = None


def prepare_study(step: Step) -> Made | None:
    """Compute a study, outside any transaction; None for one that is over."""
    study = _study_of(step)
    if study.state != Study.State.RUNNING:
        return None
    try:
        return Made(_shares(study) if study.kind == Study.Kind.SHARES else _float(study))
    except InputError as error:
        return Made(None, error.fault)


def _feeds(study: Study, day: date) -> Feeds:
    return Feeds(kev_in_force(study.tenant, day), epss_in_force(study.tenant, day))


def _shares(study: Study) -> dict[str, Any]:
    programme = study.programme
    chain, feeds = chain_of_version(programme.version), _feeds(study, study.day)
    model = chain_model(chain, kev=feeds.kev, epss=feeds.epss)
    return shares_document(share_chain(
        model, agreement_of(programme), years=study.runs, seed=study.seed,
        premium_fen=programme.premium_fen))


def _float(study: Study) -> dict[str, Any]:
    programme, after_version = study.programme, study.after
    assert after_version is not None
    chain, after = chain_of_version(programme.version), chain_of_version(after_version)
    bound, now = _feeds(study, _agreed_on(programme)), _feeds(study, study.day)
    model = chain_model(chain, kev=bound.kev, epss=bound.epss)
    base = FloatBase(model, bound, study.runs, study.seed)
    found = float_chain(base, after, now, premium_fen=programme.premium_fen)
    rule = load_float_rule(model.cover.policy.product.rating.float_rule)
    on = min(max(study.day, programme.inception), programme.expiry)
    members = _enrolled(programme, chain)
    everybody = float_document(found, rule, on=on, inception=programme.inception,
                               expiry=programme.expiry, firms=sorted(members))
    with_page = [place for place, page in members.items() if page]
    fixes = float_document(found, rule, on=on, inception=programme.inception,
                           expiry=programme.expiry, firms=with_page, fixes=FIXES)
    levels = _levels(study, after_version, after, now)
    return {**everybody, "fixes": {one["id"]: one["fixes"] for one in fixes["firms"]},
            "levels": [{"id": one["id"], "grade": one["grade"], "index_ppm": one["index_ppm"]}
                       for one in levels["nodes"] if one["id"] in chain.firm],
            "rule_agreeing_readings": rule.agreeing_readings, "levels_on": levels["on"],
            "tables": {"at_bind": _days(bound), "now": _days(now)}}


def _agreed_on(programme: Programme) -> date:
    """The day whose threat tables the premium was agreed by: nobody had later ones."""
    return max(programme.version.as_of, programme.created_at.astimezone(SHANGHAI).date())


def _days(feeds: Feeds) -> dict[str, str | None]:
    return {"kev": feeds.kev.as_of.isoformat() if feeds.kev else None,
            "epss": feeds.epss.as_of.isoformat() if feeds.epss else None}


def _levels(
    study: Study, version: ChainVersion, chain: Chain, now: Feeds
) -> Mapping[str, Any]:
    """The levels of a version's nodes: those of its last run on the same threat tables, so that
    the chain's pages and the members' say the same, else worked out here."""
    assert now.kev is not None
    found = levels_found(version, kev_as_of=now.kev.as_of,
                         epss_as_of=now.epss.as_of if now.epss else None)
    if found is not None:
        return found
    return cast(Mapping[str, Any], plain(level_state(
        chain, kev=now.kev, epss=now.epss, on=study.day, seed=study.seed).reading))


def _enrolled(programme: Programme, chain: Chain) -> dict[int, bool]:
    """Places of enrolled members, and whether anybody reads their page."""
    firms = dict(Member.objects.within(programme.tenant_id).filter(
        programme=programme, state=Member.State.ENROLLED).values_list("firm", "organisation"))
    return {place: firms[firm.id] is not None for place, firm in enumerate(chain.firms)
            if firm.id in firms}


def write_study(step: Step) -> Progress:
    """Keep what was found, and of a float where each member stands."""
    study, made = _study_of(step), step.prepared
    if made is None or study.state != Study.State.RUNNING:
        return Progress(1, 1, finished=True, result={"study": str(study.pk)})
    study.finished_at = clock.now()
    if made.document is None:
        study.state, study.fault = Study.State.FAILED, made.fault.to_dict()
        study.save(update_fields=("state", "fault", "finished_at"))
        audit.append(step.actor, "programmes.study_failed", study, {"kind": study.kind})
        return Progress(1, 1, finished=True, result={"state": study.state})
    study.document = dict(made.document)
    study.document_hash, study.state = document_hash(study.document), Study.State.DONE
    study.save(update_fields=("document", "document_hash", "state", "finished_at"))
    if study.kind == Study.Kind.FLOAT:
        keep_standings(study)
    audit.append(step.actor, "programmes.study_kept", study, {
        "kind": study.kind, "hash": study.document_hash})
    return Progress(1, 1, result={"study": str(study.pk), "state": study.state})


def _study_of(step: Step) -> Study:
    found: Study = Study.objects.within(step.tenant).select_related(
        "tenant", "owner", "programme__version", "after").get(pk=step.arguments["study"])
    return found
