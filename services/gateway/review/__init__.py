"""What waits for a reviewer: as data, and as a page."""
