"""Settles the cast of every planned shot: who is seen, in which costume, held to which references, with which seed."""
