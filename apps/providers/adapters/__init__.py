"""One module for each wire protocol or built-in model; only apps.providers.registry imports them."""
