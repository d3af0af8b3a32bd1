"""For whom products are compared: an enterprise whose dossier one sees, or an example.

An assessed dossier is named by its assessment, so that an address shows the same figures for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _

from dinghai.assessment.profile import Profile, read_profile
from dinghai.foundation.canonical import document_hash
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import allowed
from dinghai_platform.site.formats import day_text
from dinghai_platform.site.words import name_of
from dinghai_platform.underwriting.models import Assessment, Dossier

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
MOST_CHOICES = 200


@dataclass(frozen=True, slots=True)
class Enterprise:
    """An enterprise as products are compared for it. ``posture`` None: nothing known of controls.

    ``assessment`` is the row that the posture comes from.
    """

    key: str
    profile: Profile
    posture: Mapping[str, int | None] | None = None
    assessment: Assessment | None = None
    label: str = ""

    @property
    def name(self) -> str:
        """Its name in the language of the page."""
        return name_of(self.profile.organisation)

    @property
    def digest(self) -> str:
        """What a comparison reads of it, as one hash."""
        return document_hash({"profile": self.profile.to_dict(),
                              "posture": dict(self.posture) if self.posture is not None else None})


@cache
def examples() -> Mapping[str, Profile]:
    """The example profiles of a checkout, by folder; none where the platform runs without them."""
    return {
        one.parent.name: read_profile(one.read_text("utf-8"), one.parent.name)
        for one in sorted(EXAMPLES.glob("*/profile.toml"))
    }


def choices(actor: Actor) -> list[dict[str, Any]]:
    """Groups of what one may choose: own dossiers, newest first, then the examples."""
    groups = []
    if own := _own_choices(actor):
        groups.append({"label": _("Dossiers"), "options": own})
    if examples():
        groups.append({"label": _("Example enterprises"), "options": [
            (name, f"{name_of(profile.organisation)} · {name}")
            for name, profile in examples().items()]})
    return groups


def _own_choices(actor: Actor) -> list[tuple[str, str]]:
    if not allowed(actor, "underwriting.view"):
        return []
    dossiers = (
        Dossier.objects.visible_to(actor).filter(state=Dossier.State.SEALED)
        .select_related("insured", "case").only(
            "id", "version", "insured__name_zh", "insured__name_en", "case__number")
        .order_by("-id")[:MOST_CHOICES]
    )
    assessed: dict[Any, Assessment] = {}
    rows = (
        Assessment.objects.visible_to(actor).filter(dossier__in=[one.pk for one in dossiers])
        .only("id", "dossier_id", "as_of", "grade").order_by("id")
    )
    for row in rows:
        assessed[row.dossier_id] = row
    return [_choice(one, assessed.get(one.pk)) for one in dossiers]


def _choice(dossier: Dossier, assessment: Assessment | None) -> tuple[str, str]:
    said = f"{dossier.insured} · {dossier.case.number} v{dossier.version}"
    if assessment is None:
        return str(dossier.pk), f"{said} · {_('not assessed')}"
    return str(assessment.pk), f"{said} · {assessment.grade} · {day_text(assessment.as_of)}"


def enterprise_of(actor: Actor, key: str) -> Enterprise:
    """The enterprise of a key: an example's folder, an assessment or a dossier.

    Raises Http404: what one may not see and what is not are alike.
    """
    if key in examples():
        return Enterprise(key, examples()[key], label=key)
    try:
        wanted = UUID(key)
    except ValueError:
        raise Http404("no such enterprise") from None
    if not allowed(actor, "underwriting.view"):
        raise Http404("no such enterprise")
    assessment = (
        Assessment.objects.visible_to(actor).filter(pk=wanted)
        .select_related("dossier", "case", "insured").first()
    )
    if assessment is not None:
        return _assessed(key, assessment)
    dossier = (
        Dossier.objects.visible_to(actor).filter(pk=wanted, state=Dossier.State.SEALED)
        .select_related("case", "insured").first()
    )
    if dossier is None:
        raise Http404("no such enterprise")
    newest = (
        Assessment.objects.visible_to(actor).filter(dossier=dossier)
        .select_related("dossier", "case", "insured").order_by("-id").first()
    )
    if newest is not None:
        return _assessed(str(newest.pk), newest)
    return Enterprise(key, Profile.from_dict(dossier.statements["profile"]),
                      label=_choice(dossier, None)[1])


def _assessed(key: str, row: Assessment) -> Enterprise:
    return Enterprise(
        key, Profile.from_dict(row.dossier.statements["profile"]), row.document["posture"], row,
        _choice(row.dossier, row)[1])
