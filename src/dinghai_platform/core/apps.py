"""The core as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class CoreConfig(HouseApp):
    """Organisations, people, jobs and the audit chain."""

    name = "dinghai_platform.core"
    label = "core"
    verbose_name = "Core"
    url_prefix = ""
    api_prefix = ""
    menu = (
        MenuItem(_("Jobs"), "core:jobs", "core.view_jobs", "administration", 900, "list-check"),
        MenuItem(
            _("Audit trail"), "core:audit", "core.view_audit", "administration", 910, "link"
        ),
        MenuItem(
            _("Members"), "core:members", "core.manage_members", "administration", 920, "users"
        ),
        MenuItem(
            _("Organisations"),
            "core:organisations",
            "core.manage_tenants",
            "administration",
            930,
            "building",
        ),
        MenuItem(
            _("Access tokens"), "core:tokens", "core.own_tokens", "administration", 940, "key"
        ),
    )
