"""Row-level security of underwriting's tables; explanations can never be changed."""

from django.db import migrations

from dinghai_platform.core.database_guards import append_only, row_security

_TABLES = (
    "case", "dossier", "evidencereading", "finding", "dispute", "assessment", "treatmentplan",
    "fix", "quote", "explanation", "endorsement", "paper",
)


class Migration(migrations.Migration):
    """A tenant sees its own rows, an insured those about itself."""

    dependencies = (("underwriting", "0001_initial"),)
    operations = (
        *(
            row_security(
                f"underwriting_{table}",
                shared_columns=("insured_id",),
                label=f"underwriting.{table}",
            )
            for table in _TABLES
        ),
        row_security(
            "underwriting_policy",
            shared_columns=("insured_id", "applicant_id"),
            label="underwriting.policy",
        ),
        append_only("underwriting_explanation"),
    )
