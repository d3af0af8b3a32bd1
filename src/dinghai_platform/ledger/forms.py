"""How to narrow the journal and the balances."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.forms import DayField


class EntryFilter(forms.Form):
    """Days, account, source document and narrative."""

    since = DayField(label=_("From"))
    until = DayField(label=_("Until"))
    account = forms.ChoiceField(label=_("Account"), required=False)
    source = forms.CharField(label=_("Source document"), required=False)

    def __init__(self, *args: Any, accounts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = [
            ("", "—"), *((one.key, str(one)) for one in accounts)
        ]


class BalanceFilter(forms.Form):
    """The day the balances are taken on."""

    on = DayField(label=_("As of the end of"))
