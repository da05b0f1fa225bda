"""What can be done in conversations: `chats`, and what people say of answers, `feedback`. Those that others use are named here."""

from apps.conversations.services.chats import (
    answer_again,
    archive_conversation,
    held_by,
    look_at,
    rename_conversation,
    send_message,
    show_branch,
    start_conversation,
    stop_answer,
)

__all__ = [
    "answer_again",
    "archive_conversation",
    "held_by",
    "look_at",
    "rename_conversation",
    "send_message",
    "show_branch",
    "start_conversation",
    "stop_answer",
]
