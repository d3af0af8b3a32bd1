"""Row-level security of the actuary's tables; history stands, and a proposed document too."""

from django.db import migrations

from dinghai_platform.core.database_guards import VendorSQL, append_only, row_security

_SAID = "a table version changes only while it is a draft"


class Migration(migrations.Migration):
    """A tenant sees its own rows alone."""

    dependencies = (("actuarial", "0001_initial"),)
    operations = (
        *(
            row_security(f"actuarial_{table}", label=f"actuarial.{table}")
            for table in ("tableversion", "tableevent", "impactrun", "impactrow")
        ),
        append_only("actuarial_tableevent"),
        append_only("actuarial_impactrow"),
        VendorSQL(
            sqlite=(
                "CREATE TRIGGER actuarial_tableversion_document_stands BEFORE UPDATE OF"
                " kind, table_id, number, label, document, document_hash"
                f" ON actuarial_tableversion WHEN OLD.state <> 'draft'"
                f" BEGIN SELECT RAISE(ABORT, '{_SAID}'); END",
                "CREATE TRIGGER actuarial_tableversion_no_delete BEFORE DELETE"
                " ON actuarial_tableversion"
                " BEGIN SELECT RAISE(ABORT, 'table versions are kept for ever'); END",
            ),
            postgresql=(
                "CREATE FUNCTION actuarial_document_stands() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN IF TG_OP = 'DELETE' THEN"
                " RAISE EXCEPTION 'table versions are kept for ever'"
                " USING ERRCODE = 'restrict_violation'; END IF;"
                " IF OLD.state <> 'draft' AND (NEW.document, NEW.document_hash, NEW.kind,"
                " NEW.table_id, NEW.number, NEW.label) IS DISTINCT FROM (OLD.document,"
                " OLD.document_hash, OLD.kind, OLD.table_id, OLD.number, OLD.label) THEN"
                f" RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'restrict_violation'; END IF;"
                " RETURN NEW; END $$",
                "CREATE TRIGGER actuarial_tableversion_stands BEFORE UPDATE OR DELETE"
                " ON actuarial_tableversion FOR EACH ROW"
                " EXECUTE FUNCTION actuarial_document_stands()",
            ),
        ),
    )
