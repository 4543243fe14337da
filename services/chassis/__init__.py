"""Shared plumbing of every service: consuming, publishing, retrying, dead letters, health, stores. Knows no film word."""
