"""One folder for each kind of provider, which declares it as KIND; `wires` speak the protocols that they share."""
