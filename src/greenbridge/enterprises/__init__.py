"""The subject: unified social credit code, real-name verification."""
