"""Documents a repository: a README, how its modules use each other, and a reference of what it defines."""
