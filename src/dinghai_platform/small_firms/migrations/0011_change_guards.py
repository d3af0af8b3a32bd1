"""Row-level security of changes of small firms' policies; an endorsement's paper never changes."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security


class Migration(migrations.Migration):
    """A broker sees the changes of policies that came through it, a firm those of its own."""

    dependencies = (("small_firms", "0010_changes"), ("core", "0002_guards"))
    operations = (
        *(row_security(f"small_firms_{table}", shared_columns=("broker_id", "insured_id"),
                       label=f"small_firms.{table}") for table in ("change", "changepaper")),
        append_only("small_firms_changepaper"),
    )
