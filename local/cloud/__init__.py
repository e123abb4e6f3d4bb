"""The AWS APIs of this machine: moto's server, an EMR whose clusters live, and the clock they live by."""
