from django.apps import AppConfig


class MailsConfig(AppConfig):
    name = "apps.mails"

    def ready(self) -> None:
        from apps.jobs.registry import register
        from apps.mails import handlers  # noqa: F401
        from apps.mails.sending import SEND, MailSender

        register(SEND, MailSender())
