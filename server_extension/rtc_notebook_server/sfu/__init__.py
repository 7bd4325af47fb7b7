"""The SFU: the interface the rooms speak to, the engine that comes with it, and a fake for tests."""
