"""Row-level security of histories, screenings and own costs; none of them can ever be changed."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security


class Migration(migrations.Migration):
    """An enterprise sees its own history and costs; a screening is the insurer's alone."""

    dependencies = (("underwriting", "0003_claims_history"),)
    operations = (
        *(
            row_security(
                f"underwriting_{table}",
                shared_columns=("insured_id",),
                label=f"underwriting.{table}",
            )
            for table in ("historyversion", "ownfixcosts")
        ),
        row_security("underwriting_screening"),
        *(append_only(f"underwriting_{table}")
          for table in ("historyversion", "ownfixcosts", "screening")),
    )
