"""A release that was asked for, and its job."""

import dinghai_platform.core.clock
import dinghai_platform.core.keys
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from dinghai_platform.core.database_guards import row_security


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_job_key_job_core_one_job'),
        ('pool', '0002_guards'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReleaseRequest',
            fields=[
                ('id', models.UUIDField(default=dinghai_platform.core.keys.new_key, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=dinghai_platform.core.clock.now, editable=False)),
                ('purpose', models.CharField(max_length=40, verbose_name='purpose')),
                ('method', models.CharField(max_length=12, verbose_name='method')),
                ('tables', models.JSONField()),
                ('epsilon_ppm', models.BigIntegerField(default=0)),
                ('delta_ppb', models.BigIntegerField(default=0)),
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.job')),
                ('release', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='request', to='pool.release')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.organisation')),
            ],
            options={
                'verbose_name': 'request of a release',
                'ordering': ('-id',),
                'abstract': False,
            },
        ),
        row_security("pool_releaserequest"),
    ]
