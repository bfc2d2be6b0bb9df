"""Zips and the manifests beside them."""
