"""The statutory clocks of incidents and claims, read at a moment: running, paused, met, late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dinghai.documents.inputs import ClockLine
from dinghai.documents.phrases import has_phrase, phrase
from dinghai.documents.readings import law_words
from dinghai.vocabulary.clocks import clocks
from dinghai_platform.claims.models import Claim, Incident, ReportingDuty
from dinghai_platform.claims.words import PAUSES, word
from dinghai_platform.core import clock
from dinghai_platform.site.formats import duration_text, is_chinese, moment_text

TRANSLATED_STATES = (gettext_lazy("Running"), gettext_lazy("Paused"))
SOON = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One clock as it stands at a moment. ``remaining`` is seconds, negative when late."""

    clock: str
    name: str
    statute: str
    started_at: datetime | None
    due: datetime | None
    met_at: datetime | None
    state: str
    remaining: int | None
    reason: str = ""
    paused_seconds: int = 0
    certain: bool = True
    confidence: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it still runs (or is paused)."""
        return self.state in {"running", "paused", "late"} and self.met_at is None

    @property
    def is_urgent(self) -> bool:
        """Late, or due within two days."""
        return self.is_open and self.remaining is not None and (
            self.remaining < SOON.total_seconds())

    def to_line(self) -> ClockLine:
        """As documents take it."""
        return ClockLine(self.clock, self.started_at, self.due, self.met_at, self.paused_seconds)


def read_clock(
    clock_id: str,
    started_at: datetime | None,
    *,
    met_at: datetime | None = None,
    paused: timedelta = timedelta(0),
    is_paused: bool = False,
    reason: str = "",
    now: datetime | None = None,
    due: datetime | None = None,
) -> ClockReading:
    """One clock of the vocabulary from its start (None: not started yet)."""
    known = clocks()[clock_id]
    moment = now or clock.now()
    if due is None and started_at is not None:
        due = known.due(started_at, paused=paused if known.pausable else timedelta(0))
    at_once = known.unit == "at_once"
    # "At once" sets no minute: it is open until it is done, and never counted as late.
    state = ("met" if met_at else "running") if at_once and due is not None else _state(
        due, met_at, is_paused, moment)
    remaining = None
    if due is not None and met_at is None and state != "waiting" and not at_once:
        remaining = int((due - moment).total_seconds())
    return ClockReading(
        clock=clock_id, name=clock_name(clock_id), statute=_statute(known.statute),
        started_at=started_at,
        due=due, met_at=met_at, state=state, remaining=remaining,
        reason=reason or _said(met_at), paused_seconds=int(paused.total_seconds()),
        confidence=known.confidence)


def clock_name(clock_id: str) -> str:
    """What the clock asks for, in the language of the page."""
    known = clocks()[clock_id]
    return known.name_zh if is_chinese() else known.name_en


def clock_text(clock_id: str) -> str:
    """What the law asks for, as a sentence; empty where the documents have none."""
    code = f"clock.{clock_id}"
    return phrase(code, "zh" if is_chinese() else "en") if has_phrase(code) else ""


def _statute(statute: str) -> str:
    """The statute as cited: whole in Chinese, its head in English."""
    if is_chinese():
        return statute
    return law_words(statute.split("（")[0].split("；")[0], "en")


def _state(
    due: datetime | None, met_at: datetime | None, is_paused: bool, moment: datetime
) -> str:
    if due is None:
        return "waiting"
    if met_at is not None:
        return "met" if met_at <= due else "met_late"
    if is_paused:
        return "paused"
    return "late" if moment > due else "running"


def _said(met_at: datetime | None) -> str:
    return _("done %(moment)s") % {"moment": moment_text(met_at)} if met_at else ""


def duty_clock(duty: ReportingDuty, now: datetime | None = None) -> ClockReading:
    """The clock of one report to an authority."""
    reading = read_clock(
        duty.clock_id, duty.incident.discovered_at, met_at=duty.met_at, due=duty.due, now=now,
        reason="" if duty.certain or duty.met_at else _(
            "not certain: a person must judge the general clauses"))
    return ClockReading(**{**_fields(reading), "certain": duty.certain, "name": duty.name})


def incident_clocks(incident: Incident, now: datetime | None = None) -> list[ClockReading]:
    """Every report that is due from this incident."""
    return [duty_clock(duty, now) for duty in incident.duties.all() if duty.withdrawn_at is None]


def claim_clocks(claim: Claim, now: datetime | None = None) -> list[ClockReading]:
    """The clocks of one claim, with pauses taken off and their reasons."""
    moment = now or clock.now()
    pauses = list(claim.pauses.all())
    paused = sum((pause.length(moment) for pause in pauses), timedelta(0))
    waiting = [pause for pause in pauses if pause.ended_at is None]
    ended = claim.decided_at or claim.rejected_at or (
        claim.closed_at if claim.state == "closed" else None)
    reason = ""
    if paused:
        reason = _("%(why)s: %(length)s not counted") % {
            "why": word(PAUSES, pauses[-1].reason),
            "length": duration_text(int(paused.total_seconds()))}
    readings = [read_clock("CLK-CL-DEC", claim.received_at, met_at=ended, paused=paused,
                           is_paused=bool(waiting), reason=reason, now=moment)]
    for request in claim.requests.all():
        readings.append(read_clock(
            "CLK-CL-ONCE", request.requested_at, met_at=request.requested_at, now=moment,
            reason=_("second request: counted as a defect") if request.is_defect
            else _("asked once, %(moment)s") % {"moment": moment_text(request.requested_at)}))
    if claim.rejected_at:
        readings.append(read_clock("CLK-CL-REJ", claim.adjudicated_at, met_at=claim.rejected_at,
                                   now=moment))
    interim = next((one for one in claim.payments.all() if one.kind == "interim"), None)
    readings.append(read_clock(
        "CLK-CL-INT", claim.received_at, now=moment,
        met_at=interim.paid_at if interim else ended,
        reason=_("not needed: decided before") if ended and not interim else ""))
    readings.append(read_clock("CLK-CL-PAY", claim.agreed_at, met_at=claim.paid_at, now=moment))
    readings.append(read_clock("CLK-CL-LIM", claim.incident.discovered_at,
                               met_at=claim.paid_at, now=moment))
    return readings


def _fields(reading: ClockReading) -> dict[str, object]:
    return {name: getattr(reading, name) for name in ClockReading.__slots__}
