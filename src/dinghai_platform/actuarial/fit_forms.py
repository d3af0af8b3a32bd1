"""Forms of fits. They shape input; the engine's question and the services decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.documents.file_fit import FitKind, FitQuestion
from dinghai.experience.limits import read_limits
from dinghai.foundation.errors import InputError
from dinghai_platform.actuarial.fit_shipped import series_choices
from dinghai_platform.actuarial.models import FitReport

UNITS: Final = (("", _p("fit", "not said")), ("CNY", _p("unit", "yuan")),
                ("USD", _p("unit", "US dollars")), ("records", _p("unit", "records")),
                ("hours", _p("unit", "hours")), ("days", _p("unit", "days")))
PERIODS: Final = (("month", _p("fit", "Month")), ("year", _p("fit", "Year")),
                  ("day", _p("fit", "Day")))


class AboutForm(forms.Form):
    """What the data are, and what for."""

    title = forms.CharField(label=_("What the data are"), max_length=120,
                            help_text=_("It heads the report, for example: ransom paid 2021–2026"))
    purpose = forms.CharField(label=_("What the fit is for"), max_length=500, required=False,
                              widget=forms.Textarea(attrs={"rows": 2}))


class UploadForm(AboutForm):
    """A file of losses, claims or incidents."""

    file = forms.FileField(label=_("CSV, Excel or Parquet file"), help_text=_(
        "One table with a header, up to 16 MB; Excel up to 4 MB. Also an incident table."))
    field_order = ("file", "title", "purpose")


class QuestionForm(forms.Form):
    """What every kind of fit is asked, over the columns that a file has."""

    kind: FitKind

    def __init__(self, fit: FitReport, *args: Any, **options: Any) -> None:
        super().__init__(*args, auto_id=f"{self.kind}_%s", **options)
        self.fit = fit
        self.fill()

    def fill(self) -> None:
        """Set the choices. Subclasses name their columns."""
        shipped = series_choices(self.kind)
        self.fields["shipped"] = forms.ChoiceField(
            label=_("Hold against shipped figures of"), required=False,
            choices=[("", _("nothing")), *shipped])

    def columns(self, what: str) -> list[tuple[str, str]]:
        """The columns of a use; all of them where none fits."""
        fitting = [one["name"] for one in self.fit.columns if one[what]]
        return [(name, name) for name in fitting or [one["name"] for one in self.fit.columns]]

    def choose(self, name: str, what: str, *, none: Any = None) -> None:
        """Let a field choose among columns; with ``none`` also nothing."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        offered = self.columns(what)
        if none is not None:
            offered = [("", none)] + [pair for pair in offered if any(
                one["name"] == pair[0] and one[what] for one in self.fit.columns)]
        field.choices = offered

    def question(self) -> FitQuestion:
        """The engine's question. Raises InputError for one that makes no sense."""
        given = {name: value for name, value in self.cleaned_data.items()
                 if name in FitQuestion.__dataclass_fields__ and value not in (None, "")}
        return FitQuestion(kind=self.kind, **given)


class SeverityForm(QuestionForm):
    """The size of losses."""

    kind = "severity"
    column = forms.ChoiceField(label=_("Column of the amounts"))
    unit = forms.ChoiceField(label=_("What one of them counts"), choices=UNITS, required=False)
    currency = forms.CharField(label=_("Currency"), max_length=3, required=False, help_text=_(
        "Of an incident table whose amounts are in several, such as CNY"))
    floor = forms.FloatField(label=_("Reporting floor"), min_value=0.0, required=False,
                             help_text=_("Losses below it are not in the data"))
    threshold = forms.FloatField(label=_("Tail begins at"), min_value=0.0, required=False,
                                 help_text=_("Left out, it is chosen by a stated rule"))
    by = forms.ChoiceField(label=_("Fit each value of"), required=False)
    limits = forms.CharField(label=_p("fit", "Limits"), max_length=200, required=False, help_text=_(
        "For limited expected values, such as 1000000, 5000000"))

    def fill(self) -> None:
        """Columns of amounts; a currency where there may be several."""
        super().fill()
        self.choose("column", "amounts")
        self.choose("by", "groups", none=_("all together"))
        if not self.fit.is_incidents:
            del self.fields["currency"]

    def question(self) -> FitQuestion:
        """The question with its limits read."""
        text = self.cleaned_data.pop("limits", "").strip()
        floor = self.cleaned_data.get("floor")
        try:
            self.cleaned_data["limits"] = read_limits(text, floor) if text else ()
        except InputError as error:
            raise InputError(error.fault.message, field="limits", mend=error.fault.mend) from None
        return super().question()


class FrequencyForm(QuestionForm):
    """The number of events in a period."""

    kind = "frequency"
    column = forms.ChoiceField(label=_("Column of the days"))
    per = forms.ChoiceField(label=_("Count by"), choices=PERIODS)
    by = forms.ChoiceField(label=_("Fit each value of"), required=False)

    def fill(self) -> None:
        """Columns of days."""
        super().fill()
        self.choose("column", "days")
        self.choose("by", "groups", none=_("all together"))


class DelayForm(QuestionForm):
    """How long events take to become known."""

    kind = "delay"
    column = forms.ChoiceField(label=_("Column of the first days"))
    known = forms.ChoiceField(label=_("Column of the days of notice"))

    def fill(self) -> None:
        """Two columns of days."""
        super().fill()
        self.choose("column", "days")
        self.choose("known", "days")
        names = [name for name, _label in self.columns("days")]
        self.fields["known"].initial = names[-1] if names else None


QUESTIONS: Final[dict[str, Callable[..., QuestionForm]]] = {
    "severity": SeverityForm, "frequency": FrequencyForm, "delay": DelayForm}


class WithdrawForm(forms.Form):
    """Why a fit is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000,
                             widget=forms.Textarea(attrs={"rows": 2}))
