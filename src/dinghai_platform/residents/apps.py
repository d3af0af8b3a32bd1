"""Residents' cover as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MassUpload, MenuItem


class ResidentsConfig(HouseApp):
    """Residents' anti-fraud cover."""

    name = "dinghai_platform.residents"
    label = "residents"
    verbose_name = _("Residents' cover")
    url_prefix = "residents/"
    api_prefix = "residents"
    mass_uploads = (
        MassUpload(r"/residents/[0-9a-f-]{36}/take/", "residents.enrol"),
        MassUpload(r"/residents/[0-9a-f-]{36}/changes/take/", "residents.change"),
        MassUpload(r"/api/v1/residents/schemes/[0-9a-f-]{36}/lists", "residents.enrol"),
        MassUpload(r"/api/v1/residents/schemes/[0-9a-f-]{36}/changes", "residents.change"),
    )
    menu = (
        MenuItem(_("Residents' schemes"), "residents:schemes", "residents.view", "underwriting",
                 150, "users"),
        MenuItem(_("Residents' certificates"), "residents:certificates", "residents.view",
                 "underwriting", 151, "id"),
    )

    def ready(self) -> None:
        """Load the room's words besides its jobs."""
        super().ready()
        from dinghai_platform.residents import words

        words.register()
