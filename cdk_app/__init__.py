"""The ground floor of the application: settings, model catalogue, reusable constructs and checks."""
