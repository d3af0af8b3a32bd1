"""The database's own guards: an append-only audit chain and row-level security."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security


class Migration(migrations.Migration):
    """Triggers and policies of the core's tables."""

    dependencies = (("core", "0001_initial"),)
    operations = (
        append_only("core_auditentry"),
        row_security("core_auditentry"),
        row_security("core_relation", shared_columns=("organisation_id",)),
        row_security("core_job", shared_columns=("organisation_id",), label="core.job"),
        row_security("core_storedfile", label="core.storedfile"),
    )
