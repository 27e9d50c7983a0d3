"""Programs that show how the documented API is used. What may live here: whole, small programs."""
