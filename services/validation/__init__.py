"""Looks at every generated frame before anybody relies on it."""
