"""What ends a version's sale, and who sees products in the database itself."""

import django.db.models.deletion
from django.db import migrations, models

from dinghai_platform.core.database_guards import VendorSQL

_TABLE = "catalogue_productversion"
_ORGANISATION = "current_setting('dinghai.organisation', true)"
_PUBLIC = "status IN ('in_use', 'filed', 'revised', 'withdrawn')"


class Migration(migrations.Migration):
    """Fields of revision and withdrawal; a second policy beside the tenant's own.

    What is or was on sale is open to those the insurer deals with (their quotes show it for ever)
    and to the authorities. The site narrows it further.
    """

    dependencies = [("catalogue", "0002_guards"), ("core", "0002_guards")]

    operations = [
        migrations.AddField(
            model_name="productversion",
            name="replaced_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="replaces",
                to="catalogue.productversion",
            ),
        ),
        migrations.AddField(
            model_name="productversion",
            name="off_sale_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="productversion",
            name="off_sale_reason",
            field=models.TextField(blank=True, verbose_name="reason", default=""),
            preserve_default=False,
        ),
        VendorSQL(
            postgresql=(
                f"CREATE POLICY {_TABLE}_public ON {_TABLE} FOR SELECT USING ({_PUBLIC} AND ("
                "EXISTS (SELECT 1 FROM core_relation r"
                f" WHERE r.tenant_id = {_TABLE}.tenant_id"
                f" AND r.organisation_id::text = {_ORGANISATION})"
                " OR EXISTS (SELECT 1 FROM core_organisation o"
                f" WHERE o.id::text = {_ORGANISATION} AND o.kind = 'regulator')))",
            )
        ),
    ]
