"""What is done to stacks: bring up, preview, take down, through the real engine."""
