import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0006_references'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['error_code'], name='receipt_with_code'),
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='message',
            name='silence_on_leaving',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='silence_on_leaving', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state = 'submitting' AND OLD.state <> 'submitting' AND NEW.kind NOT IN ('stop_answer', 'help_answer'))", func="\n            IF EXISTS (\n    SELECT 1 FROM consent_suppression p\n    WHERE p.lifted_at IS NULL AND p.number_digest =\n        (SELECT s.number_digest FROM subscribers_subscriber s WHERE s.id = NEW.subscriber_id)\n    OFFSET 0\n) THEN\n                RAISE EXCEPTION 'message % goes to a suppressed number', NEW.id;\n            END IF;\n            RETURN NEW;\n        ", hash='7953460fe9bd5067aed720219a4609b1e1f3f15e', operation='UPDATE OF "state"', pgid='pgtrigger_silence_on_leaving_6a16b', table='messaging_message', when='BEFORE')),
        ),
    ]
