"""What the database itself keeps: whose rows are whose, and that no issued certificate changes."""

from django.db import migrations

from dinghai_platform.core.database_guards import VendorSQL, row_security

_TABLES = ("residents_residentscheme", "residents_enrolment", "residents_enrolmentchunk",
           "residents_certificate", "residents_enrolledperson")
_FIXED = "id, tenant_id, chunk_id, line, plan, masked_name, person, look_up"
_SEALED = ("EXISTS (SELECT 1 FROM residents_enrolmentchunk c JOIN residents_enrolment e"
           " ON e.id = c.enrolment_id WHERE c.id = OLD.chunk_id AND e.state = 'sealed')")
_SAID = "a certificate does not change"
_GONE = "an issued certificate is not deleted"


class Migration(migrations.Migration):
    """Only a certificate's state may change, and only what was never sealed may go."""

    dependencies = (("residents", "0001_initial"), ("core", "0002_guards"))
    operations = (
        *(row_security(table) for table in _TABLES),
        VendorSQL(
            sqlite=(
                f"CREATE TRIGGER residents_certificate_fixed BEFORE UPDATE OF {_FIXED}"
                f" ON residents_certificate BEGIN SELECT RAISE(ABORT, '{_SAID}'); END",
                "CREATE TRIGGER residents_certificate_kept BEFORE DELETE ON residents_certificate"
                f" WHEN {_SEALED} BEGIN SELECT RAISE(ABORT, '{_GONE}'); END",
            ),
            postgresql=(
                "CREATE FUNCTION residents_certificate_fixed() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'restrict_violation';"
                " END $$",
                f"CREATE TRIGGER residents_certificate_fixed BEFORE UPDATE OF {_FIXED}"
                " ON residents_certificate FOR EACH ROW EXECUTE FUNCTION"
                " residents_certificate_fixed()",
                "CREATE FUNCTION residents_certificate_kept() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN IF {_SEALED} THEN RAISE EXCEPTION '{_GONE}'"
                " USING ERRCODE = 'restrict_violation'; END IF; RETURN OLD; END $$",
                "CREATE TRIGGER residents_certificate_kept BEFORE DELETE ON residents_certificate"
                " FOR EACH ROW EXECUTE FUNCTION residents_certificate_kept()",
            )),
    )
