SELECT COUNT(*) AS events FROM activity
