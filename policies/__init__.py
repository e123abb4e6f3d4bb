"""The policy pack: what every stack must keep, judged in every preview and update."""
