"""The ports over collections of documents."""
