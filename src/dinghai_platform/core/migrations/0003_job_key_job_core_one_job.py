"""A job may have a key, by which a tenant starts it once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The key of a job, unique in its tenant."""

    dependencies = (("core", "0002_guards"),)
    operations = (
        migrations.AddField(
            model_name="job",
            name="key",
            field=models.CharField(max_length=120, null=True),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(fields=("tenant", "key"), name="core_one_job"),
        ),
    )
