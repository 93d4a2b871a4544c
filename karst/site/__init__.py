"""The site model: what people write in `sites/<site>/*.yml`, validated and normalised. See docs/site.md."""
