"""The ports over collections of documents, and the templates' file."""
