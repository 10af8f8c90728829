"""What the coach knows: pure, without I/O, SDKs, a clock or randomness of its own."""
