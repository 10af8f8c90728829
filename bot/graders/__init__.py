"""Graders: `embedded` works offline on the CPU, `llm` asks an OpenAI-compatible API."""
