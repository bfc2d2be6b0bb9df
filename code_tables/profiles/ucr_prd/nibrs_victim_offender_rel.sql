-- The production schema has no key of its own for the pair: the victim's, and the offender's number within the incident.
SELECT t.victim_id, t.offender_id, {nibrs_victim_offender_relationship.relationship_code} AS relationship_id,
       t.victim_id::bigint * 100 + o.sequence_number AS nibrs_victim_offender_id
FROM ucr_prd.nibrs_victim_offender_relationship t
LEFT JOIN ucr_prd.nibrs_offender o ON o.offender_id = t.offender_id
