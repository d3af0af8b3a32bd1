"""Bytes of a file may be let go of; name, size and hash stay."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("core", "0003_job_key_job_core_one_job"),
    ]

    operations = [
        migrations.AddField(
            model_name="storedfile",
            name="is_forgotten",
            field=models.BooleanField(default=False),
        ),
    ]
