"""The form of the workbench: every fact the terms ask for, with status, value and evidence.

Nothing here is stored: the form makes a `Trial` of what differs from the facts as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dinghai.documents.phrases import phrase
from dinghai.documents.readings import fact_name
from dinghai.foundation.clock import SHANGHAI
from dinghai.vocabulary.facts import Fact, fact
from dinghai_platform.claims.comparing import same_entry
from dinghai_platform.claims.fields import fact_field, initial_of, language, registry_value
from dinghai_platform.claims.forms import add_party_fields
from dinghai_platform.claims.models import Claim, LossItem
from dinghai_platform.claims.services import Trial, facts_stamp

KNOWN, ABSENT, UNKNOWN, TRUE, FALSE = "known", "absent", "unknown", "true", "false"
_REFERENCE = re.compile(r"[^\s,，、;；]+")
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact stands, and what is known of it. ``item`` None is the event."""

    item: int | None
    id: str
    known: Entry | None

    @property
    def key(self) -> str:
        """The name of its field."""
        return place_key(self.item, self.id)

    @property
    def definition(self) -> Fact:
        """The registry's entry."""
        return fact(self.id)


def place_key(item: int | None, identifier: str) -> str:
    """The name of a fact's field on the page."""
    return f"e.{identifier}" if item is None else f"i{item}.{identifier}"


class BenchForm(forms.Form):
    """Facts to try. ``places`` are all that may be changed here; others keep what they have."""

    stamp = forms.CharField(required=False, widget=forms.HiddenInput)
    note = forms.CharField(
        label=gettext_lazy("Why (goes on record)"), required=False, max_length=300)

    def __init__(
        self, *args: Any, claim: Claim, items: Sequence[LossItem], places: Iterable[Place],
        references: Iterable[str], **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.claim, self.items = claim, list(items)
        self.places = {place.key: place for place in places}
        self.references = set(references)
        self.fields["stamp"].initial = facts_stamp(claim)
        for place in self.places.values():
            self._add(place)
        for item in self.items:
            add_party_fields(self, claim, prefix=f"i{item.no}:", member=item.member,
                             supplier=item.supplier)

    def _add(self, place: Place) -> None:
        name = fact_name(place.id, language())
        boolean = place.definition.type == "boolean"
        status = forms.ChoiceField(
            choices=_statuses(boolean), required=False, initial=_status_of(place),
            label=_("%(fact)s: status") % {"fact": name})
        status.widget.attrs.update({"class": "form-select", "aria-label": status.label,
                                    "data-bench-status": ""})
        self.fields[f"{place.key}:status"] = status
        if not boolean:
            field = fact_field(place.definition)
            field.initial = initial_of(place.definition, _dict(place.known))
            kind = "form-select" if place.definition.type == "code" else "form-control"
            field.widget.attrs.update({"class": kind, "aria-label": name, "data-bench-value": ""})
            self.fields[place.key] = field
        label = _("%(fact)s: evidence") % {"fact": name}
        self.fields[f"{place.key}:evidence"] = forms.CharField(
            required=False, max_length=400, label=label,
            initial=" ".join((place.known or {}).get("evidence", ())),
            widget=forms.TextInput({"class": "form-control", "aria-label": label,
                                    "placeholder": "E-01 …", "data-bench-evidence": ""}))

    def clean(self) -> dict[str, Any]:
        """Every fact as an entry; the trial is what differs."""
        data: dict[str, Any] = super().clean() or {}
        self.entries: dict[str, Entry | None] = {}
        for key, place in self.places.items():
            try:
                self.entries[key] = self._entry(place, data)
            except forms.ValidationError as error:
                self.add_error(key if key in self.fields else f"{key}:status", error)
        return data

    def _entry(self, place: Place, data: Mapping[str, Any]) -> Entry | None:
        status = data.get(f"{place.key}:status") or UNKNOWN
        if status == UNKNOWN:
            return None
        evidence = self._evidence(place, data)
        if status == ABSENT:
            if place.definition.type == "list":
                return {"value": [], "evidence": evidence}
            return {"absent": True, "evidence": evidence}
        if status in {TRUE, FALSE}:
            return {"value": status == TRUE, "evidence": evidence}
        if place.key in self.errors:
            return place.known
        value = registry_value(place.definition, data.get(place.key))
        if value is None:
            raise forms.ValidationError(_("write a value, or choose “unknown”"))
        return {"value": _as_kept(place, value), "evidence": evidence}

    def _evidence(self, place: Place, data: Mapping[str, Any]) -> list[str]:
        cited = list(dict.fromkeys(_REFERENCE.findall(data.get(f"{place.key}:evidence") or "")))
        strange = [one for one in cited if one not in self.references]
        if strange:
            raise forms.ValidationError(
                _("there is no evidence %(reference)s") % {"reference": strange[0]})
        return cited

    def trial(self) -> Trial:
        """What differs from the facts as they stand."""
        event: dict[str, Any] = {}
        items: dict[int, dict[str, Any]] = {}
        for key, entry in self.entries.items():
            place = self.places[key]
            if not same_entry(place.known, entry):
                (event if place.item is None else items.setdefault(place.item, {}))[
                    place.id] = entry
        return Trial(event, items, self._parties())

    def _parties(self) -> dict[int, tuple[str, str]]:
        found = {}
        for item in self.items:
            member = self.cleaned_data.get(f"i{item.no}:member", item.member) or ""
            supplier = self.cleaned_data.get(f"i{item.no}:supplier", item.supplier) or ""
            if (member, supplier.strip()) != (item.member, item.supplier):
                found[item.no] = (member, supplier.strip())
        return found

    def problems(self) -> list[tuple[str, str, str]]:
        """What does not do: the fact's name, what is wrong, and its row."""
        found = []
        for name, errors in self.errors.items():
            key = name.removesuffix(":status").removesuffix(":evidence")
            place = self.places.get(key)
            title = fact_name(place.id, language()) if place else ""
            found += [(title, str(error), row_id(key) if place else "") for error in errors]
        return found


def row_id(key: str) -> str:
    """The id of a fact's row on the page."""
    return "fact-" + key.replace(".", "-")


def _statuses(boolean: bool) -> list[tuple[str, str]]:
    unknown = (UNKNOWN, _("unknown"))
    if boolean:
        return [(TRUE, phrase("truth.true", language())),
                (FALSE, phrase("truth.false", language())), (ABSENT, _("there is none")), unknown]
    return [(KNOWN, _("known")), (ABSENT, _("there is none")), unknown]


def _status_of(place: Place) -> str:
    entry = place.known
    if entry is None:
        return UNKNOWN
    if entry.get("absent") or entry.get("value") == []:
        return ABSENT
    if place.definition.type == "boolean":
        return TRUE if entry.get("value") else FALSE
    return KNOWN


def _dict(entry: Entry | None) -> dict[str, Any] | None:
    return dict(entry) if entry is not None else None


def _as_kept(place: Place, value: Any) -> Any:
    """A moment the form shows to the minute stays as it was kept where nobody changed it."""
    kept = (place.known or {}).get("value")
    if place.definition.type != "moment" or kept is None:
        return value
    shown = initial_of(place.definition, {"value": kept})
    local = shown.astimezone(SHANGHAI) if shown.tzinfo else shown.replace(tzinfo=SHANGHAI)
    return kept if local.replace(second=0, microsecond=0).isoformat() == value else value
