"""Row-level security of statements that money came back; each stands as it was made."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security


class Migration(migrations.Migration):
    """A tenant sees its own rows alone, and a statement never changes."""

    dependencies = (("resident_claims", "0003_statements_and_four_eyes"),)
    operations = (
        row_security("resident_claims_backstatement"),
        append_only("resident_claims_backstatement"),
    )
