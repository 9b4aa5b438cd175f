"""What people and banks are told: inbox, e-mail, text messages, webhooks, all fed by the outbox."""
