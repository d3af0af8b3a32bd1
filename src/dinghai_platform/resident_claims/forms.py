"""Forms of residents' claims. They shape input; the engine and the services decide."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from dinghai.experience.own_values import CellFault, read_money
from dinghai_platform.core.forms import DayField
from dinghai_platform.core.keys import new_key
from dinghai_platform.resident_claims.facts import stated_columns
from dinghai_platform.resident_claims.models import Paper

ANSWERS: Final = (("", _("I do not know")), ("1", _p("answer", "Yes")), ("0", _p("answer", "No")))
_ROWS: Final = {"rows": 3}
_PLAIN: Final = {"autocomplete": "off"}
_DIGITS: Final = {"autocomplete": "off", "inputmode": "numeric"}


class YuanField(forms.CharField):
    """An amount of yuan as people write it, in fen; None where nothing is written."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=30, widget=forms.TextInput(
            {"inputmode": "decimal", "autocomplete": "off"}), **options)

    def clean(self, value: Any) -> int | None:
        """The amount. Raises ValidationError for what is none."""
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            return int(read_money(text, "yuan"))
        except CellFault:
            raise forms.ValidationError(_("Write an amount such as 40000 or 4万.")) from None


class TruthField(forms.TypedChoiceField):
    """Yes, no, or unknown (None)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=ANSWERS, required=False, coerce=int, empty_value=None, **options)


class EntranceForm(forms.Form):
    """What shows whose certificate it is. Nothing that was typed is shown again."""

    certificate = forms.CharField(
        label=_("Certificate number or code"), max_length=4_000,
        help_text=_("As on the certificate, such as street-2027-0000000001"),
        widget=forms.TextInput(_PLAIN))
    identity = forms.CharField(label=_("Identity number"), max_length=40,
                               widget=forms.PasswordInput({**_PLAIN, "inputmode": "text"}))
    mobile = forms.CharField(label=_("Mobile number given at enrolment"), max_length=40,
                             widget=forms.TextInput({**_PLAIN, "inputmode": "tel"}))


class EventForm(forms.Form):
    """What happened, and when."""

    story = forms.CharField(label=_("What happened"), max_length=4_000, required=False,
                            widget=forms.Textarea({"rows": 5}),
                            help_text=_("In your own words: who wrote or called, what they said, "
                                        "what you did"))
    loss_day = DayField(label=_("Day on which the money was sent"))
    telecom_fraud = TruthField(label=_("Were you deceived by telephone, messages or online?"))
    induced = TruthField(label=_("Did you send the money because you were deceived?"))
    credential_given = TruthField(label=_("Did you tell anybody a password or a code?"))
    cash = TruthField(label=_("Did you hand over cash face to face?"))
    family = TruthField(label=_("Did somebody of your family or an acquaintance do it?"))


class LossForm(forms.Form):
    """How much, and where it went."""

    loss = YuanField(label=_("Money you lost, in yuan"), required=False)
    recovered = YuanField(label=_("Of it back already, in yuan"), required=False,
                          help_text=_("0 if nothing came back"))
    payee_account = forms.CharField(label=_("Account the money went to"), max_length=60,
                                    required=False, widget=forms.TextInput(_DIGITS))
    payee_name = forms.CharField(label=_("Name of that account"), max_length=60, required=False,
                                 widget=forms.TextInput(_PLAIN))
    payee_bank = forms.CharField(label=_("Bank or payment service of that account"),
                                 max_length=60, required=False)


class PoliceForm(forms.Form):
    """The police filing."""

    police_filed = TruthField(label=_("Have the police filed a case?"))
    police_case = forms.CharField(label=_("Number of the case"), max_length=60, required=False,
                                  widget=forms.TextInput(_PLAIN))
    filing_day = DayField(label=_("Day of the filing"),
                          help_text=_("As on the notice of filing, not that of your report"))
    police_notice = forms.FileField(label=_("Notice of the filing (photo or PDF)"),
                                    required=False)


class BankForm(forms.Form):
    """Papers that prove the loss."""

    bank_records = forms.FileField(label=_("Bank or payment records (photo or PDF)"),
                                   required=False)
    call_records = forms.FileField(label=_("Calls, messages or chats (photo or PDF)"),
                                   required=False)
    identity_document = forms.FileField(label=_("Identity document (photo or PDF)"),
                                        required=False)


class AccountForm(forms.Form):
    """Where to pay."""

    holder_account = forms.CharField(label=_("Your account number"), max_length=60,
                                     required=False, widget=forms.TextInput(_DIGITS),
                                     help_text=_("An account in your own name. It is shown "
                                                 "masked once it is kept."))
    holder_bank = forms.CharField(label=_("Your bank"), max_length=60, required=False)


class DeclareForm(forms.Form):
    """The declaration."""

    declared = forms.BooleanField(label=_(
        "What I state is true as far as I know. I agree that the insurer checks it with the "
        "police, banks and payment services named here, and uses my data to decide this claim."))


class BackForm(forms.Form):
    """Money that came back."""

    amount = YuanField(label=_("Money that came back, in yuan"))
    returned_on = DayField(label=_("Day on which it came back"))
    another = forms.BooleanField(
        required=False, label=_("As much came back on this day before: this is another return"))
    key = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput,
                          initial=lambda: str(new_key()))
    """What is sent twice with one key counts once."""

    def stated(self) -> dict[str, Any]:
        """What the verb is given."""
        data = self.cleaned_data
        return {"amount_fen": data["amount"] or 0, "returned_on": data["returned_on"],
                "key": data["key"], "another": data["another"]}

    def clean(self) -> dict[str, Any]:
        """Both are known."""
        data = super().clean() or {}
        if data.get("returned_on") is None:
            self.add_error("returned_on", _("Give a day."))
        return data


class WordsForm(forms.Form):
    """What one has to say."""

    text = forms.CharField(label=_("Your objection"), max_length=2_000,
                           widget=forms.Textarea({"rows": 5}),
                           help_text=_("Say what is wrong in the decision. Somebody who had no "
                                       "part in it answers."))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000, widget=forms.Textarea(_ROWS))


class HandForm(ReasonForm):
    """A decision by hand."""

    pay = forms.ChoiceField(label=_("Decision"), choices=(
        ("1", _("Pay what the terms give")), ("0", _("Nothing is payable"))))


class AnswerForm(forms.Form):
    """An answer to an objection."""

    upheld = forms.ChoiceField(label=_("Answer"), choices=(
        ("1", _("Upheld: a person decides anew")), ("0", _("Not upheld"))))
    answer = forms.CharField(label=_("Reasons, shown to the claimant"), max_length=2_000,
                             widget=forms.Textarea(_ROWS))


class ReferenceForm(forms.Form):
    """The bank's reference of money that arrived."""

    reference = forms.CharField(label=_("Reference of the bank"), max_length=100)


