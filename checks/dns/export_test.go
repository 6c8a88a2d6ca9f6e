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
