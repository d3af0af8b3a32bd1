"""A list that is all or nothing stays so until its seal; whom a look found enrolled is kept."""

from django.db import migrations, models

from dinghai_platform.core.database_guards import VendorSQL

_LISTED = ("EXISTS (SELECT 1 FROM residents_enrolmentchunk c JOIN residents_enrolment e"
           " ON e.id = c.enrolment_id WHERE c.id = OLD.chunk_id AND e.state = 'sealed')")
_CHANGED = ("EXISTS (SELECT 1 FROM residents_changechunk c JOIN residents_changelist l"
            " ON l.id = c.changes_id WHERE c.id = OLD.chunk_id AND l.state = 'sealed')")
_GUARDS = {
    "residents_certificate_kept": (
        f"BEFORE DELETE ON residents_certificate WHEN {_LISTED}",
        "an issued certificate is not deleted"),
    "residents_change_settled": (
        f"BEFORE UPDATE OF state ON residents_change WHEN {_CHANGED}", "a change does not change"),
    "residents_change_kept": (
        f"BEFORE DELETE ON residents_change WHEN {_CHANGED}", "a sealed change is not deleted"),
}


class Migration(migrations.Migration):
    """What was asked for with a list, and lines of persons who were in the scheme before."""

    dependencies = (("residents", "0024_streams_touched"),)
    operations = (
        # SQLite makes a table anew to change it, and refuses while a trigger reads from it.
        VendorSQL(sqlite=tuple(f"DROP TRIGGER {name}" for name in _GUARDS)),
        migrations.AddField("changelist", "all_or_nothing", models.BooleanField(default=False)),
        migrations.AddField("enrolment", "all_or_nothing", models.BooleanField(default=False)),
        migrations.AddField("enrolment", "enrolled", models.BinaryField(null=True)),
        VendorSQL(sqlite=tuple(
            f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{said}'); END"
            for name, (when, said) in _GUARDS.items())),
    )
