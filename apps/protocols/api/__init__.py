"""Addresses of the protocols that clients already speak."""

from django.urls import path

from apps.protocols.api import completions, embeddings, model_context

urlpatterns = [
    path("mcp", model_context.mcp, name="mcp"),
    path("v1/models", completions.models, name="openai-models"),
    path("v1/models/<str:name>", completions.model, name="openai-model"),
    path("v1/chat/completions", completions.chat_completions, name="openai-chat"),
    path("v1/embeddings", embeddings.embeddings, name="openai-embeddings"),
]
