"""Agents of an organisation for agents of others, over the Agent2Agent protocol: its tasks are runs, its contexts conversations.

`tasks` says what there is and does it; `telling` puts it into the protocol's messages; `handler` answers requests, called by the official SDK.
"""
