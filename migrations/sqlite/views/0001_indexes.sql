-- The second part of the views file, made when the rows are in.

CREATE UNIQUE INDEX premises_by_id ON premises (premises);
CREATE INDEX premises_by_parent ON premises (parent, address) WHERE parent IS NOT NULL;
CREATE INDEX premises_by_place ON premises (subdistrict, layer, address, number);
CREATE UNIQUE INDEX current_grades_by_id ON current_grades (premises);
CREATE INDEX current_grades_waiting ON current_grades (latest_determined_on) WHERE waiting_for IS NOT NULL;
CREATE INDEX current_grades_by_level ON current_grades (management_level, number);
CREATE INDEX grade_history_by_premises ON grade_history (number, position);
CREATE INDEX open_assessments_by_day ON open_assessments (opened_on);
CREATE INDEX ended_assessments_by_premises ON ended_assessments (number, ended_on);
CREATE INDEX patrol_schedule_by_due ON patrol_schedule (due);
CREATE INDEX open_hazards_by_department ON open_hazards (competent, stage, found_on);
CREATE INDEX closed_hazards_by_premises ON closed_hazards (number, hazard);
CREATE INDEX matters_at_hand_by_due ON matters_at_hand (sort_day, position) WHERE ended_position IS NULL;
CREATE INDEX matters_at_hand_by_end ON matters_at_hand (ended_position) WHERE ended_position IS NOT NULL;
CREATE INDEX matters_at_hand_by_tracking ON matters_at_hand (tracking) WHERE tracking IS NOT NULL;
CREATE INDEX matter_hands_by_account ON matter_hands (account) WHERE account IS NOT NULL;
CREATE INDEX matters_over_by_end ON matters_over (ended_position);
CREATE INDEX matters_over_by_premises ON matters_over (number, stream);
CREATE INDEX matters_over_by_tracking ON matters_over (tracking) WHERE tracking IS NOT NULL;
CREATE INDEX patrol_schedule_by_worker ON patrol_schedule (worker, due) WHERE worker IS NOT NULL;
CREATE INDEX account_keys_by_account ON account_keys (account);
CREATE INDEX undertakings_by_kind ON undertakings (kind, stage, due);
CREATE INDEX undertakings_by_premises ON undertakings (premises) WHERE premises IS NOT NULL;
CREATE INDEX search_terms_by_term ON search_terms (term, number);
CREATE INDEX search_codes_by_code ON search_codes (code, number);
CREATE INDEX search_codes_by_number ON search_codes (number);
