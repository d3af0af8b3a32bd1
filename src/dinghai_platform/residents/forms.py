"""Forms of residents' cover. They shape input; the engine and the services decide."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.experience.own_values import ordinary
from dinghai_platform.core.forms import DayField
from dinghai_platform.residents.models import ChangeList
from dinghai_platform.residents.services.changes import FASTEST
from dinghai_platform.residents.words import CHANNELS

PLANS: Final = 5
PLAN_FIELDS: Final = ("code", "name_zh", "name_en", "sum", "premium")


class YuanField(forms.CharField):
    """An amount in yuan as people write it (12, 12.50, 5万), in fen."""

    def clean(self, value: Any) -> int | None:
        """The amount. Raises ValidationError for what is none."""
        text = ordinary(super().clean(value)).replace(",", "").replace("¥", "").strip()
        if not text:
            return None
        number, units = (text[:-1], 10_000) if text.endswith("万") else (text, 1)
        try:
            fen = Decimal(number) * units * 100
        except InvalidOperation:
            raise forms.ValidationError(_("Write an amount such as 12, 12.50 or 5万.")) from None
        if fen != fen.to_integral_value() or not 0 < fen <= 10**12:
            raise forms.ValidationError(_("Write an amount such as 12, 12.50 or 5万."))
        return int(fen)


class SchemeFileForm(forms.Form):
    """A scheme as a file."""

    file = forms.FileField(label=_p("resident", "Scheme file"), help_text=_(
        "TOML or JSON (dinghai.resident-scheme/1), as in examples/residents/scheme.toml"))


class SchemeForm(forms.Form):
    """A scheme field by field, with up to five plans."""

    number = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", label=_p("resident", "Number"), max_length=40,
        help_text=_("Letters, digits and hyphens; it begins every certificate's number"))
    name_zh = forms.CharField(label=_p("resident", "Chinese name"), max_length=200)
    name_en = forms.CharField(label=_p("resident", "English name"), max_length=200,
                              required=False)
    applicant_zh = forms.CharField(label=_p("resident", "Applicant"), max_length=200, help_text=_(
        "Who takes out the group policy: a sub-district, an employer, an operator"))
    channel = forms.ChoiceField(label=_p("resident", "Channel"), choices=tuple(CHANNELS.items()))
    product = forms.ChoiceField(label=_p("resident", "Product"))
    first_day = DayField(label=_p("resident", "First day"))
    last_day = DayField(label=_p("resident", "Last day"))
    youngest = forms.IntegerField(label=_p("resident", "Youngest age"), initial=18, min_value=0,
                                  max_value=150)
    oldest = forms.IntegerField(label=_p("resident", "Oldest age"), initial=85, min_value=0,
                                max_value=150, help_text=_("In whole years on the first day"))

    def __init__(self, *args: Any, products: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["product"].choices = products
        for place in range(1, PLANS + 1):
            first = place == 1
            self.fields[f"code{place}"] = forms.CharField(
                label=_p("plan", "Code"), max_length=40, required=first)
            self.fields[f"name_zh{place}"] = forms.CharField(
                label=_p("plan", "Chinese name"), max_length=100, required=first)
            self.fields[f"name_en{place}"] = forms.CharField(
                label=_p("plan", "English name"), max_length=100, required=False)
            self.fields[f"sum{place}"] = YuanField(
                label=_p("plan", "Sum insured"), max_length=20, required=first)
            self.fields[f"premium{place}"] = YuanField(
                label=_p("plan", "Premium incl. VAT"), max_length=20, required=first)

    @property
    def plan_rows(self) -> list[list[Any]]:
        """The fields of each plan."""
        return [[self[f"{name}{place}"] for name in PLAN_FIELDS] for place in range(1, PLANS + 1)]

    @property
    def main_fields(self) -> list[Any]:
        """The fields that are no plan's."""
        return [self[name] for name in self.fields if not name[-1].isdigit()]

    def clean(self) -> dict[str, Any]:
        """A plan that was begun is whole; days are given."""
        data = super().clean() or {}
        for name in ("first_day", "last_day"):
            if data.get(name) is None and name not in self.errors:
                self.add_error(name, _("Give a day."))
        for place in range(2, PLANS + 1):
            if any(data.get(f"{name}{place}") for name in PLAN_FIELDS):
                for name in ("code", "name_zh", "sum", "premium"):
                    field = f"{name}{place}"
                    if not data.get(field) and field not in self.errors:
                        self.add_error(field, _("Fill this in, or leave the plan out."))
        return data

    def document(self) -> dict[str, Any]:
        """The scheme as its document (dinghai.resident-scheme/1)."""
        data = self.cleaned_data
        return {
            "schema": "dinghai.resident-scheme/1", "id": data["number"],
            "name_zh": data["name_zh"], "name_en": data["name_en"], "product": data["product"],
            "channel": data["channel"], "applicant_zh": data["applicant_zh"],
            "first_day": data["first_day"].isoformat(), "last_day": data["last_day"].isoformat(),
            "youngest": data["youngest"], "oldest": data["oldest"],
            "plans": [
                {"code": data[f"code{place}"], "name_zh": data[f"name_zh{place}"],
                 "name_en": data[f"name_en{place}"], "sum_insured_fen": data[f"sum{place}"],
                 "premium_fen": data[f"premium{place}"]}
                for place in range(1, PLANS + 1) if data[f"code{place}"]]}


