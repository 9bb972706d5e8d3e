SELECT keelson.finish_abandoned_messages($1::int8 * interval '1 microsecond', 1000)
