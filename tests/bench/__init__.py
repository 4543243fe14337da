"""This pipeline beside a bare aiokafka chain, in one run on the same servers: `python -m tests.bench`.

(a) every service of the engine, with a provider that returns one image at once; (b) the same number of hops, payload
sizes, one database record and one stored image per shot, with aiokafka, motor and minio alone: no framework, no models,
no checks of the image, no thumbnails. Each runs in a process of its own, in turn; its processor time is its own, the
servers' is not counted.
"""
