"""From evidence to a bound policy: cases, dossiers, assessments, quotes, policies, endorsements."""
