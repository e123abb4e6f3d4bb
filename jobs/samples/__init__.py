"""Real data from a package registry, to fill a landing zone with."""
