"""Steps that are fitted on training examples and applied to all: imputation, scaling, padding."""
