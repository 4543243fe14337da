"""Stateful fakes of vendors' APIs: real HTTP servers with real images, jobs, faults and a bill."""
