"""Image providers: one Protocol (`base`), one tree of typed errors (`errors`), one module per vendor."""
