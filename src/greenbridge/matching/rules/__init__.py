"""Pure rules of matching: the applicant, ranking, words."""
