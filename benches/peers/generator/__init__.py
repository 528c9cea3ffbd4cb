"""Makes the benchmark's exports: an invented tenant, its requests, and two export shapes."""
