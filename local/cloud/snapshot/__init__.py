"""What a local AWS holds, on disk: taken whole at one instant, found whole after whatever happened."""
