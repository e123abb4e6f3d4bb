"""What runs tell about themselves: event logs, cost."""
