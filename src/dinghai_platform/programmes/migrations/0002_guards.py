"""Row-level security of programmes; steps of premium and certificates never change."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security

_OF_OWNERS = ("programme", "study", "settlement")
_OF_MEMBERS = ("memberstep", "certificate", "standing", "memberfloat")


class Migration(migrations.Migration):
    """An insurer sees its own rows, a chain owner those of its programme, a supplier its own."""

    dependencies = (("programmes", "0001_initial"), ("core", "0002_guards"))
    operations = (
        *(row_security(f"programmes_{table}", shared_columns=("owner_id",),
                       label=f"programmes.{table}") for table in _OF_OWNERS),
        row_security("programmes_member", shared_columns=("owner_id", "organisation_id"),
                     label="programmes.member"),
        *(row_security(f"programmes_{table}", shared_columns=("owner_id",),
                       shared_where=("EXISTS (SELECT 1 FROM programmes_member p"
                                     f" WHERE p.id = programmes_{table}.member_id)",),
                       label=f"programmes.{table}") for table in _OF_MEMBERS),
        append_only("programmes_memberstep"),
        append_only("programmes_certificate"),
        append_only("programmes_standing"),
    )