class FileForm(forms.Form):
    """A file of claims."""

    file = forms.FileField(label=_("File of claims"), help_text=_(
        "CSV, Excel or Parquet with the columns of docs/reference/resident-claims.md"))


class SettingForm(forms.Form):
    """How claims of a scheme are decided."""

    terms_explained = forms.ChoiceField(
        label=_("Were exclusions, deductible and own share explained to the applicant?"),
        choices=(("1", _p("answer", "Yes")), ("0", _p("answer", "No"))),
        help_text=_("保险法17条: what was not explained does not apply. Say No where no record "
                    "shows it."))
    explained_on = DayField(label=_("Day of the explanation"))
    approve_above = YuanField(label=_("A second person approves payments above, in yuan"))
    reason = forms.CharField(label=_("On what this rests"), max_length=500,
                             widget=forms.Textarea({"rows": 2}))


class FactsForm(forms.Form):
    """Every fact that may be stated of a claim, by the engine's columns."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000, widget=forms.Textarea(_ROWS))

    def __init__(self, *args: Any, english: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, column in stated_columns().items():
            label = column.name_en if english else column.name_zh
            field: forms.Field
            match column.kind:
                case "money":
                    field = YuanField(label=label, required=False)
                case "day":
                    field = DayField(label=label)
                case "truth":
                    field = TruthField(label=label)
                    field.choices = (("", _p("fact", "Unknown")), *ANSWERS[1:])
                case _:
                    field = forms.IntegerField(label=label, required=False, min_value=0,
                                               max_value=100_000)
            self.fields[name] = field

    @property
    def facts(self) -> list[Any]:
        """The fields of facts."""
        return [self[name] for name in stated_columns()]

    def changed(self) -> dict[str, Any]:
        """The facts that were changed."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "reason"}


PAPER_FIELDS: Final = tuple(Paper.Kind.values)
