package dns

// Waiting is how many callers wait for a question.
func (c *Cache) Waiting(q Question) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.at[key{q: q}]; f != nil {
		return f.waiters
	}
	return 0
}

// Kept is the number of answers that are kept.
func (s *Shared) Kept() (n int) {
	for i := range s.shards {
		s.shards[i].mu.Lock()
		n += len(s.shards[i].at)
		s.shards[i].mu.Unlock()
	}
	return n
}
