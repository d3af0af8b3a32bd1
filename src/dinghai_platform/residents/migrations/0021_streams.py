"""Lists of residents that arrive in parts."""

import dinghai_platform.core.clock
import dinghai_platform.core.keys
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from dinghai_platform.core.database_guards import row_security


class Migration(migrations.Migration):

    dependencies = [
        ("core", "0004_forgotten_files"),
        ("residents", "0020_by_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ListStream",
            fields=[
                ("id", models.UUIDField(default=dinghai_platform.core.keys.new_key, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=dinghai_platform.core.clock.now, editable=False)),
                ("name", models.CharField(max_length=150, verbose_name="name")),
                ("parts", models.PositiveIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("accepted", models.BigIntegerField(default=0)),
                ("created_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("enrolment", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="residents.enrolment")),
                ("scheme", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="streams", to="residents.residentscheme")),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.organisation")),
            ],
            options={
                "verbose_name": "stream of residents",
                "ordering": ("-id",),
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ListPart",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("rows", models.PositiveIntegerField()),
                ("accepted", models.PositiveIntegerField()),
                ("faults", models.JSONField(default=list)),
                ("size", models.PositiveIntegerField()),
                ("lines", models.BinaryField()),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.organisation")),
                ("stream", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="residents.liststream")),
            ],
            options={
                "ordering": ("number",),
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="liststream",
            constraint=models.UniqueConstraint(fields=("scheme", "name"), name="residents_stream_once"),
        ),
        migrations.AddConstraint(
            model_name="listpart",
            constraint=models.UniqueConstraint(fields=("stream", "number"), name="residents_stream_part_once"),
        ),
        row_security("residents_liststream"),
        row_security("residents_listpart"),
    ]
