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

// The bounds of what is asked in passing.
const (
	PerServer = perServer
	MaxVisits = maxVisits
)

// Visits is the number of servers that are kept in mind.
func (c *Client) Visits() int {
	c.visits.mu.Lock()
	defer c.visits.mu.Unlock()
	return len(c.visits.all)
}
