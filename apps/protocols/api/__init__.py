"""Addresses of the protocols that clients already speak."""

from django.urls import path

from apps.protocols.api import agent_to_agent, completions, embeddings, model_context

urlpatterns = [
    path(".well-known/agent-card.json", agent_to_agent.public_card, name="a2a-public-card"),
    path("a2a", agent_to_agent.a2a, name="a2a"),
    path("a2a/<str:name>", agent_to_agent.a2a, name="a2a-agent"),
    path("a2a/<str:name>/.well-known/agent-card.json", agent_to_agent.agent_card, name="a2a-card"),
    path("mcp", model_context.mcp, name="mcp"),
    path("v1/models", completions.models, name="openai-models"),
    path("v1/models/<str:name>", completions.model, name="openai-model"),
    path("v1/chat/completions", completions.chat_completions, name="openai-chat"),
    path("v1/embeddings", embeddings.embeddings, name="openai-embeddings"),
]
