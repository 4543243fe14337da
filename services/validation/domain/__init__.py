"""Pure checks on pixels: the frame as numbers, the scorers, the verdict."""
