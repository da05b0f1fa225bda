"""What pages and the API show: of automations, and workflows as pictures (`flows`)."""
