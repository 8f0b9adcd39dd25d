"""ClaVis: many classifiers on any table, compared; batch jobs, plugins, tuning."""
