"""Forms of subsidies. They shape input; the engine and the services decide."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.schemes.subsidy_rule import SubsidyRule, kind_of_fact
from dinghai_platform.core.forms import DayField
from dinghai_platform.programmes.forms import AmountField
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.subsidies.models import FileList
from dinghai_platform.subsidies.plainly import condition_text
from dinghai_platform.subsidies.rule_files import as_toml
from dinghai_platform.subsidies.stating import Statement
from dinghai_platform.subsidies.words import MODES, SIZES

_AMOUNT: Final = _("Such as 20万 or 200000")
_SPLIT: Final = _("Separated by commas")


class RuleFileForm(forms.Form):
    """A rule as its document."""

    rule = forms.FileField(label=_("Rule"), help_text=_(
        "TOML or JSON as in docs/reference/subsidy.md"))


class RuleForm(forms.Form):
    """A rule from a form. What it does not offer (conditions of several kinds) a document does."""

    id = forms.RegexField(r"^[a-z0-9][a-z0-9-]{0,63}$", label=_p("subsidy", "Identifier"),
                          help_text=_("Small letters, digits and hyphens: health-cyber-2026"))
    version = forms.CharField(label=_("Version"), max_length=100, initial="1")
    name_zh = forms.CharField(label=_("Chinese name"), max_length=200)
    name_en = forms.CharField(label=_("English name"), max_length=200, required=False)
    source = forms.CharField(label=_p("subsidy", "Source"), max_length=300,
                             help_text=_("The document that says so"))
    confidence = forms.ChoiceField(label=_p("subsidy", "Confidence"), initial="A", choices=(
        ("A", _p("subsidy", "A: read in the authority's own text")),
        ("B", _p("subsidy", "B: from its press")), ("C", _p("subsidy", "C: a convention")),
        ("D", _p("subsidy", "D: an assumption"))))
    ratio = forms.CharField(label=_p("subsidy", "Ratio"), max_length=20,
                            help_text=_("Of the premium that the firm bears, such as 50%"))
    cap_per_firm = forms.CharField(label=_("Cap of a firm"), max_length=40, required=False,
                                   help_text=_AMOUNT)
    cap_per_policy = forms.CharField(label=_("Cap of a policy"), max_length=40, required=False,
                                     help_text=_AMOUNT)
    budget = forms.CharField(label=_p("subsidy", "Budget"), max_length=40, help_text=_AMOUNT)
    mode = forms.ChoiceField(label=_p("subsidy", "Way"), choices=tuple(MODES.items()))
    cut_last = forms.BooleanField(label=_("The last grant may be cut to the rest"), initial=True,
                                  required=False)
    vat_counts = forms.BooleanField(label=_("VAT counts"), initial=True, required=False)
    first = DayField(label=_p("subsidy", "First day"))
    last = DayField(label=_p("subsidy", "Last day"))
    counts_by = forms.ChoiceField(label=_("The day that counts"), choices=(
        ("paid_on", _("Premium paid")), ("inception", _("Cover begun")),
        ("applied_at", _("Applied"))))
    apply_by = DayField(label=_("Applications until"))
    sectors = forms.CharField(label=_("Sectors (GB/T 4754)"), max_length=300, required=False,
                              help_text=_("Such as Q, or Q84; separated by commas"))
    areas = forms.CharField(label=_("Areas (GB/T 2260)"), max_length=300, required=False,
                            help_text=_("Such as 31, or 310115; separated by commas"))
    sizes = forms.MultipleChoiceField(label=_("Sizes"), choices=tuple(SIZES.items()),
                                      required=False, widget=forms.CheckboxSelectMultiple)
    documents = forms.CharField(
        label=_("Papers to enclose"), required=False, max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line: id, Chinese name, English name (policy, 保险单, policy)"))
    conditions = forms.CharField(
        label=_("Conditions that must be true"), required=False, max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line: fact, Chinese text, English text"))
    objection_days = forms.IntegerField(label=_("Working days open to objections"), min_value=0,
                                        max_value=366, initial=5,
                                        help_text=_("0: nothing is published"))
    names = forms.ChoiceField(label=_("Names on the public list"), choices=(
        ("masked", _("Masked")), ("full", _("In full"))))

    def as_document(self, authority: str) -> bytes:
        """The rule as the TOML that a person would have written."""
        data = self.cleaned_data
        rule: dict[str, Any] = {name: data[name] for name in (
            "id", "version", "name_zh", "name_en")}
        rule |= {"authority": authority, **{name: data[name] for name in (
            "source", "confidence", "ratio", "cap_per_firm", "cap_per_policy", "budget", "mode",
            "cut_last", "vat_counts")}}
        rule = {name: value for name, value in rule.items() if value not in ("", None)}
        rule["documents"] = [dict(zip(("id", "name_zh", "name_en"), parts, strict=False))
                             for parts in _lines(data["documents"], 3)]
        rule["conditions"] = [
            {"fact": parts[0], "op": "==", "value": True,
             **dict(zip(("text_zh", "text_en"), parts[1:], strict=False))}
            for parts in _lines(data["conditions"], 3)]
        rule["period"] = {name: data[name] for name in ("first", "last", "counts_by", "apply_by")
                          if data[name]}
        rule["scope"] = {name: value for name, value in (
            ("sectors", _split(data["sectors"])), ("areas", _split(data["areas"])),
            ("sizes", data["sizes"])) if value}
        if data["objection_days"]:
            rule["publication"] = {"names": data["names"],
                                   "objection_days": data["objection_days"]}
        return as_toml(rule).encode()


class StatementForm(forms.Form):
    """What only the firm knows; fields for each fact and paper of the rule are added."""

    sector = forms.CharField(label=_("Sector (GB/T 4754)"), max_length=20, required=False,
                             help_text=_("Such as Q8411; as finely as you can"))
    area = forms.CharField(label=_("Area (GB/T 2260)"), max_length=6, required=False,
                           help_text=_("Six digits, such as 310115"))
    size = forms.ChoiceField(label=_("Size of the firm"), required=False, choices=(
        ("", _("Not stated")), *SIZES.items()))
    credit_code = forms.CharField(label=_("Unified social credit code"), max_length=18)
    other_subsidies = AmountField(label=_("Other subsidies for this premium"), max_length=40,
                                  required=False, help_text=_("Empty: none"))

    def __init__(self, *args: Any, rule: SubsidyRule, asks_code: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rule = rule
        if not asks_code:
            del self.fields["credit_code"]
        for one in rule.conditions:
            name = f"fact.{one.fact}"
            if kind_of_fact(one) == "flag":
                self.fields[name] = forms.ChoiceField(
                    label=condition_text(one), required=False, choices=(
                        ("", _("Not known")), ("true", _("Yes")), ("false", _("No"))))
            else:
                self.fields[name] = forms.CharField(label=condition_text(one), required=False,
                                                    max_length=200)
        for paper in rule.documents:
            self.fields[f"paper.{paper.id}"] = forms.FileField(
                label=paper.name_zh if is_chinese() else paper.name_en or paper.name_zh,
                required=False, help_text=_("PDF, PNG or JPEG, at most 10 MB"))

    def statement(self, *, documents: tuple[str, ...] = ()) -> Statement:
        """What was stated."""
        data = self.cleaned_data
        return Statement(
            sector=data["sector"], area=data["area"], size=data["size"],
            credit_code=data.get("credit_code", ""),
            other_subsidies_fen=data["other_subsidies"] or 0, documents=documents,
            facts={one.fact: data[f"fact.{one.fact}"] for one in self.rule.conditions})

    def papers(self) -> dict[str, tuple[bytes, str]]:
        """The enclosed papers by their id."""
        found = {}
        for paper in self.rule.documents:
            file = self.cleaned_data[f"paper.{paper.id}"]
            if file is not None:
                found[paper.id] = (file.read(), file.name)
        return found


class ListForm(forms.Form):
    """A list to look through."""

    kind = forms.ChoiceField(label=_p("list", "Kind"), choices=FileList.Kind.choices)
    file = forms.FileField(label=_("File"), help_text=_(
        "CSV, Excel or Parquet, at most 5,000 rows and 4 MB"))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea(attrs={"rows": 2}))


class ObjectionForm(forms.Form):
    """An objection and what it has come to."""

    number = forms.CharField(label=_("Number of the objection"), max_length=64)
    status = forms.ChoiceField(label=_p("objection", "What it has come to"), choices=(
        ("open", _p("objection", "Being looked into")), ("upheld", _p("objection", "Upheld")),
        ("dismissed", _p("objection", "Dismissed"))))
    text = forms.CharField(label=_p("objection", "What it says"), max_length=500, help_text=_(
        "No names of persons"), widget=forms.Textarea(attrs={"rows": 2}))


class ChangeForm(forms.Form):
    """What happened to a policy, or that subsidy came back."""

    change = forms.ChoiceField(label=_p("change", "What happened"), choices=(
        ("cancelled", _p("entry", "Policy cancelled")),
        ("refunded", _p("entry", "Premium went back")),
        ("returned", _p("entry", "Subsidy came back"))))
    number = forms.CharField(label=_p("change", "Number"), max_length=64, help_text=_(
        "Of the endorsement, or the bank's; it counts once"))
    day = DayField(label=_p("change", "Day"))
    amount = AmountField(label=_("Amount"), max_length=40, required=False, help_text=_(
        "Premium or subsidy; of a cancellation empty: reckoned by the day"))
    to_others = AmountField(label=_("Of it to others"), max_length=40, required=False, help_text=_(
        "Empty: in proportion to what each bore"))
    different = forms.BooleanField(
        label=_("A different refund of the same day and amount"), required=False,
        help_text=_("Tick it only where two refunds were made, not one under two numbers"))

    def clean_day(self) -> Any:
        """A change has its day."""
        if self.cleaned_data["day"] is None:
            raise forms.ValidationError(_("Give a day."))
        return self.cleaned_data["day"]


class ConfirmForm(forms.Form):
    """What others bore of a premium."""

    borne_by_others = AmountField(label=_("Premium that others bore"), max_length=40,
                                  help_text=_("0 if nobody bore any"))

    def clean_borne_by_others(self) -> int:
        """An amount is given, be it nothing."""
        found = self.cleaned_data["borne_by_others"]
        if found is None:
            raise forms.ValidationError(_("Write an amount such as 500万 or 2000000."))
        return int(found)


class WithdrawForm(forms.Form):
    """Why a firm takes its application back; it need not say."""

    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)


def _split(text: str) -> list[str]:
    return [one.strip().upper() for one in text.replace("，", ",").replace("、", ",").split(",")
            if one.strip()]


def _lines(text: str, most: int) -> list[list[str]]:
    """The parts of each line that says anything."""
    return [[part.strip() for part in line.replace("，", ",").split(",", most - 1)]
            for line in text.splitlines() if line.strip()]
