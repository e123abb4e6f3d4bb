"""What makes a cluster larger and smaller by itself: managed scaling, and groups' own policies."""
