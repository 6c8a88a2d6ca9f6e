package config

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"clockwise.info/cwmail/transports"
)

// smtpBlock is an smtp mapping as written, before defaults.
type smtpBlock struct {
	node    *yaml.Node
	server  transports.Server
	secrets []*yaml.Node
	names   []string
	bad     bool // host, port, security or auth is there, but wrong
}

func (r *reader) smtp(n *yaml.Node) *smtpBlock {
	b := &smtpBlock{node: n}
	before := len(r.problems)
	s := &b.server
	r.mapping(n, "smtp.", "smtp: {host: mail.acme.example, port: 587, security: starttls}", []field{
		{"host", r.value(&s.Host, "smtp.host", parseHost)},
		{"port", func(n *yaml.Node) { r.port(n, &s.Port) }},
		{"security", r.value(&s.Security, "smtp.security", parseSecurity)},
		{"auth", r.value(&s.Auth, "smtp.auth", parseAuth)},
		{"username", r.value(&s.Username, "smtp.username", asIs)},
		{"password", r.secret(b, transports.ClearSecret)},
		{"password_command", r.secret(b, transports.CommandSecret)},
		{"password_env", r.secret(b, transports.EnvSecret)},
		{"password_keyring", r.secret(b, transports.KeyringSecret)},
	})
	b.bad = len(r.problems) > before
	return b
}

func (r *reader) port(n *yaml.Node, into *int) {
	s, ok := r.text(n, "smtp.port")
	if !ok || s == "" {
		return
	}
	p, err := strconv.Atoi(s)
	if err != nil || p < 1 || p > 65535 {
		r.problem(n, fmt.Sprintf("smtp.port: %q is no port", s), "write port: 25, 465 or 587, as the manager of the server says")
		return
	}
	*into = p
}

// secret reads one of the four ways to name a password. Nothing it says
// repeats the value.
func (r *reader) secret(b *smtpBlock, kind transports.SecretKind) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if isNull(n) || n.Kind == yaml.ScalarNode && n.Value == "" {
			return
		}
		if n.Kind != yaml.ScalarNode {
			r.problem(n, "smtp."+string(kind)+" holds "+kindOf(n)+" where one value is expected", "write it as text in quotation marks")
			return
		}
		b.secrets, b.names = append(b.secrets, n), append(b.names, string(kind))
		if kind == transports.ClearSecret {
			b.server.Password = transports.NewClearSecret(n.Value)
			return
		}
		if strings.IndexFunc(n.Value, isControl) >= 0 {
			r.problem(n, "smtp."+string(kind)+" holds a line break or another control character", "write it on one line")
			return
		}
		if kind == transports.EnvSecret && !isVariable(n.Value) {
			r.problem(n, "smtp.password_env is no name of an environment variable", "write only the name: password_env: SMTP_PASSWORD")
			return
		}
		b.server.Password = transports.Secret{Kind: kind, Ref: n.Value}
	}
}

func isVariable(s string) bool {
	digit := s != "" && s[0] >= '0' && s[0] <= '9'
	return !digit && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// server fills in what does not stand there, and judges the whole.
func (r *reader) server(b *smtpBlock) transports.Server {
	s := b.server
	if len(b.secrets) > 1 {
		r.problem(b.secrets[1], "two passwords: "+strings.Join(b.names, " and "), "keep one of them")
	}
	if s.Host == "" && !b.bad {
		r.problem(b.node, "smtp has no host", "add host: mail.acme.example")
	}
	if s.Auth == "" {
		s.Auth = "none"
		if s.Username != "" || s.Password.Kind != transports.NoSecret {
			s.Auth = "plain"
		}
	}
	if s.Auth != "none" && s.Username == "" && !b.bad {
		r.problem(b.node, "smtp.auth is "+s.Auth+", but there is no username", "add username: the account to log in with; or write auth: none")
	}
	if s.Security == "" {
		s.Security = "starttls"
		if s.Port == 465 {
			s.Security = "tls"
		}
	}
	if s.Port == 0 {
		s.Port = defaultPort(s)
	}
	return s
}

// defaultPort is 465 for TLS from the start (RFC 8314 section 3.3), 587 for a
// login (RFC 6409), 25 between servers.
func defaultPort(s transports.Server) int {
	switch {
	case s.Security == "tls":
		return 465
	case s.Auth != "none":
		return 587
	}
	return 25
}
