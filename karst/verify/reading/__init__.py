"""Reads a BMC into what `karst.verify.observed` has, by its own links from the service root; nothing is assumed."""
