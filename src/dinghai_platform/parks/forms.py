"""Forms of parks. They shape input; the engine and the services decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.foundation.money import PPM
from dinghai_platform.core.forms import DayField
from dinghai_platform.parks.models import SharedService
from dinghai_platform.programmes.forms import AmountField

REASON: Final = {"rows": 2}
LINES: Final = 6
"""Lines of the form of an event; more come by a list."""
SIZES: Final = (("micro", "微型", "Micro", 500_000_000), ("small", "小型", "Small", 5_000_000_000),
                ("medium", "中型", "Medium", 50_000_000_000))
_AMOUNTS: Final = _("Such as 120万 or 1200000")


class DocumentForm(forms.Form):
    """A master policy by its document."""

    document = forms.FileField(label=_p("park", "Master policy"), help_text=_(
        "TOML or JSON as in docs/reference/park.md"))
    operator = forms.ModelChoiceField(None, label=_p("park", "Park operator here"),
                                      required=False, help_text=_("Who enrols and sees the park"))

    def __init__(self, *args: Any, operators: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["operator"].queryset = operators


class PolicyForm(forms.Form):
    """A simple master policy: one class, three sizes, no top-ups. A document can say more."""

    name_zh = forms.CharField(label=_("Chinese name"), max_length=200)
    name_en = forms.CharField(label=_("English name"), max_length=200, required=False)
    product = forms.ChoiceField(label=_("Product"))
    operator_name = forms.CharField(label=_p("park", "Applicant (the park's operator)"),
                                    max_length=200)
    operator_code = forms.CharField(label=_("Unified social credit code"), max_length=18)
    operator = forms.ModelChoiceField(None, label=_p("park", "Park operator here"),
                                      required=False, help_text=_("Who enrols and sees the park"))
    inception = DayField(label=_p("park", "First day"))
    expiry = DayField(label=_p("park", "Last day"), help_text=_("Empty: a year"))
    park_each_event = AmountField(label=_p("park", "Park's limit each event"), max_length=40,
                                  help_text=_AMOUNTS)
    park_annual = AmountField(label=_p("park", "Park's limit of the period"), max_length=40)
    each_event = AmountField(label=_p("park", "A member's limit each event"), max_length=40)
    annual = AmountField(label=_p("park", "A member's limit of the period"), max_length=40,
                         required=False, help_text=_("Empty: as each event"))
    sections = forms.MultipleChoiceField(label=_p("park", "Sections of the base cover"),
                                         widget=forms.CheckboxSelectMultiple)
    micro = AmountField(label=_p("park", "Premium of a micro firm, with VAT"), max_length=40,
                        help_text=_("Revenue below 500万"))
    small = AmountField(label=_p("park", "Premium of a small firm, with VAT"), max_length=40,
                        help_text=_("Revenue below 5000万"))
    medium = AmountField(label=_p("park", "Premium of a medium firm, with VAT"), max_length=40,
                         help_text=_("Revenue below 5亿"))

    def __init__(self, *args: Any, operators: Any, products: list[tuple[str, str]],
                 sections: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["operator"].queryset = operators
        self.fields["product"].choices = products
        self.fields["sections"].choices = sections

    def clean(self) -> dict[str, Any]:
        """A period needs its first day."""
        data = super().clean() or {}
        if data.get("inception") is None:
            self.add_error("inception", _("Give a day."))
        elif data.get("expiry") is None:
            first = data["inception"]
            try:
                following = first.replace(year=first.year + 1)
            except ValueError:  # 29 February
                following = first.replace(year=first.year + 1, day=28) + timedelta(days=1)
            data["expiry"] = following - timedelta(days=1)
        return data

    def document(self) -> dict[str, Any]:
        """What was filled in as a master policy (dinghai.park/1) without an id."""
        data = self.cleaned_data
        annual = data["each_event"] if data["annual"] is None else data["annual"]
        return {
            "schema": "dinghai.park/1", "name_zh": data["name_zh"], "name_en": data["name_en"],
            "product": data["product"], "inception": data["inception"].isoformat(),
            "expiry": data["expiry"].isoformat(),
            "operator": {"name_zh": data["operator_name"],
                         "credit_code": data["operator_code"].strip().upper()},
            "limits": {"each_event_fen": data["park_each_event"],
                       "annual_fen": data["park_annual"]},
            "base": {"limits": [{"each_event_fen": data["each_event"], "annual_fen": annual,
                                 "factor_ppm": PPM}],
                     "sections": [{"coverage": one} for one in data["sections"]]},
            "classes": [{"id": "all", "name_zh": "全部行业", "name_en": "All sectors"}],
            "sizes": [{"id": size, "name_zh": zh, "name_en": en, "revenue_below_fen": below}
                      for size, zh, en, below in SIZES],
            "premium": {"basis": "table", "amounts": "gross",
                        "rates": [{"size": size, "premium_fen": data[size]}
                                  for size, *_rest in SIZES]}}


class ListForm(forms.Form):
    """A list of members."""

    file = forms.FileField(label=_("List of members"), help_text=_(
        "CSV, Excel or Parquet of at most 4 MB and 5,000 rows; first a dry run"))


class JoinForm(forms.Form):
    """One firm that joins."""

    credit_code = forms.CharField(label=_("Unified social credit code"), max_length=30)
    name = forms.CharField(label=_("Name of the firm"), max_length=200)
    sector = forms.CharField(label=_p("park", "Sector"), max_length=60, help_text=_(
        "A letter of GB/T 4754 or its name, such as I or 制造业"))
    size = forms.ChoiceField(label=_p("park", "Size"))
    joined = DayField(label=_p("member", "First day"))
    limit = forms.ChoiceField(label=_p("park", "Limit each event"))
    top_ups = forms.MultipleChoiceField(label=_p("park", "Top-ups"), required=False,
                                        widget=forms.CheckboxSelectMultiple)
    network = forms.CharField(label=_p("park", "Shared networks"), max_length=500,
                              required=False, help_text=_("Separated by ; — empty: not known"))
    providers = forms.CharField(label=_p("park", "Providers it relies on"), max_length=500,
                                required=False, help_text=_("Separated by ; — empty: not known"))
    grade = forms.ChoiceField(label=_("Grade"), required=False)

    def __init__(self, *args: Any, sizes: list[tuple[str, str]], limits: list[tuple[str, str]],
                 top_ups: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["size"].choices = sizes
        self.fields["limit"].choices = limits
        self.fields["grade"].choices = [("", _p("grade", "Not known")), *(
            (one, one) for one in "ABCDE")]
        if top_ups:
            self.fields["top_ups"].choices = top_ups
        else:
            del self.fields["top_ups"]

    def cells(self) -> dict[str, str]:
        """What was filled in as cells of a list."""
        data = self.cleaned_data
        day = data["joined"]
        return {
            "credit_code": data["credit_code"], "name": data["name"], "sector": data["sector"],
            "size": data["size"], "joined": "" if day is None else day.isoformat(),
            "limit": f"{data['limit']}fen", "top_ups": ";".join(data.get("top_ups") or ()),
            "network": data["network"], "providers": data["providers"],
            "grade": data["grade"] or ""}


class LeaveForm(forms.Form):
    """When and why a member leaves."""

    last = DayField(label=_p("member", "Last day"))
    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea(attrs=REASON))

    def clean_last(self) -> Any:
        """A day must be given."""
        if self.cleaned_data["last"] is None:
            raise forms.ValidationError(_("Give a day."))
        return self.cleaned_data["last"]


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea(attrs=REASON))


class LinkForm(forms.Form):
    """Which organisation here a member is."""

    organisation = forms.ModelChoiceField(None, label=_p("park", "Organisation here"))

    def __init__(self, *args: Any, organisations: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["organisation"].queryset = organisations


class EventFileForm(forms.Form):
    """An event by the list of its claims."""

    file = forms.FileField(label=_p("park", "Claims of the event"), help_text=_(
        "CSV, Excel or Parquet: event, claim, firm, coverage, day, amount and, where one cover "
        "alone answers, its top-up"))
    facts = forms.CharField(label=_p("park", "What happened"), max_length=4_000, required=False,
                            widget=forms.Textarea(attrs={"rows": 3}))


class EventForm(forms.Form):
    """An event with a few lines."""

    event = forms.CharField(label=_p("settlement", "Event"), max_length=100)
    day = DayField(label=_p("settlement", "Happened on"))
    facts = forms.CharField(label=_p("park", "What happened"), max_length=4_000, required=False,
                            widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, sections: list[tuple[str, str]],
                 top_ups: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        for place in range(LINES):
            number = place + 1
            self.fields[f"member_{place}"] = forms.CharField(
                label=_("Firm %(number)d: name or credit code") % {"number": number},
                max_length=200, required=False,
                widget=forms.TextInput(attrs={"list": "park-firms", "autocomplete": "off"}))
            self.fields[f"coverage_{place}"] = forms.ChoiceField(
                label=_("Coverage %(number)d") % {"number": number}, required=False,
                choices=sections)
            self.fields[f"top_up_{place}"] = forms.ChoiceField(
                label=_("Cover that answers %(number)d") % {"number": number}, required=False,
                choices=[("", _p("park", "Every cover held")), *top_ups])
            self.fields[f"amount_{place}"] = forms.CharField(
                label=_("Granted before limits %(number)d") % {"number": number}, max_length=40,
                required=False)

    def rows(self) -> list[list[Any]]:
        """The fields of each line, for the page."""
        return [[self[f"{name}_{place}"] for name in ("member", "coverage", "top_up", "amount")]
                for place in range(LINES)]

    def clean(self) -> dict[str, Any]:
        """The event has its day."""
        data = super().clean() or {}
        if data.get("day") is None:
            self.add_error("day", _("Give a day."))
        return data

    def lines(self) -> list[dict[str, str]]:
        """The lines that were filled in, as cells of a list."""
        data = self.cleaned_data
        return [{"claim": f"{place + 1}", "member": data[f"member_{place}"],
                 "coverage": data[f"coverage_{place}"], "top_up": data[f"top_up_{place}"],
                 "day": data["day"].isoformat(), "amount": data[f"amount_{place}"]}
                for place in range(LINES)
                if data[f"member_{place}"] or data[f"amount_{place}"]]


class ServiceForm(forms.Form):
    """A service that the park offers."""

    kind = forms.ChoiceField(label=_p("park service", "Kind"),
                             choices=SharedService.Kind.choices)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=200)
    name_en = forms.CharField(label=_("English name"), max_length=200, required=False)
    provider = forms.CharField(label=_p("park service", "Provider"), max_length=200,
                               required=False)
    note = forms.CharField(label=_p("park service", "Note"), max_length=2_000, required=False,
                           widget=forms.Textarea(attrs=REASON))


class UseForm(forms.Form):
    """That a member used a service."""

    service = forms.ModelChoiceField(None, label=_p("park service", "Service"))
    member = forms.ModelChoiceField(None, label=_p("park", "Member"))
    on = DayField(label=_p("park service", "Day"))
    note = forms.CharField(label=_p("park service", "Note"), max_length=500, required=False)

    def __init__(self, *args: Any, services: Any, members: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["service"].queryset = services
        self.fields["member"].queryset = members

    def clean_on(self) -> Any:
        """A day must be given."""
        if self.cleaned_data["on"] is None:
            raise forms.ValidationError(_("Give a day."))
        return self.cleaned_data["on"]
