"""Plans the first weeks of somebody new: tasks with days and who does them, and what the documents say of each."""
