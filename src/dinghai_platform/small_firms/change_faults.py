"""What the verbs on changes refuse, for the translators."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

KNOWN: Final = (
    _("this policy covers nothing any more"),
    _("look at the firm's last policy"),
    _("this policy is cancelled already"),
    _("price the firm again: the answers are kept"),
    _("the cover was cancelled after this quote was made"),
    _("the day is before today"),
    _("give this day or a later one"),
    _("the day is after the last day of cover"),
    _("give a day of the period"),
    _("the premium of this policy is not paid yet"),
    _("pay it first, or cancel it and take another offer"),
    _("another change of the plan waits"),
    _("take it back first"),
    _("the policy has this plan"),
    _("choose another one"),
    _("a name is mended from today on"),
    _("leave it out"),
    _("the policy has this name"),
    _("give the new one"),
    _("nothing is to be paid for this change"),
    _("a refund is paid once the change is in force"),
    _("the first day of the change passed unpaid"),
    _("ask for the change again"),
    _("this change is in force"),
    _("ask for another change"),
    _("the additional premium of this change is paid"),
    _("let it begin, then change the plan again"),
    _("the policy was cancelled"),
    _("the additional premium was not there by its first day"),
    _("there is no such kind of change"),
)
