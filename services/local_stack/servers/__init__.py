"""Embedded servers as child processes: a Kafka broker, an S3 object store and a MongoDB database by protocol."""
