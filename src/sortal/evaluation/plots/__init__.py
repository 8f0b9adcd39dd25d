"""Draw results: values come in, matplotlib Figures go out, nothing is computed here."""
