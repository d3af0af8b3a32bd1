"""Forms of the core. They shape input; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinghai.foundation.errors import DinghaiError, InputError
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.roles import role_choices
from dinghai_platform.core.web import fault_of


def show_error(form: forms.Form, error: DinghaiError) -> None:
    """Put a service's error where the reader of the form sees it."""
    fault = fault_of(error)
    field = fault.field if isinstance(error, InputError) and fault.field in form.fields else None
    form.add_error(field, fault.message)


class DayField(forms.DateField):
    """A day with the browser's own calendar."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
        super().__init__(required=False, widget=widget, input_formats=["%Y-%m-%d"], **kwargs)


class AccountForm(forms.Form):
    """Name and password of a new account."""

    username = forms.CharField(label=_("User name"), max_length=150)
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("At least ten characters."),
    )
    password_again = forms.CharField(
        label=_("Password again"), widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        """Both passwords are the same."""
        data = super().clean() or {}
        if data.get("password") != data.get("password_again"):
            self.add_error("password_again", _("The two passwords differ."))
        return data


class SetupForm(AccountForm):
    """The first administrator, the operator of the site and, if wanted, the first insurer."""

    email = forms.EmailField(label=_("E-mail"))
    operator = forms.CharField(label=_("Operator of this platform"), max_length=200)
    insurer = forms.CharField(
        label=_("First insurer"),
        max_length=200,
        required=False,
        help_text=_("Each insurer keeps its own books and rows. More can be added later."),
    )
    field_order = (
        "operator", "insurer", "username", "email", "password", "password_again",
    )


class InvitedForm(AccountForm):
    """An invited person's account."""

    full_name = forms.CharField(label=_("Full name"), max_length=100)
    field_order = ("full_name", "username", "password", "password_again")


class InviteForm(forms.Form):
    """Whom to invite, where and as what."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("Organisation"))
    email = forms.EmailField(label=_("E-mail"))
    role = forms.ChoiceField(label=_("Role"), choices=role_choices)

    def __init__(self, *args: Any, organisations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations
        if len(only := list(organisations[:2])) == 1:
            self.fields["organisation"].initial = only[0].pk


class OrganisationForm(forms.Form):
    """A new organisation."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[choice for choice in Organisation.Kind.choices if choice[0] != "platform"],
    )
    name_zh = forms.CharField(label=_("Chinese name"), max_length=200)
    name_en = forms.CharField(label=_("English name"), max_length=200, required=False)
    credit_code = forms.CharField(
        label=_("Unified social credit code"), max_length=18, required=False
    )


class TokenForm(forms.Form):
    """A new access token."""

    name = forms.CharField(label=_("Name"), max_length=100)
    scopes = forms.CharField(
        label=_("Permissions"),
        initial="*",
        help_text=_("Separated by blanks: ledger.view, ledger.* or * for all of your role's."),
    )
    days = forms.IntegerField(label=_("Days it lives"), initial=90, min_value=1, max_value=366)


class AuditFilter(forms.Form):
    """How to narrow the audit trail."""

    action = forms.CharField(label=_("Action"), required=False)
    subject = forms.CharField(label=_("Subject"), required=False)
    user = forms.CharField(label=_("User name"), required=False)
    text = forms.CharField(label=_("Content"), required=False)
    since = DayField(label=_("From"))
    until = DayField(label=_("Until"))
