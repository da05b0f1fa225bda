"""What can be done with accounts: signing in for tokens, and members with their roles and invitations."""
