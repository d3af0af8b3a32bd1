"""Row-level security of monitoring's tables; readings can never be changed."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security


class Migration(migrations.Migration):
    """A tenant sees its own rows, an insured those about itself."""

    dependencies = (("monitoring", "0001_initial"),)
    operations = (
        *(
            row_security(
                f"monitoring_{table}",
                shared_columns=("insured_id",),
                label=f"monitoring.{table}",
            )
            for table in ("reading", "monitoredfinding", "floatproposal", "notice")
        ),
        append_only("monitoring_reading"),
    )