class ListForm(forms.Form):
    """A list of residents."""

    file = forms.FileField(label=_p("resident", "List of residents"), help_text=_(
        "CSV, Excel or Parquet with the columns 姓名, 身份证号, 手机号, 方案, 是否同意, 同意日期. "
        "Nothing is issued by this: the list is looked through first."))


class ChangesForm(forms.Form):
    """A list of changes of certificates. What fits together the service says."""

    kind = forms.ChoiceField(
        label=_p("resident", "Kind of change"), choices=ChangeList.Kind.choices)
    from_day = DayField(label=_p("resident", "First day of the change"), help_text=_(
        "Of changes of plan and cancellations: today or later, within the scheme's period"))
    file = forms.FileField(
        label=_p("resident", "List of certificates"), required=False, help_text=_(
        "CSV, Excel or Parquet with 凭证号 or 身份证号, and for a change of plan 新方案, for a "
        "correction 新姓名 or 新手机号. Nothing is changed by this: the list is looked through "
        "first."))
    whole = forms.BooleanField(
        label=_p("resident", "Everybody, but those whom the file names"), required=False,
        help_text=_("For renewals and cancellations only"))
    enrolment = forms.ChoiceField(
        label=_p("resident", "Of one list of residents only"), required=False)
    target = forms.ChoiceField(
        label=_p("resident", "Scheme of the next period"), required=False,
        help_text=_("For renewals only"))
    consent_since = DayField(label=_p("resident", "Consent since"), help_text=_(
        "For renewals only: whoever agreed before this day is not renewed"))

    def __init__(
        self, *args: Any, enrolments: list[tuple[str, str]], targets: list[tuple[str, str]],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.fields["enrolment"].choices = [("", _("All of the scheme")), *enrolments]
        self.fields["target"].choices = [("", "—"), *targets]


class PaceForm(forms.Form):
    """How fast a list may be done."""

    rows_a_second = forms.IntegerField(
        label=_p("resident", "Rows a second at most"), required=False, min_value=1,
        max_value=FASTEST, help_text=_(
            "It holds from the next chunk on, also while the list is being done. Empty: as fast "
            "as it can."))


class SearchForm(forms.Form):
    """Whom or what to look for. It is sent in the body: nothing personal stands in an address."""

    search = forms.CharField(
        label=_p("resident", "Certificate number, name or identity number"), max_length=100,
        required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    after = forms.IntegerField(required=False, min_value=0, max_value=(1 << 63) - 1,
                               widget=forms.HiddenInput())


class RevealForm(forms.Form):
    """Why a person is looked at."""

    reason = forms.CharField(label=_("Reason"), max_length=500,
                             widget=forms.Textarea(attrs={"rows": 2}))


class LinkForm(forms.Form):
    """A new sale link."""

    plans = forms.MultipleChoiceField(label=_p("resident", "Plans"),
                                      widget=forms.CheckboxSelectMultiple)
    channel = forms.CharField(label=_p("resident", "Channel"), max_length=100, help_text=_(
        "Where the link is shown, for example a community's notice board"))
    days = forms.IntegerField(label=_("Days until it ends"), initial=30, min_value=1,
                              max_value=366)
    most = forms.IntegerField(label=_p("resident", "Sales at most"), initial=1_000, min_value=1,
                              max_value=1_000_000)

    def __init__(self, *args: Any, plans: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["plans"].choices = plans


class BuyForm(forms.Form):
    """What a buyer fills in. Identity and mobile numbers are read by the engine."""

    plan = forms.ChoiceField(label=_p("resident", "Plan"), widget=forms.RadioSelect)
    name = forms.CharField(label=_p("resident", "Name"), max_length=100, widget=forms.TextInput(
        attrs={"autocomplete": "name"}), help_text=_("As on the identity card"))
    identity = forms.CharField(
        label=_p("resident", "Identity number"), max_length=60, widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("18 places; the last may be X"))
    mobile = forms.CharField(label=_p("resident", "Mobile number"), max_length=40,
                             widget=forms.TextInput(attrs={
                                 "autocomplete": "tel", "inputmode": "tel"}))
    understood = forms.BooleanField(label=_(
        "I have read what is covered and what is not, the deductible and the share that I bear."))
    consent = forms.BooleanField(label=_(
        "I agree to be insured, and that the insurer keeps and uses these details for this "
        "insurance alone."))
    key = forms.CharField(widget=forms.HiddenInput(), max_length=300)

    def __init__(self, *args: Any, plans: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["plan"].choices = plans


class VerifyForm(forms.Form):
    """A code to check, or a file that holds one."""

    code = forms.CharField(
        label=_p("resident", "Code of the certificate"), max_length=4_000, required=False,
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Scan the QR mark with any scanner and paste what it says: it begins with "
                    "DINGHAI1."))
    file = forms.FileField(label=_p("resident", "Or a file"), required=False, help_text=_(
        "The PDF of one certificate as it was downloaded, a proof of enrolment (.json), or the "
        "code as text (.txt), of at most 1 MB. Scans and photographs are not read here: paste "
        "what their QR mark says."))

    def clean(self) -> dict[str, Any]:
        """A code or a file, and not both: the answer is about one certificate."""
        data = super().clean() or {}
        if not self.errors and bool(data.get("code")) == bool(data.get("file")):
            raise forms.ValidationError(_("Paste a code or choose a file: one of the two."))
        return data
