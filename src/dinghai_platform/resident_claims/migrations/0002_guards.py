"""What the database itself keeps: whose rows are whose; decisions and payments never change, and a
claim is neither deleted nor moved to another certificate."""

from django.db import migrations

from dinghai_platform.core.database_guards import VendorSQL, append_only, row_security

_TABLES = ("claimsetting", "decisionrun", "claimimport", "claim", "paper", "decision", "payment",
           "recovery", "objection")
_CLAIM = "resident_claims_claim"
_FIXED = "id, tenant_id, number, certificate_id, scheme_id, person_key"
_SAID = "a claim keeps its number and its certificate"
_LESS = "what was paid on a claim is not taken back"
_KEPT = "a claim is not deleted"


class Migration(migrations.Migration):
    """Row-level security, and what may never happen to a claim, a decision or a payment."""

    dependencies = (("resident_claims", "0001_initial"), ("core", "0002_guards"))
    operations = (
        *(row_security(f"resident_claims_{table}") for table in _TABLES),
        append_only("resident_claims_decision"),
        append_only("resident_claims_payment"),
        VendorSQL(
            sqlite=(
                f"CREATE TRIGGER {_CLAIM}_fixed BEFORE UPDATE OF {_FIXED} ON {_CLAIM}"
                " WHEN OLD.certificate_id <> NEW.certificate_id OR OLD.number <> NEW.number"
                " OR OLD.tenant_id <> NEW.tenant_id OR OLD.scheme_id <> NEW.scheme_id"
                " OR OLD.person_key <> NEW.person_key OR OLD.id <> NEW.id"
                f" BEGIN SELECT RAISE(ABORT, '{_SAID}'); END",
                f"CREATE TRIGGER {_CLAIM}_paid BEFORE UPDATE OF paid_fen ON {_CLAIM}"
                f" WHEN NEW.paid_fen < OLD.paid_fen BEGIN SELECT RAISE(ABORT, '{_LESS}'); END",
                f"CREATE TRIGGER {_CLAIM}_kept BEFORE DELETE ON {_CLAIM}"
                f" BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END",
            ),
            postgresql=(
                f"CREATE FUNCTION {_CLAIM}_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " IF OLD.certificate_id <> NEW.certificate_id OR OLD.number <> NEW.number"
                " OR OLD.tenant_id <> NEW.tenant_id OR OLD.scheme_id <> NEW.scheme_id"
                " OR OLD.person_key <> NEW.person_key OR OLD.id <> NEW.id THEN"
                f" RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'restrict_violation'; END IF;"
                " IF NEW.paid_fen < OLD.paid_fen THEN"
                f" RAISE EXCEPTION '{_LESS}' USING ERRCODE = 'restrict_violation'; END IF;"
                " RETURN NEW; END $$",
                f"CREATE TRIGGER {_CLAIM}_fixed BEFORE UPDATE ON {_CLAIM}"
                f" FOR EACH ROW EXECUTE FUNCTION {_CLAIM}_fixed()",
                f"CREATE FUNCTION {_CLAIM}_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" RAISE EXCEPTION '{_KEPT}' USING ERRCODE = 'restrict_violation'; END $$",
                f"CREATE TRIGGER {_CLAIM}_kept BEFORE DELETE ON {_CLAIM}"
                f" FOR EACH ROW EXECUTE FUNCTION {_CLAIM}_kept()",
            )),
    )
