-- How long users noticed is what the event of the end says, no longer the time from the switch to the end.
ALTER TABLE "transaction" ADD COLUMN locked_ms INTEGER NOT NULL DEFAULT 0;
UPDATE "transaction" SET locked_ms = ended_ms - switching_ms
  WHERE ended_ms IS NOT NULL AND switching_ms IS NOT NULL;
ALTER TABLE "transaction" DROP COLUMN switching_ms;
