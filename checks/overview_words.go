package checks

// overviewWords are the texts of the overview of an audit.
type overviewWords struct{}

var overviewEnglish = overviewWords{}
