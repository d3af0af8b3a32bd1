"""What services refuse, for the translators: pages show these in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

KNOWN = (
    _("this product is not on sale yet"),
    _("release it in the catalogue first"),
    _("no product is on sale"),
    _("release one in the catalogue"),
    _("the first day has passed"),
    _("choose a later day"),
    _("this quote is above your authority: refer it"),
    _("a referral needs its reason"),
    _("say why"),
    _("only an accepted quote is bound"),
    _("the payment has no reference"),
    _("copy it from the bank"),
    _("the first day of cover passed unpaid"),
    _("cover starts when the premium is paid: price the risk again"),
    _("a dispute needs its reason"),
    _("say what is wrong"),
    _("this finding is already disputed or disregarded"),
    _("a decision needs its reasons"),
    _("whoever raised a dispute does not decide it"),
    _("give them"),
    _("this is not a ZIP archive"),
    _("zip the folder that holds profile.toml"),
    _("terms are explained while the offer is open"),
    _("the insurer records who confirmed, and by which channel"),
    _("name the person and the channel"),
    _("a waiver needs its reason"),
    _("the file is missing"),
    _("choose a ZIP"),
    _("only a policy in force is watched"),
    _("a newer reading has taken the place of this proposal"),
    _("only a planned fix is verified"),
    _("this step needs its reason"),
    _("the aggregate limit is outside the product's bounds"),
    _("the event deductible is outside the product's bounds"),
    _("that day has passed"),
    _("the delivery of this notice is on record"),
)
