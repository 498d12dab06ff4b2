-- Working days that the city has published, a row a year under the city's own code; and what serves today's work: the open
-- duties by recommended day, the people of a coordinator by village.

SET lock_timeout = '5s';

CREATE TABLE work_calendar (
    township     text        NOT NULL   -- the city's code
  , year         integer     NOT NULL
  , days_off     date[]      NOT NULL
  , names        text[]      NOT NULL   -- of the days off, one each
  , makeup_days  date[]      NOT NULL
  , source       text        NOT NULL   -- number of the notice
  , published_at timestamptz NOT NULL
  , published_by text        NOT NULL
  , CONSTRAINT work_calendar_is_one_a_year PRIMARY KEY (township, year)
  , CONSTRAINT work_calendar_names_every_day_off CHECK (cardinality(days_off) = cardinality(names))
);
SELECT wall.fence('work_calendar', 'SELECT, INSERT, UPDATE');

-- Duties raised before anything was recommended are taken as recommended for their last day.
CREATE INDEX duty_open_by_recommended_day ON duty (township, COALESCE(recommended_on, due_on), person_id) WHERE state = 1;
CREATE INDEX subject_by_coordinator ON subject (township, COALESCE(serving, coordinator), village, person_id);
