"""The accounts that the rows of a job are for: the client's own, and children of it that rows name by `account_id`."""
