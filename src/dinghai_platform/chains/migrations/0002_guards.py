"""Row-level security of chains; versions and what runs found never change."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security

_TABLES = ("supplychain", "chainversion", "chainimport", "chainrun", "rundocument")


class Migration(migrations.Migration):
    """An insurer sees its own rows, and a chain owner those of its chains."""

    dependencies = (("chains", "0001_initial"), ("core", "0002_guards"))
    operations = (
        *(row_security(f"chains_{table}", shared_columns=("owner_id",), label=f"chains.{table}")
          for table in _TABLES),
        append_only("chains_chainversion"),
        append_only("chains_rundocument"),
    )
