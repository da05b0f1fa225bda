"""Signals by which agents and runs tell higher apps what happens."""

from django.dispatch import Signal

run_settled = Signal()
"""Sent with `run` and `passages` inside the checkpoint that ends a run, whatever its final state."""

agent_changing = Signal()
"""Sent with `agent` before a published agent is changed in place, by other ways than its draft or a former version. A receiver may refuse by raising Conflict."""
draft_publishing = Signal()
"""Sent with `agent` and `draft` before the draft becomes the agent, or answers people in its place. A receiver may refuse by raising Conflict."""
version_kept = Signal()
"""Sent with `agent` when a published agent is another one than before, in the transaction of that."""
