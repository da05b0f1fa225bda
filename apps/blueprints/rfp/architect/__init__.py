"""The solution architect of tenders: components that answer the requirements, quality goals, and what nothing covers."""
