"""Pages of the audit (`trail`), of security events (`security`) and of alerts (`alerts`)."""
