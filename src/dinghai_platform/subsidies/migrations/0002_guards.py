"""Row-level security of subsidies; rules, registers, public lists and payments never change."""

from django.db import migrations

from dinghai_platform.core.database_guards import VendorSQL, append_only, row_security

_OF_AUTHORITIES = ("subsidy", "ruleversion", "entry", "filelist", "publiclist", "payment")
_OF_SIDES = ("application", "enclosure")
_SIDES = ("authority_id", "organisation_id", "broker_id", "insurer_id")
_OPEN = ("subsidies_subsidy", "subsidies_ruleversion", "subsidies_publiclist")


class Migration(migrations.Migration):
    """An authority sees its own rows, a firm, its broker and its insurer their applications; what
    is on offer and what was published anybody reads."""

    dependencies = (("subsidies", "0001_initial"), ("core", "0002_guards"))
    operations = (
        *(append_only(f"subsidies_{table}") for table in (
            "ruleversion", "entry", "enclosure", "publiclist", "payment")),
        *(row_security(f"subsidies_{table}", shared_columns=("authority_id",),
                       label=f"subsidies.{table}") for table in _OF_AUTHORITIES),
        *(row_security(f"subsidies_{table}", shared_columns=_SIDES, label=f"subsidies.{table}")
          for table in _OF_SIDES),
        VendorSQL(postgresql=tuple(
            f"CREATE POLICY {table}_open ON {table} FOR SELECT USING (true)" for table in _OPEN)),
    )
