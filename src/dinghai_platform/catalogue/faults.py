"""What services refuse, for the translators: pages show these in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

FAULTS = (
    _("choose at least two products"),
    _("choose at most six products"),
    _("choose two to six"),
    _("there is no such scenario"),
    _("choose a standard one"),
    _("this is no amount"),
    _("write whole numbers"),
    _("this is no day"),
    _("write it like 2026-01-01"),
    _("no newer version of this product is on sale"),
    _("install and release the new version first"),
    _("the withdrawal needs its reason in at most 2,000 characters"),
    _("say why the product is withdrawn"),
    _("a revised version stays what it was"),
    _("the sale of this version has ended"),
    _("install the new version and release that"),
    _("give the changed product a new version"),
    _("name one that comes with the platform"),
    _("the file is too large for a wording"),
    _("upload product.toml"),
    _("not UTF-8 text"),
    _("save it as UTF-8"),
    _("the filing has no number"),
    _("copy it"),
    _("the filed bounds are out of order"),
    _("order them"),
)
