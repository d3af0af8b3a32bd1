"""A renewal whose old certificate was changed between staging and seal is left out and says why."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One more reason for which a certificate is void."""

    dependencies = (("residents", "0022_papers_as_changed"),)
    operations = (
        migrations.AlterField("certificate", "state", models.PositiveSmallIntegerField(
            choices=[(1, "In force"), (2, "Void: the person was enrolled already"),
                     (3, "Void: the one it renews was changed meanwhile")], default=1)),
    )
