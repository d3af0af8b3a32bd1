"""Row-level security of small firms; answers, scans, papers and monthly pages never change."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security

_OF_FIRMS = ("firm", "answers", "scan", "quote", "policy", "paper", "month")
_OF_BROKERS = ("link", "batch", "monthrun")


class Migration(migrations.Migration):
    """An insurer sees its own rows, a broker what came through it, a firm what is about itself."""

    dependencies = (("small_firms", "0001_initial"), ("core", "0002_guards"))
    operations = (
        *(row_security(f"small_firms_{table}", shared_columns=("broker_id", "insured_id"),
                       label=f"small_firms.{table}") for table in _OF_FIRMS),
        *(row_security(f"small_firms_{table}", shared_columns=("broker_id",),
                       label=f"small_firms.{table}") for table in _OF_BROKERS),
        append_only("small_firms_answers"),
        append_only("small_firms_scan"),
        append_only("small_firms_paper"),
        append_only("small_firms_month"),
    )
