"""Programs of banks that call the API: their keys, scopes and tokens (OAuth 2.0 client credentials)."""
