"""What is known about the world, as dated data with its source. A leaf: everyone may import it."""
