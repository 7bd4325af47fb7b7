"""What the browser tests, screenshots and benchmarks stand on: a real JupyterLab, real browsers, footage."""
