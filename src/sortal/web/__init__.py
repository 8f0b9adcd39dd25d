"""Results of a store over HTTP: a versioned REST interface and small pages; heavy only when served."""
