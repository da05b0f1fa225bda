from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "apps.conversations"

    def ready(self) -> None:
        from apps.conversations import remembering, replies

        replies.connect()
        remembering.connect()  # after it: the answer has to stand in its message
