"""What the database itself keeps: no sealed change is altered or lost, standings only go forward."""

from django.db import migrations

from dinghai_platform.core.database_guards import VendorSQL, row_security

_TABLES = ("residents_changelist", "residents_changechunk", "residents_change",
           "residents_standing", "residents_pace")
_SEALED = ("EXISTS (SELECT 1 FROM residents_changechunk c JOIN residents_changelist l"
           " ON l.id = c.changes_id WHERE c.id = OLD.chunk_id AND l.state = 'sealed')")
_FIXED = ("id, tenant_id, chunk_id, line, certificate, before, day, plan_before, plan, step_fen,"
          " owed_fen, ended_on, masked_name, person_of, person")
_SAID = "a change does not change"
_GONE = "a sealed change is not deleted"
_BACK = "a standing only goes forward"
_KEPT = "a standing is not deleted"


def _postgresql(name: str, table: str, when: str, condition: str, said: str) -> tuple[str, ...]:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition}"
        f" THEN RAISE EXCEPTION '{said}' USING ERRCODE = 'restrict_violation'; END IF;"
        f" IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    )


def _sqlite(name: str, table: str, when: str, condition: str, said: str) -> str:
    return (f"CREATE TRIGGER {name} BEFORE {when} ON {table} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{said}'); END")


_RULES = (
    ("residents_change_fixed", "residents_change", f"UPDATE OF {_FIXED}", "1 = 1", _SAID),
    ("residents_change_settled", "residents_change", "UPDATE OF state", _SEALED, _SAID),
    ("residents_change_kept", "residents_change", "DELETE", _SEALED, _GONE),
    ("residents_standing_forward", "residents_standing", "UPDATE",
     "NEW.certificate <> OLD.certificate OR NEW.tenant_id <> OLD.tenant_id"
     " OR NEW.change <= OLD.change", _BACK),
    ("residents_standing_kept", "residents_standing", "DELETE", "1 = 1", _KEPT),
)


class Migration(migrations.Migration):
    """Changes are rows of their own: a certificate stays as it was issued."""

    dependencies = (("residents", "0010_changes"),)
    operations = (
        *(row_security(table) for table in _TABLES),
        VendorSQL(
            sqlite=tuple(_sqlite(*one) for one in _RULES),
            postgresql=tuple(statement for one in _RULES for statement in _postgresql(*one))),
    )
