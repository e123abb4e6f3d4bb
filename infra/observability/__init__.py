"""What watches the platform: topics, alarms."""
