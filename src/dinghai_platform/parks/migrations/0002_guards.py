"""Row-level security of parks; steps of premium and certificates never change."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security

_OF_PARKS = ("park", "memberchange", "certificatepack", "eventsettlement", "sharedservice")
_OF_MEMBERS = ("premiumstep", "parkcertificate", "memberclaim", "serviceuse")


class Migration(migrations.Migration):
    """An insurer sees its own rows, an operator those of its park, a firm its own."""

    dependencies = (("parks", "0001_initial"), ("core", "0002_guards"))
    operations = (
        *(row_security(f"parks_{table}", shared_columns=("operator_id",),
                       label=f"parks.{table}") for table in _OF_PARKS),
        row_security("parks_parkmember", shared_columns=("operator_id", "organisation_id"),
                     label="parks.parkmember"),
        *(row_security(f"parks_{table}", shared_columns=("operator_id",),
                       shared_where=("EXISTS (SELECT 1 FROM parks_parkmember p"
                                     f" WHERE p.id = parks_{table}.member_id)",),
                       label=f"parks.{table}") for table in _OF_MEMBERS),
        append_only("parks_premiumstep"),
        append_only("parks_parkcertificate"),
    )
