"""Forms of incidents and claims. They shape input; services decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from dinghai.documents.phrases import phrase, phrase_table
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import fact
from dinghai.vocabulary.grading import GRADES
from dinghai_platform.claims.contracts import (
    contract_of_number,
    contract_of_text,
    enterprise_policies,
    firm_policies,
)
from dinghai_platform.claims.fields import (
    LocalMomentField,
    fact_field,
    initial_of,
    language,
    registry_value,
    yuan_field,
)
from dinghai_platform.claims.models import Claim, EvidenceDocument, Incident, ResponseOrder
from dinghai_platform.claims.words import FAMILIES
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.small_firms.models import Policy as FirmPolicy

REPORTED_FACTS = (
    "event.system_interruption", "event.data_encryption", "event.extortion_threat",
    "event.personal_data_breach", "event.fraudulent_instruction",
)
TRIAGE_FACTS = (
    "notice.personal_data_persons", "notice.people_affected", "notice.site_outage_seconds",
    "notice.direct_loss", "event.personal_data_breach",
)


class NoticeForm(forms.Form):
    """The first notice: short enough for a telephone in the middle of the night."""

    title = forms.CharField(
        label=_("What happened?"), max_length=200,
        widget=forms.TextInput({"placeholder": _("for example: files encrypted, shop is down")}))
    discovered_at = LocalMomentField(label=_("When was it discovered?"))
    occurred_at = LocalMomentField(label=_("When did it begin?"), required=False,
                                   help_text=_("Leave it empty if it is not known."))
    contact = forms.CharField(label=_("Whom do we call?"), max_length=200,
                              widget=forms.TextInput({"autocomplete": "tel"}))
    signs = forms.MultipleChoiceField(
        label=_("What is seen so far"), required=False, widget=forms.CheckboxSelectMultiple)
    description = forms.CharField(label=_("In your own words"), required=False,
                                  widget=forms.Textarea({"rows": 4}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["signs"].choices = [
            (name, fact(name).name_zh if is_chinese() else fact(name).name_en)
            for name in REPORTED_FACTS]

    def facts(self) -> dict[str, Any]:
        """What was ticked, as facts."""
        found: dict[str, Any] = {"event.cyber_incident_suspected": True}
        found.update(dict.fromkeys(self.cleaned_data["signs"], True))
        return found

    def notice(self) -> dict[str, Any]:
        """What the report says, as the service takes it."""
        given = self.cleaned_data
        return {**{name: given[name] for name in (
            "title", "description", "discovered_at", "occurred_at", "contact")},
            "facts": self.facts()}


class ReportForm(NoticeForm):
    """The first notice under one of the policies that are seen. Small firms' policies may be many
    thousands: beyond a few they are named by number."""

    MOST_FIRMS: ClassVar[int] = 50

    policy = forms.ChoiceField(label=_("Policy"), required=False)
    policy_no = forms.CharField(
        label=_("Or the number of a small firm's policy"), required=False, max_length=40,
        help_text=_("It stands on the policy, as SP2026-000001."))
    field_order = ("policy", "policy_no")

    def __init__(self, *args: Any, actor: Actor, chosen: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        enterprise, firms = enterprise_policies(actor), firm_policies(actor)
        few = list(firms[: self.MOST_FIRMS + 1])
        named = contract_of_text(actor, chosen)
        shown = few[: self.MOST_FIRMS]
        if isinstance(named, FirmPolicy):
            shown = [named, *(one for one in shown if one.pk != named.pk)]
        contracts = [*enterprise, *shown]
        self.has_policy = bool(contracts)
        self.fields["policy"].choices = [("", "—"), *(
            (str(one.pk), f"{one} {one.firm}" if isinstance(one, FirmPolicy) else str(one))
            for one in contracts)]
        # A renewal that has not begun is not what something happened under.
        begun = [one for one in contracts if one.inception <= clock.today()]
        usual = named or next(iter([*begun, *contracts]), None)
        self.fields["policy"].initial = "" if usual is None else str(usual.pk)
        if len(few) <= self.MOST_FIRMS:
            del self.fields["policy_no"]

    def clean(self) -> dict[str, Any]:
        """Which contract it is: the number that was typed, else the one that was chosen."""
        given: dict[str, Any] = super().clean() or {}
        number = given.get("policy_no", "").strip()
        found = contract_of_number(self.actor, number) if number else contract_of_text(
            self.actor, given.get("policy", ""))
        if found is None:
            place = "policy_no" if number else "policy"
            self.add_error(place, _("There is no such policy in force: look at its number again.")
                           if number else _("Choose the policy that was in force."))
        given["contract"] = found
        return given


class FactsForm(forms.Form):
    """Some facts of the registry: for each its value, "there is none", and its evidence."""

    def __init__(
        self, *args: Any, ids: Iterable[str], known: Mapping[str, Any],
        evidence: Iterable[EvidenceDocument] = (), locked: Iterable[str] = (), **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.ids, self.known, held = tuple(ids), known, set(locked)
        papers = [(one.reference, f"{one.reference} {one.name}") for one in evidence]
        for name in self.ids:
            entry = known.get(name)
            field = fact_field(fact(name))
            field.initial = initial_of(fact(name), entry)
            field.disabled = name in held
            self.fields[name] = field
            absent = forms.BooleanField(
                required=False, label=_("there is none"),
                initial=bool(entry and (entry.get("absent") or entry.get("value") == [])))
            absent.disabled = name in held
            self.fields[f"{name}:absent"] = absent
            if papers:
                proof = forms.MultipleChoiceField(
                    required=False, label=_("Evidence"), choices=papers,
                    initial=list((entry or {}).get("evidence", ())),
                    widget=forms.CheckboxSelectMultiple)
                proof.disabled = name in held
                self.fields[f"{name}:evidence"] = proof

    def changes(self) -> dict[str, Any]:
        """Only what differs from what is known, as services take it."""
        found: dict[str, Any] = {}
        for name in self.ids:
            if self.fields[name].disabled:
                continue
            entry = self._entry(name)
            before = self.known.get(name)
            if entry is None and before is None:
                continue
            if entry is None or before is None or _plain(entry) != _plain(before):
                found[name] = entry
        return found

    def _entry(self, name: str) -> dict[str, Any] | None:
        data = self.cleaned_data
        evidence = list(data.get(f"{name}:evidence") or self._kept(name))
        if data.get(f"{name}:absent"):
            if fact(name).type == "list":
                return {"value": [], "evidence": evidence}
            return {"absent": True, "evidence": evidence}
        value = registry_value(fact(name), data.get(name))
        return None if value is None else {"value": value, "evidence": evidence}

    def _kept(self, name: str) -> list[str]:
        """Evidence stays when the form did not offer any to choose from."""
        if f"{name}:evidence" in self.fields:
            return []
        return list((self.known.get(name) or {}).get("evidence", ()))


def _plain(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return (bool(entry.get("absent")), entry.get("value"), sorted(entry.get("evidence", ())))


class TriageForm(forms.Form):
    """Grade: the numbers, who operates, and a person's finding on the general clauses."""

    operator = forms.ChoiceField(label=_("The insured is"), choices=Incident.Operator.choices)
    involves_critical = forms.BooleanField(
        label=_("Critical infrastructure is involved"), required=False)
    family = forms.ChoiceField(label=_("GB/T 20986 family"), required=False)
    judged = forms.ChoiceField(
        label=_("A person's finding on the general clauses"), required=False,
        help_text=_("It can raise the grade that the numbers give, never lower it."))
    reason = forms.CharField(label=_("Reason of the finding"), required=False,
                             widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incident = incident
        for name in TRIAGE_FACTS:
            field = fact_field(fact(name))
            field.initial = initial_of(fact(name), incident.facts.get(name))
            self.fields[name] = field
        self.order_fields([*TRIAGE_FACTS])
        self.fields["family"].choices = [("", "—"), *FAMILIES.items()]
        self.fields["judged"].choices = [("", _("left to the numbers")),
                                         *((grade, grade) for grade in GRADES)]
        self.fields["operator"].initial = incident.operator
        self.fields["involves_critical"].initial = bool(incident.involves_critical)
        self.fields["family"].initial = incident.family

    def facts(self) -> dict[str, Any]:
        """The facts that were given."""
        given = {name: registry_value(fact(name), self.cleaned_data.get(name))
                 for name in TRIAGE_FACTS}
        return {name: value for name, value in given.items() if value is not None}


class TextForm(forms.Form):
    """One text that goes on record."""

    text = forms.CharField(label=_("In words, for the record"),
                           widget=forms.Textarea({"rows": 3}))


class ConfirmForm(forms.Form):
    """Nothing to fill in: the deed itself."""


class AuthorityReportForm(forms.Form):
    """That the insured has reported."""

    reported_at = LocalMomentField(label=_("Reported at"))
    channel = forms.ChoiceField(label=_("Channel"), choices=(
        ("12387 热线", _("Hotline 12387")), ("12387 网站", _("12387 web site")),
        ("12387 微信", _("12387 WeChat")), ("邮件", _("E-mail")), ("传真", _("Fax")),
        ("其他", _("Other"))))
    reference = forms.CharField(label=_("Receipt number"), required=False, max_length=100)


class DispatchForm(forms.Form):
    """Who is to help, and how."""

    provider = forms.ModelChoiceField(queryset=None, label=_("Provider"))
    mode = forms.ChoiceField(label=_("Mode"), choices=ResponseOrder.Mode.choices)
    note = forms.CharField(label=_("Task"), required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, providers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].queryset = providers


class RegisterForm(forms.Form):
    """The first reserve."""

    reserve = yuan_field(_("Reserve"))
    note = forms.CharField(label=_("Ground of the reserve"), required=False, max_length=300)


class ReserveForm(forms.Form):
    """Another reserve, with its reason."""

    reserve = yuan_field(_("Reserve"))
    reason = forms.CharField(label=_("Reason"), max_length=300)


class EvidenceForm(forms.Form):
    """A document to hand in."""

    file = forms.FileField(label=_("File"))
    kind = forms.ChoiceField(label=_("Kind"))

    def __init__(self, *args: Any, wanted: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = list(dict.fromkeys(wanted))
        codes = sorted(code.removeprefix("evidence.") for code in phrase_table()
                       if code.startswith("evidence."))
        rest = [code for code in codes if code not in first]
        name = {code: phrase(f"evidence.{code}", language()) for code in codes}
        groups: list[Any] = [(_("All kinds"), [(code, name[code]) for code in rest])]
        if first:
            groups.insert(0, (_("Usual for what is claimed"),
                              [(code, name.get(code, code)) for code in first]))
        self.fields["kind"].choices = groups


class AgreementForm(forms.Form):
    """The agreement that a small firm gave on paper."""

    signed_by = forms.CharField(label=_("Who signed for the firm"), max_length=100)
    signed_on = forms.DateField(label=_("Signed on"),
                                widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    file = forms.FileField(label=_("The signed paper"))


class ItemForm(forms.Form):
    """A loss item; in a programme also whose loss it is and which supplier's stop caused it."""

    coverage = forms.ChoiceField(label=_("Coverage"))
    description = forms.CharField(label=_("Description"), max_length=300)

    def __init__(self, *args: Any, claim: Claim, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        product = claim.terms["product"]
        granted = [*(one["coverage"] for one in claim.terms["schedule"]["sections"]),
                   *(one["coverage"] for one in product.get("towers", ()))]
        others = [code for code in coverages() if code not in granted]

        def named(codes: Iterable[str]) -> list[tuple[str, str]]:
            return [(code, f"{code} {_name(code)}") for code in codes]

        self.fields["coverage"].choices = [
            (_("Granted by the policy"), named(granted)), (_("Not granted"), named(others))]
        add_party_fields(self, claim)


def add_party_fields(
    form: forms.Form, claim: Claim, *, prefix: str = "", member: str = "", supplier: str = "",
) -> None:
    """Fields for member and supplier where the policy is a programme's or names suppliers."""
    schedule = claim.terms["schedule"]
    members, suppliers = schedule.get("members", ()), schedule.get("suppliers", ())
    if members or member:
        named = [(one["id"], one["name_zh"] if is_chinese() or not one.get("name_en")
                  else one["name_en"]) for one in members]
        form.fields[f"{prefix}member"] = forms.ChoiceField(
            choices=[("", _("the insured of the policy")), *named], required=False,
            initial=member, label=_("Whose loss"))
    if members or suppliers or supplier:
        form.fields[f"{prefix}supplier"] = forms.CharField(
            required=False, max_length=200, initial=supplier,
            label=_("Supplier whose stop caused it"),
            help_text="、".join(suppliers) if is_chinese() else ", ".join(suppliers))


def _name(code: str) -> str:
    known = coverages()[code]
    return known.name_zh if is_chinese() else known.name_en


class RequestForm(forms.Form):
    """A note to the one request for evidence, and the term to answer it."""

    answer_days = forms.IntegerField(
        label=_("Days to answer"), required=False, min_value=1, max_value=365,
        help_text=_("Without an answer by then you may go on, with a reason."))
    note = forms.CharField(label=_("Note to the insured"), required=False,
                           widget=forms.Textarea({"rows": 3}))


class AdjusterForm(forms.Form):
    """Who fixes the amounts."""

    adjuster = forms.ModelChoiceField(queryset=None, label=_("Loss adjuster"))

    def __init__(self, *args: Any, adjusters: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["adjuster"].queryset = adjusters


class NoteForm(forms.Form):
    """An optional note."""

    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"rows": 3}))


class PayForm(forms.Form):
    """Who is paid, where to."""

    payee = forms.CharField(label=_("Payee"), max_length=200)
    account_tail = forms.RegexField(r"^\d{0,4}$", label=_("Last four digits of the account"),
                                    required=False)


class InterimForm(PayForm):
    """How much in advance."""

    amount = yuan_field(_("Amount"))


class RecourseForm(forms.Form):
    """Recourse against the one who caused the loss."""

    against = forms.CharField(label=_("Against"), max_length=200)
    ground = forms.CharField(label=_("Ground"), widget=forms.Textarea({"rows": 3}))
    demanded = yuan_field(_("Amount demanded"))


class RecoveryForm(forms.Form):
    """Money that came back."""

    amount = yuan_field(_("Amount"))
    reference = forms.CharField(label=_("Bank reference"), max_length=100)
