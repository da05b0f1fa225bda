"""What people do with the audit, the security events and the alerts."""
