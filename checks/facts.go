package checks

// Facts are the parsed records behind the findings; nil where not looked at.
type Facts struct{}
