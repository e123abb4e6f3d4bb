"""The catalog: databases of the zones that people ask, and the workgroup that they ask in."""
