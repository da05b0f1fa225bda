"""Chat completions as OpenAI's API has them, answered by agents: `shapes` of what is asked and answered, `asking` an agent."""
