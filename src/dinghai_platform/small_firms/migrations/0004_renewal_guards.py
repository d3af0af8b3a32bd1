"""Row-level security of renewals; what became of a policy in a run never changes."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security


class Migration(migrations.Migration):
    """A broker sees the runs that it began, a firm what became of its own policy."""

    dependencies = (("small_firms", "0003_refusals_and_renewals"), ("core", "0002_guards"))
    operations = (
        row_security("small_firms_renewalrun", shared_columns=("broker_id",),
                     label="small_firms.renewalrun"),
        row_security("small_firms_renewal", shared_columns=("broker_id", "insured_id"),
                     label="small_firms.renewal"),
        append_only("small_firms_renewal"),
    )
