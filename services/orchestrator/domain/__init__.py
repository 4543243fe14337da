"""The pure part: catalogue, router, request plans, run state and decisions. Values in, values out."""
