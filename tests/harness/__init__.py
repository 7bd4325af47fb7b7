"""What the browser tests, the screenshots and the benchmarks stand on: a real JupyterLab, real browsers, real footage."""
