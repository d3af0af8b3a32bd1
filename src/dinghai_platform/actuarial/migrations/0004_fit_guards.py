"""Row-level security of fits; what was found stands, and a fit is kept for ever."""

from django.db import migrations

from dinghai_platform.core.database_guards import VendorSQL, row_security

_SAID = "what a fit found stands until it is withdrawn"
_KEPT = "fits are kept for ever"


class Migration(migrations.Migration):
    """A tenant sees its own rows alone."""

    dependencies = (("actuarial", "0003_fits"),)
    operations = (
        *(
            row_security(f"actuarial_{table}", label=f"actuarial.{table}")
            for table in ("fitreport", "fitupload", "fitpaper")
        ),
        VendorSQL(
            sqlite=(
                "CREATE TRIGGER actuarial_fitreport_stands BEFORE UPDATE ON actuarial_fitreport"
                " WHEN OLD.file_sha256 <> NEW.file_sha256 OR OLD.state = 'withdrawn'"
                " OR (OLD.state = 'done' AND NEW.state <> 'withdrawn')"
                f" BEGIN SELECT RAISE(ABORT, '{_SAID}'); END",
                "CREATE TRIGGER actuarial_fitreport_no_delete BEFORE DELETE"
                f" ON actuarial_fitreport BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END",
                "CREATE TRIGGER actuarial_fitpaper_no_update BEFORE UPDATE ON actuarial_fitpaper"
                f" BEGIN SELECT RAISE(ABORT, '{_SAID}'); END",
            ),
            postgresql=(
                "CREATE FUNCTION actuarial_fit_stands() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN IF TG_OP = 'DELETE' THEN"
                f" RAISE EXCEPTION '{_KEPT}' USING ERRCODE = 'restrict_violation'; END IF;"
                " IF OLD.file_sha256 <> NEW.file_sha256 OR OLD.state = 'withdrawn'"
                " OR (OLD.state = 'done' AND NEW.state <> 'withdrawn') THEN"
                f" RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'restrict_violation'; END IF;"
                " RETURN NEW; END $$",
                "CREATE TRIGGER actuarial_fitreport_stands BEFORE UPDATE OR DELETE"
                " ON actuarial_fitreport FOR EACH ROW EXECUTE FUNCTION actuarial_fit_stands()",
                "CREATE FUNCTION actuarial_fit_paper_stands() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'restrict_violation'; END $$",
                "CREATE TRIGGER actuarial_fitpaper_stands BEFORE UPDATE ON actuarial_fitpaper"
                " FOR EACH ROW EXECUTE FUNCTION actuarial_fit_paper_stands()",
            ),
        ),
    )
