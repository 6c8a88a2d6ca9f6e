package wizard

import "testing"

func TestCompared(t *testing.T) {
	const want = "v=DKIM1; k=rsa; p=AAAABBBBCCCC"
	for published, says := range map[string]string{
		"v=DKIM1; k=rsa; p=AAAABBBB":         "the first 8 of its 12 characters are there, then it ends: 26 of the 30 characters of the whole value",
		"v=DKIM1; k=rsa; p=AAAADDDDCCCC":     "it differs from character 5 of the key",
		"v=DKIM1; k=rsa; p=AAAADDDDCCCCEEEE": "it differs from character 5 of the key, and has 16 characters in place of 12",
	} {
		if got := compared(want, []string{published}); got != says {
			t.Errorf("%s: %s", published, got)
		}
	}
}
