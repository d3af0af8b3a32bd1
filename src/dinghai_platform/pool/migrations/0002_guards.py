"""What the database itself keeps: ledgers and releases that never change, and who sees what."""

from django.db import migrations

from dinghai_platform.core.database_guards import VendorSQL, append_only, row_security

_OPEN = ("pool_pool", "pool_release", "pool_budgetentry")


class Migration(migrations.Migration):
    """A member sees its own batches, records and credits; the pool and its releases are open."""

    dependencies = (("pool", "0001_initial"), ("core", "0002_guards"))
    operations = (
        append_only("pool_record"),
        append_only("pool_release"),
        append_only("pool_releasedbatch"),
        append_only("pool_budgetentry"),
        append_only("pool_creditentry"),
        *(row_security(table) for table in (*_OPEN, "pool_releasedbatch")),
        row_security("pool_member", shared_columns=("organisation_id",)),
        # A member that is no insurer keeps no books: its rows are its organisation's.
        *(row_security(table, shared_columns=("tenant_id",))
          for table in ("pool_batch", "pool_record", "pool_creditentry")),
        VendorSQL(postgresql=tuple(
            f"CREATE POLICY {table}_open ON {table} FOR SELECT USING (true)" for table in _OPEN)),
    )
