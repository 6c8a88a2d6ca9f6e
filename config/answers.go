package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Answers reads a file of answers: a YAML mapping of names to single values.
func Answers(path string) (map[string]string, error) {
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("config: %s cannot be read: %w", path, cause(err))
	}
	answers, err := parseAnswers(data)
	if err != nil {
		return nil, fmt.Errorf("config: %s: %w", path, err)
	}
	return answers, nil
}

func parseAnswers(data []byte) (map[string]string, error) {
	if len(data) > maxSize {
		return nil, fmt.Errorf("it has more than %d octets", maxSize)
	}
	doc, problems := decode(data)
	if len(problems) > 0 {
		return nil, fmt.Errorf("line %d: %s", problems[0].Line, problems[0].What)
	}
	answers := map[string]string{}
	if doc == nil || isNull(doc.Content[0]) {
		return answers, nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: it holds %s where names with values are expected", top.Line, kindOf(top))
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], follow(top.Content[i+1])
		switch {
		case value.Kind != yaml.ScalarNode:
			return nil, fmt.Errorf("line %d: %s holds %s where one value is expected", key.Line, key.Value, kindOf(value))
		case isNull(value):
			answers[key.Value] = ""
		case value.Tag == "!!bool":
			answers[key.Value] = map[bool]string{true: "yes", false: "no"}[switches[strings.ToLower(value.Value)]]
		default:
			answers[key.Value] = value.Value
		}
	}
	return answers, nil
}
