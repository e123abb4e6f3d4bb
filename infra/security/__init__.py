"""Keys, roles and EMR's security configuration."""
