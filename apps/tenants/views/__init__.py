"""Pages: signing an organisation up on the platform's site, and an organisation's settings on its own."""
