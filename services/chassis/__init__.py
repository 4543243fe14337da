"""Shared plumbing of every service: consuming, publishing, retrying, dead letters, health, stores. No film word."""
