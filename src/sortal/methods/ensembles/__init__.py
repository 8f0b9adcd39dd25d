"""Forests, boosting and XGBoost: classifiers of many trees."""
