"""What a scenario may say: one frozen, strict model per subject."""
