"""What each publication changed: found by comparing manifests, told as a page, JSON and a feed."""
