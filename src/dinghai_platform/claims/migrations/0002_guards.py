"""Row-level security of claims' tables; payments and recoveries can never be changed."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security

# What hangs on an incident or a claim is seen by whoever sees that (responders, adjusters).
_OF_INCIDENT = ("evidencedocument", "reportingduty", "responseorder", "timelineentry")
_OF_CLAIM = (
    "clockpause", "decisionrecord", "evidencerequest", "lossitem", "objection", "payment",
    "recourse", "reservechange",
)


def _through(table: str, parent: str) -> str:
    return (f"EXISTS (SELECT 1 FROM claims_{parent} p WHERE p.id = claims_{table}.{parent}_id)")


class Migration(migrations.Migration):
    """A tenant sees its own rows, an insured those about itself, a partner what it was shown."""

    dependencies = (("claims", "0001_initial"), ("core", "0002_guards"))
    operations = (
        *(
            row_security(f"claims_{table}", shared_columns=("insured_id",), label=f"claims.{table}")
            for table in ("incident", "claim")
        ),
        *(
            row_security(
                f"claims_{table}", shared_columns=("insured_id",),
                shared_where=(_through(table, parent),), label=f"claims.{table}",
            )
            for parent, tables in (("incident", _OF_INCIDENT), ("claim", _OF_CLAIM))
            for table in tables
        ),
        row_security("claims_recovery", shared_columns=("insured_id",), label="claims.recovery"),
        append_only("claims_payment"),
        append_only("claims_recovery"),
    )
