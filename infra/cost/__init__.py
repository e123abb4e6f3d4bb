"""What a stack may cost a month, from its settings and dated list prices alone: nothing here asks AWS."""
