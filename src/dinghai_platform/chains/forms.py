"""Forms of supply chains. They shape input; the engine and the services decide."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.experience.own_values import CellFault
from dinghai.supplychain.chain_cells import read_cell
from dinghai.supplychain.importing import ASSUMABLE
from dinghai.supplychain.supplier_columns import supplier_columns
from dinghai.vocabulary.industries import industries
from dinghai_platform.chains.reading import OwnerFacts, Settings
from dinghai_platform.chains.services.runs import LEAST_YEARS, MOST_SEED, MOST_YEARS
from dinghai_platform.core import clock
from dinghai_platform.core.forms import DayField
from dinghai_platform.site.words import name_of

_AMOUNTS: Final = _("Such as 80亿, 5000万 or 3500000")


class UploadForm(forms.Form):
    """A chain as a file."""

    file = forms.FileField(label=_("File"), help_text=_(
        "ZIP of a chain's folder, JSON document, or a supplier list as CSV, Excel or Parquet; "
        "up to 32 MB"))


class NewChainForm(UploadForm):
    """A new chain: for whom it is kept, and what a supplier list does not say."""

    insurer = forms.ModelChoiceField(None, label=_("Insurer"), required=False,
                                     help_text=_("Who sees the chain besides you"))
    owner = forms.ModelChoiceField(None, label=_("Chain owner"), required=False, help_text=_(
        "Its organisation on this platform: its people see the chain and upload new versions"))
    code = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", label=_p("chain", "Identifier"), required=False,
        help_text=_("Letters, digits, points, hyphens"))
    name_zh = forms.CharField(label=_("Name of the chain"), max_length=200, required=False)
    owner_name = forms.CharField(label=_("Name of the owner"), max_length=200, required=False)
    industry = forms.ChoiceField(label=_("Industry of the owner"), required=False)
    revenue = forms.CharField(label=_("Revenue of the owner"), max_length=40, required=False,
                              help_text=_AMOUNTS)
    as_of = DayField(label=_("Day on which this was known"))

    def __init__(self, *args: Any, insurers: Any, owners: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["insurer"].queryset = insurers
        self.fields["owner"].queryset = owners
        if insurers is None or len(insurers) < 2:
            del self.fields["insurer"]
        if owners is None:
            del self.fields["owner"]
        self.fields["industry"].choices = [
            ("", "—"), *((code, f"{code} {name_of(one)}") for code, one in industries().items())]

    @property
    def of_file(self) -> list[Any]:
        """The fields that every upload asks for."""
        return [self[name] for name in ("file", "insurer", "owner") if name in self.fields]

    @property
    def of_list(self) -> list[Any]:
        """The fields that only a supplier list needs."""
        return [self[name] for name in (
            "code", "name_zh", "owner_name", "industry", "revenue", "as_of")]

    def settings(self) -> Settings:
        """How a supplier list is read; without the owner where nothing of it was said."""
        data = self.cleaned_data
        if not data["owner_name"] and not data["code"]:
            return Settings()
        return Settings(owner=OwnerFacts(
            data["code"] or "chain", data["name_zh"] or data["owner_name"], data["owner_name"],
            data["industry"], data["revenue"] or "", data["as_of"] or clock.today()))


class ColumnsForm(forms.Form):
    """What the columns of a supplier list are, and what is assumed where nobody states it."""

    def __init__(self, *args: Any, headings: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        offered = [("", _("as guessed")), *((one, one) for one in headings)]
        for column in supplier_columns().columns:
            if column.kept:
                self.fields[f"column_{column.id}"] = forms.ChoiceField(
                    label=name_of(column), required=False, choices=offered)
        for name in ASSUMABLE:
            self.fields[f"assume_{name}"] = forms.CharField(
                label=ASSUMED[name], required=False, max_length=40)

    @property
    def of_columns(self) -> list[Any]:
        """The fields that say what a column is."""
        return [self[name] for name in self.fields if name.startswith("column_")]

    @property
    def of_assumptions(self) -> list[Any]:
        """The fields that say what is assumed."""
        return [self[name] for name in self.fields if name.startswith("assume_")]

    def chosen(self, start: str) -> dict[str, str]:
        """What was said under a prefix."""
        return {name.removeprefix(start): value for name, value in self.cleaned_data.items()
                if name.startswith(start) and value}


ASSUMED: Final[dict[str, Any]] = {
    "revenue": _("Revenue, such as 5000万"), "industry": _("Industry, a letter A to T"),
    "tier": _("Tier, such as 1"), "share": _("Share of supply, such as 1%"),
    "stock": _("Stock, such as 7d"), "headcount": _("Headcount, such as 50"),
}
assert set(ASSUMED) == set(ASSUMABLE)


class KeepForm(forms.Form):
    """A word on a version."""

    note = forms.CharField(label=_("Note on this version"), max_length=500, required=False,
                           widget=forms.Textarea(attrs={"rows": 2}))


class RunForm(forms.Form):
    """What is asked of the twin."""

    years = forms.IntegerField(label=_("Simulated years"), initial=20_000,
                               min_value=LEAST_YEARS, max_value=MOST_YEARS)
    seed = forms.IntegerField(label=_("Seed"), initial=1, min_value=0, max_value=MOST_SEED,
                              help_text=_("The same seed gives the same years"))
    day = DayField(label=_("Day of the threat tables"), help_text=_("Empty: today"))
    budget = forms.CharField(label=_("Budget for fixes"), required=False, max_length=40,
                             help_text=_AMOUNTS)

    def clean_budget(self) -> int | None:
        """The budget in fen."""
        text = self.cleaned_data["budget"].strip()
        if not text:
            return None
        try:
            return int(read_cell("amount", text))
        except CellFault:
            raise forms.ValidationError(_("Write an amount such as 500万 or 2000000.")) from None


class WithdrawForm(forms.Form):
    """Why a chain is taken out of use."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea(attrs={"rows": 2}))


