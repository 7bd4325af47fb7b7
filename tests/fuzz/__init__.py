"""The signaling under made-up sequences of messages, held to a model; ``python -m fuzz`` (in tests/) for many."""
