"""Trunkline: the OpenRouter API on your own machines. Importing this package does nothing else."""

__version__ = "0.1.0"
