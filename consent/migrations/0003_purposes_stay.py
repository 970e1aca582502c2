import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('consent', '0002_initial'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='purpose',
            trigger=pgtrigger.compiler.Trigger(name='purpose_is_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='6728d4a812991ba32622fccfe07b47595c8c894a', operation='DELETE', pgid='pgtrigger_purpose_is_never_deleted_d0456', table='consent_purpose', when='BEFORE')),
        ),
        migrations.AlterField(
            model_name='consent',
            name='confirming_event',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.consentevent'),
        ),
        migrations.AlterField(
            model_name='consent',
            name='subscriber',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='subscribers.subscriber'),
        ),
        migrations.AddIndex(
            model_name='consent',
            index=models.Index(condition=models.Q(('status', 'requested')), fields=['subscriber'], name='consent_waiting_for_answer'),
        ),
    ]
