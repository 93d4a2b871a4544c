"""Karst's Pulumi provider: typed resource classes for programs, and the plugin that the engine runs."""
