"""Messages on their way are sealed anew when master keys rotate."""

from apps.core import credentials
from apps.mails.models import FIELD, OutgoingMail


@credentials.on_rotation
def reseal_mails() -> int:
    return credentials.reseal_column(OutgoingMail.objects, column="sealed_content", field=FIELD)
